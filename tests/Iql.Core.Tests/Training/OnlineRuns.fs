/// Runs that go on online in the task of TinyRuns, and what their folders have.
module Iql.Core.Tests.Training.OnlineRuns

open System
open System.IO
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Environments
open Iql.Training
open Iql.Training.Online
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

/// A run's 30 offline steps and 40 decisions, with other settings.
type How =
    static member Of
        (
            ?offline: int64,
            ?online: int64,
            ?updates: float,
            ?after: int64,
            ?turns: Turns,
            ?share: float,
            ?capacity: int64,
            ?rows: int64,
            ?acting: ActingChoice,
            ?noise: float,
            ?clip: float,
            ?random: int64,
            ?schedule: OnlineSchedule,
            ?lag: int,
            ?reset: bool,
            ?calibration: OnlineCalibration
        ) : FineTuning =
        FineTuning(
            OfflineSteps = defaultArg offline 30L,
            OnlineSteps = defaultArg online 40L,
            UpdatesPerStep = defaultArg updates 1.0,
            FirstUpdateAfter = defaultArg after 0L,
            Turns = defaultArg turns Turns.Steps,
            DataShare = Option.toNullable share,
            Capacity = Option.toNullable capacity,
            DataRows = Option.toNullable rows,
            Acting = defaultArg acting ActingChoice.Sampled,
            ActingNoise = defaultArg noise 0.0,
            RandomSteps = defaultArg random 0L,
            Schedule = defaultArg schedule OnlineSchedule.Constant,
            ActingLag = defaultArg lag 0,
            ActingNoiseClip = Option.toNullable clip,
            ResetOptimizers = defaultArg reset false,
            Calibration = defaultArg calibration OnlineCalibration.Kept
        )

let algorithm: ImplicitQLearningConfig =
    ImplicitQLearningConfig(
        HiddenSizes = Widths [ 8; 8 ],
        BatchSize = 16,
        PolicySchedule = Iql.Optimizers.LearningRateSchedule.Constant
    )

/// The same with a policy that stands still.
let still = algorithm.With("policyLearningRate", 0.0)

let learnerOf (algorithm: ImplicitQLearningConfig) =
    ImplicitQLearning.Learner([ algorithm ], observationSize, actionSize)

/// A line a step, a checkpoint every 12 steps, an evaluation every 20.
let configOf (algorithm: ImplicitQLearningConfig) (how: FineTuning) : RunConfig =
    TinyRuns.config.With(
        algorithm = "iql",
        steps = how.Steps,
        batchSize = 16,
        logEvery = 1L,
        checkpointEvery = 12L,
        evaluateEvery = 20L,
        hyperparameters = algorithm.ToJson(),
        fineTuning = how
    )

let planWith (data: IDataset) (environment: IEnvironment) threads learner =
    TrainingPlan(
        Learner = learner,
        Transitions = data,
        Environment = environment,
        Reference = reference,
        Threads = threads
    )

/// The line with a sparse reward: 0 where an episode ends above 1, else −1.
type Goal() =
    let line = Line() :> IEnvironment

    interface IEnvironment with
        member _.Name = "line"
        member _.ObservationSize = line.ObservationSize
        member _.ActionSpace = line.ActionSpace
        member _.StateSize = line.StateSize
        member _.TimeLimit = line.TimeLimit
        member _.Reset(seed, state, observation) = line.Reset(seed, state, observation)

        member _.Step(state, action, observation) =
            let result = line.Step(state, action, observation)
            StepResult((if result.Terminal then 0f else -1f), result.Terminal)

/// Who learns from what: an algorithm, its data and its task.
type Trainee = { Own: IAlgorithmConfig; Learner: Learner; Data: Transitions; Task: IEnvironment }

let iql: Trainee = { Own = algorithm; Learner = learnerOf algorithm; Data = transitions; Task = Line() }

/// Cal-QL on sparse rewards: episodes 0 and 1 of the data reach the goal, 2 and 3 fail.
let calibrated: Trainee =
    let own =
        ConservativeQLearningConfig(
            HiddenSizes = Widths [ 8; 8 ],
            BatchSize = 16,
            Discount = 0.9,
            Calibration = Calibration.SparseReturns
        )

    {
        Own = own
        Learner = ConservativeQLearning.Learner(own, observationSize, actionSize)
        Data = transitions.With(rewards = [| for row in 0..63 -> if row = 15 || row = 31 then 0f else -1f |])
        Task = Goal()
    }

