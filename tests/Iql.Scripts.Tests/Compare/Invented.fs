/// Invented results of sweeps.
module Iql.Scripts.Tests.Invented

open System
open System.Collections.Generic
open System.Collections.Immutable
open Iql.Scripts
open Iql.Training
open Iql.Training.Online

/// A run by its labels; each score is that of an evaluation.
let run (labels: (string * string) list) (data: DatasetInfo) (ended: RunStatus) (scores: float list) : Run =
    let value axis = labels |> List.tryFind (fun (name, _) -> name = axis) |> Option.map snd

    let steps = int64 (100 * scores.Length)

    Run(
        Name = String.concat "," [ for axis, value in labels -> $"{axis}={value}" ],
        Labels = OrderedDictionary [ for axis, value in labels -> KeyValuePair(axis, value) ],
        Config =
            RunConfig(
                Algorithm = "learner",
                Task = Option.toObj (value "task"),
                Dataset = data,
                Seed = uint64 (defaultArg (value "seed") "0"),
                Steps = max 1L steps,
                EvaluationEpisodes = 20,
                Hyperparameters = RunJson.Element {| |}
            ),
        Train = ImmutableArray.Empty,
        Weights = ImmutableArray.Empty,
        Evaluations =
            ImmutableArray.CreateRange [
                for i, score in List.indexed scores ->
                    EvaluationLine(
                        Step = int64 (100 * (i + 1)),
                        Seconds = 1.0,
                        ReturnMean = 10.0 * score,
                        ReturnStd = 0.0,
                        ScoreMean = (if Double.IsNaN score then Nullable() else Nullable score),
                        Returns = ImmutableArray.Create(10.0 * score, 10.0 * score),
                        Lengths = ImmutableArray.Create(1, 1),
                        Successes = ImmutableArray.Create(0, 0),
                        SuccessRate = 0.0
                    )
            ],
        Result =
            match ended with
            | RunStatus.Unfinished -> null
            | ended ->
                RunResult(
                    Status = ended,
                    Steps = steps,
                    Seconds = 1.5,
                    StepsPerSecond = 100.0,
                    Failure =
                        (if ended = RunStatus.Diverged then
                             RunFailure(steps, "criticLoss", "NaN", "criticLoss is NaN")
                         else
                             null)
                )
    )

/// The data of a task, from a file of this name or "generated".
let data (task: string) (source: string) (origin: DataOrigin option) : DatasetInfo =
    DatasetInfo(task, source, 998_000L, 1000L, "0123", Option.toObj origin)

/// What came out: a task's data and, for each algorithm, how each seed ended, and with which scores.
type Task = string * DatasetInfo * (string * (RunStatus * float list) list) list

/// Results of runs; their labels are the axes.
let ofRuns (last: int) (runs: Run list) : SweepResults =
    let axis name = SweepAxis(name, ImmutableArray.CreateRange(runs |> List.map (Run.valueOf name) |> List.distinct))

    {
        Plan =
            SweepPlan(
                Name = "invented",
                Last = last,
                Axes = ImmutableArray.CreateRange(runs |> Seq.collect _.Labels.Keys |> Seq.distinct |> Seq.map axis),
                Runs = ImmutableArray.CreateRange [ for run in runs -> PlannedRun(run.Name, run.Labels) ]
            )
        Runs = runs
        Missing = []
        Damaged = []
    }

/// Results of such tasks; a run's score is the mean of its last evaluations.
let resultsOf (last: int) (tasks: Task list) : SweepResults =
    ofRuns last [
        for task, data, columns in tasks do
            for algorithm, seeds in columns do
                for seed, (ended, scores) in List.indexed seeds ->
                    run [ "task", task; "algorithm", algorithm; "seed", string<int> seed ] data ended scores
    ]

