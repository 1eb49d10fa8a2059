namespace Iql.Scripts

open Iql.Algorithms
open Iql.Data

/// Everything that decides a run's numbers.
type Trial = {
    /// What it learns from.
    Data: DataSource
    Algorithm: Algorithm
    /// The preset that the algorithm's numbers started from, in words.
    Preset: string option
    /// What is done to rewards before training; None: what the problem does.
    Rewards: RewardRule option
    /// Whether observations are standardised before training; None: what the problem does.
    NormalizeObservations: bool option
    Seed: int
    /// Training steps.
    Steps: int
    /// Steps from one evaluation, and checkpoint, to the next.
    EvaluateEvery: int
    /// Episodes an evaluation.
    Episodes: int
}

/// The trial that everything else is a change of.
[<RequireQualifiedAccess>]
module Trial =

    /// The paper's locomotion setting, a million steps on two layers of 256, with an evaluation every 50,000.
    let standard: Trial = {
        Data = DataSource.standard
        Algorithm = Algorithm.ImplicitQLearning ImplicitConfig.standard
        Preset = None
        Rewards = None
        NormalizeObservations = None
        Seed = 0
        Steps = 1_000_000
        EvaluateEvery = 50_000
        Episodes = 20
    }

    /// The entry of the trial's algorithm.
    let entry (trial: Trial) : AlgorithmEntry<Algorithm> = Algorithm.entry trial.Algorithm

    /// The algorithm as it is trained on actions of this space: schedules end with the run, heads fit the actions. An algorithm that has
    /// none for them is refused.
    let configured (actions: Iql.ActionSpace) (trial: Trial) : Algorithm =
        let entry = entry trial

        match entry.ForActions actions.Kind (entry.ForSteps trial.Steps trial.Algorithm) with
        | Ok algorithm -> algorithm
        | Error expected ->
            let others = String.concat ", " Algorithm.discrete

            raise (
                Refusal
                    $"{entry.Name}: expected {expected}, got data of {actions}. Algorithms that learn of these: {others}."
            )

    /// The learner of trials that are trained together: a member each, on data with so many observations and these actions.
    let learner (observations: int) (actions: Iql.ActionSpace) (trials: Trial list) : Learner =
        (entry (List.head trials)).Learner [ for trial in trials -> configured actions trial ] observations actions.Size

    /// A trial of implicit Q-learning with another configuration.
    let implicit (change: ImplicitQLearningConfig -> ImplicitQLearningConfig) (trial: Trial) : Trial =
        match trial.Algorithm with
        | Algorithm.ImplicitQLearning implicit -> {
            trial with
                Algorithm =
                    Algorithm.ImplicitQLearning {
                        implicit with
                            Config = change implicit.Config
                    }
          }
        | other ->
            raise (System.ArgumentException $"trial: expected one of implicit Q-learning, got {Algorithm.name other}.")