/// A policy of another kind on the data and the line of IQL.
let trainee name (own: IAlgorithmConfig) : Trainee = {
    iql with
        Own = own
        Learner = (Algorithm.Find name).Learner.Invoke([ own ], observationSize, actionSize)
}

let planFor (trainee: Trainee) threads = planWith trainee.Data trainee.Task threads trainee.Learner

let configFor (trainee: Trainee) how =
    (configOf algorithm how).With(algorithm = trainee.Learner.Algorithm, hyperparameters = trainee.Own.ToJson())

/// Trains until a step, null to the end.
let trainTo (stop: Nullable<int64>) (plan: TrainingPlan) (run: TrainingRun) : TrainingOutcome =
    use stopping = new CancellationTokenSource()

    let watch (progress: TrainingProgress) =
        if stop.HasValue && progress.Step >= stop.Value then
            stopping.Cancel()

    TrainingLoop.Run(plan, [| run |], watch, stopping.Token)[0]

let toEnd = Nullable<int64>()

let train folder name algorithm how =
    let outcome =
        trainTo toEnd (planWith transitions (Line()) 1 (learnerOf algorithm)) (run folder name (configOf algorithm how))

    outcome.Run.Folder

/// A row that acting added.
type Row = {
    Observation: float32[]
    Action: float32[]
    Reward: float32
    Terminal: bool
    Timeout: bool
    Next: float32[]
    /// Its return to go; 0 where rows have none.
    Return: float32
}

/// The rows in the files of a run that has not ended, of some sizes of observations and actions.
let rowsOfSizes (s, a) (folder: RunFolder) : Row list = [
    for path in Directory.GetFiles(folder.Path, "online-*.safetensors") |> Array.sort do
        let tensor = (SafeTensors.Read path).Tensors[0]
        let width = tensor.Shape[1]

        for row in 0 .. tensor.Shape[0] - 1 do
            let numbers = tensor.Values.Slice(row * width, width).ToArray()

            {
                Observation = numbers[.. s - 1]
                Action = numbers[s .. s + a - 1]
                Reward = numbers[s + a]
                Terminal = numbers[s + a + 1] = 1f
                Timeout = numbers[s + a + 2] = 1f
                Next = numbers[s + a + 3 .. 2 * s + a + 2]
                Return = Array.tryItem (2 * s + a + 3) numbers |> Option.defaultValue 0f
            }
]

let rowsOf: RunFolder -> Row list = rowsOfSizes (observationSize, actionSize)

/// Rows with their returns to go, γ = 0.9: a failed episode counts −1 for ever.
let returned (rows: Row list) : Row list =
    let count (episode: Row list) =
        let last = List.last episode
        let failed = not last.Terminal && episode |> List.forall (fun row -> row.Reward = -1f)

        (episode, (if failed then -1.0 / (1.0 - 0.9) else 0.0))
        ||> List.mapFoldBack (fun row after ->
            let own = float row.Reward + 0.9 * after
            { row with Return = float32 own }, own)
        |> fst

    let rec split (rows: Row list) =
        match List.tryFindIndex (fun row -> row.Terminal || row.Timeout) rows with
        | Some last -> List.take (last + 1) rows :: split (List.skip (last + 1) rows)
        | None when rows.IsEmpty -> []
        | None -> [ rows ]

    List.collect count (split rows)

let actingLines (folder: RunFolder) =
    MetricsFile.Read folder.MetricsPath
    |> Seq.choose (function
        | :? ActingLine as line -> Some line
        | _ -> None)
    |> List.ofSeq

let trainLines (folder: RunFolder) =
    MetricsFile.Read folder.MetricsPath
    |> Seq.choose (function
        | :? TrainLine as line -> Some line
        | _ -> None)
    |> List.ofSeq

let evaluationLines (folder: RunFolder) =
    MetricsFile.Read folder.MetricsPath
    |> Seq.choose (function
        | :? EvaluationLine as line -> Some line
        | _ -> None)
    |> List.ofSeq
