namespace Iql.Scripts

open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Optimizers
open Iql.Training.Online

/// Everything that decides a run's numbers.
[<StructuredFormatDisplay("{Line}")>]
type Trial = {
    /// What it learns from.
    Data: DataSource
    /// What is trained, with its hyperparameters.
    Config: IAlgorithmConfig
    /// The preset that the algorithm's numbers started from, in words.
    Preset: string option
    /// The protocol that the two phases started from, in words.
    Protocol: string option
    /// What is done to rewards before training; None: what the task does.
    Rewards: RewardRule option
    /// Whether observations are standardised before training; None: what the task does, and for one's own data yes.
    NormalizeObservations: bool option
    /// How actions are scaled to ±1 before training, and back when a policy acts; None: where own data lie outside.
    ActionScaling: ActionScaling option
    Seed: int
    /// Training steps; of a trial that goes on online, those of both phases.
    Steps: int
    /// How it goes on online; None is offline only.
    Online: FineTuning option
    /// Steps from one evaluation, and checkpoint, to the next.
    EvaluateEvery: int
    /// Episodes an evaluation.
    Episodes: int
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        $"Trial: {Algorithm.Of(own.Config).Name} on {DataSource.name own.Data}, seed {own.Seed}, {own.Steps} steps"

    override own.ToString() = own.Line

/// The trial that everything else is a change of.
[<RequireQualifiedAccess>]
module Trial =

    /// The paper's locomotion setting, a million steps on two layers of 256, with an evaluation every 50,000.
    let standard: Trial = {
        Data = DataSource.standard
        Config = ImplicitQLearningConfig()
        Preset = None
        Protocol = None
        Rewards = None
        NormalizeObservations = None
        ActionScaling = None
        Seed = 0
        Steps = 1_000_000
        Online = None
        EvaluateEvery = 50_000
        Episodes = 20
    }

    /// The algorithm of the trial's config.
    let algorithm (trial: Trial) : Algorithm = Algorithm.Of trial.Config

    /// The trial with these two phases. Evaluations at each tenth of its steps stay there.
    let withOnline (online: FineTuning) (trial: Trial) : Trial =
        let tenth (steps: int) = max 1 (steps / 10)
        let steps = int (min online.Steps (int64 System.Int32.MaxValue))

        {
            trial with
                Online = Some online
                Steps = steps
                EvaluateEvery = if trial.EvaluateEvery = tenth trial.Steps then tenth steps else trial.EvaluateEvery
        }

    /// The trial with so many steps, before the switch where it goes on online.
    let withSteps (steps: int) (trial: Trial) : Trial =
        match trial.Online with
        | Some online -> trial |> withOnline (online.With("OfflineSteps", int64 steps))
        | None -> { trial with Steps = steps }

    /// The trial, going on online after its steps.
    let goingOnline (online: FineTuning) (trial: Trial) : Trial =
        { trial with Online = Some online } |> withSteps trial.Steps

    /// The trial with the same learning rate of its policy at every step.
    let atConstantRate (trial: Trial) : Trial =
        match trial.Config.Find "policySchedule" with
        | null -> trial
        | schedule -> { trial with Config = schedule.Set(trial.Config, LearningRateSchedule.Constant) }

    /// The config as it is trained on actions of this space: schedules end with the run, heads fit the actions. An
    /// algorithm that has none for them is an Error.
    let configured (actions: ActionSpace) (trial: Trial) : Result<IAlgorithmConfig, string> =
        let algorithm = algorithm trial

        let config =
            match trial.Online with
            | Some online -> trial.Config.ForSteps(max 1 (int online.OfflineSteps))
            | None -> trial.Config.ForSteps trial.Steps

        if algorithm.TakesDiscreteActions then
            Attempt.run (fun () -> config.With("actions", actions.Kind).Validate())
        elif actions.IsDiscrete then
            let others =
                [
                    for each in Algorithm.All do
                        if each.TakesDiscreteActions then
                            each.Name
                ]
                |> String.concat ", "

            Error
                $"{algorithm.Name}: expected continuous actions, got data of {actions}. Algorithms for these actions: \
                  {others}."
        else
            Attempt.run config.Validate

    /// The learner of trials that are trained together: a member each, on data with so many observations and these
    /// actions.
    let learner (observations: int) (actions: ActionSpace) (trials: Trial list) : Result<Learner, string> =
        trials
        |> Attempt.each (configured actions)
        |> Result.bind (fun configs ->
            let make (configs: IAlgorithmConfig list) =
                Attempt.run (fun () -> (algorithm trials.Head).Learner.Invoke(configs, observations, actions.Size))

            make configs |> Result.mapError (Oversize.named make (algorithm trials.Head) configs))