/// The same of finished runs: tasks with their data's source and, for each algorithm, the scores of each seed.
let results (last: int) (tasks: (string * string * (string * float list list) list) list) : SweepResults =
    resultsOf last [
        for task, source, columns in tasks ->
            task,
            data task source None,
            [
                for algorithm, seeds in columns -> algorithm, [ for scores in seeds -> RunStatus.Finished, scores ]
            ]
    ]

/// A finished run that went on online, with scores by step and acting episodes: decisions at their ends, success.
let goneOnline labels data (online: FineTuning) (scores: (int * float) list) (episodes: (int * bool) list) : Run =
    let offline = run labels data RunStatus.Finished [ 0.0 ]

    let config = offline.Config

    Run(
        Name = offline.Name,
        Labels = offline.Labels,
        Config =
            RunConfig(
                Algorithm = "iql",
                Task = config.Task,
                Dataset = data,
                Seed = config.Seed,
                Steps = online.Steps,
                EvaluationEpisodes = 20,
                FineTuning = online,
                Hyperparameters = config.Hyperparameters
            ),
        Train = offline.Train,
        Weights = offline.Weights,
        Evaluations =
            ImmutableArray.CreateRange [
                for step, score in scores ->
                    EvaluationLine(
                        Step = int64 step,
                        Seconds = 1.0,
                        ReturnMean = 10.0 * score,
                        ReturnStd = 0.0,
                        ScoreMean = score,
                        Returns = ImmutableArray.Create(10.0 * score),
                        Lengths = ImmutableArray.Create 1,
                        Successes = ImmutableArray.Create(if score > 50.0 then 1 else 0),
                        SuccessRate = score / 100.0
                    )
            ],
        Result = offline.Result,
        Acting =
            ImmutableArray.CreateRange [
                for at, success in episodes ->
                    ActingLine(
                        Step = online.OfflineSteps + int64 at,
                        Seconds = 1.0,
                        EnvironmentSteps = int64 at,
                        Return = (if success then 1.0 else 0.0),
                        Length = 10,
                        Terminal = success,
                        Success = (if success then 1 else 0),
                        DataRows = data.Transitions,
                        OnlineRows = int64 at,
                        StepsPerSecond = 1000.0
                    )
            ]
    )

/// Two tasks, two algorithms and two seeds that go on online: from 20 to 60 with IQL, from 50 to 40 with AWAC, each
/// seed a little apart.
let online (how: FineTuning) : SweepResults =
    let before, after = int how.OfflineSteps, int how.Updates

    ofRuns 1 [
        for task in [ "antmaze-umaze-v2"; "pointmaze-umaze-v0" ] do
            for algorithm, start, rise in [ "iql", 20.0, 40.0; "awac", 50.0, -10.0 ] do
                for seed in 0..1 ->
                    goneOnline
                        [ "task", task; "algorithm", algorithm; "seed", string<int> seed ]
                        (data task "generated" None)
                        how [
                            0, 0.0
                            before, start + float seed
                            for i in 1..10 do
                                before + after * i / 10, start + float seed + rise * float i / 10.0
                        ] [ for i in 1..20 -> int how.OnlineSteps * i / 20, i % 4 < 2 ]
    ]

/// Two tasks of D4RL, the first learned from a file of this name and origin, or from data "generated" here.
let locomotionOf (source: string) (origin: DataOrigin option) : SweepResults =
    let finished scores = [ for score in scores -> RunStatus.Finished, [ score ] ]

    resultsOf 1 [
        "hopper-medium-v2",
        data "hopper-medium-v2" source origin,
        [ "iql", finished [ 60.0; 70.0 ]; "cql", finished [ 50.0; 52.0 ] ]
        "walker2d-medium-v2",
        data "walker2d-medium-v2" "walker2d_medium-v2.hdf5" None,
        [ "iql", finished [ 78.0; 79.0 ]; "cql", finished [ 72.0; 73.0 ] ]
    ]

let locomotion (source: string) : SweepResults = locomotionOf source None
