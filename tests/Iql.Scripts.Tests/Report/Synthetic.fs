/// Invented run folders with the shape of real ones, small enough for tests and plausible enough to look at.
module Iql.Scripts.Tests.Synthetic

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open Iql
open Iql.Data
open Iql.Scripts
open Iql.Training

/// How the invented sweep looks.
type Plan = {
    Name: string
    Task: string option
    Expectiles: float list
    InverseTemperatures: float list
    Seeds: int list
    Steps: int
    /// Names of runs that diverge, and of runs that stop halfway without a result.
    Diverged: string list
    Stopped: string list
    /// Runs of the plan without a folder.
    Missing: string list
}

let plan: Plan = {
    Name = "pointmaze-umaze, expectile by inverse temperature"
    Task = Some "pointmaze-umaze-stitch-v0"
    Expectiles = [ 0.5; 0.7; 0.9 ]
    InverseTemperatures = [ 0.0; 1.0; 3.0; 10.0 ]
    Seeds = [ 0; 1; 2 ]
    Steps = 20000
    Diverged = []
    Stopped = []
    Missing = []
}

let runName (expectile: float) (beta: float) (seed: int) =
    $"expectile={string<float> expectile},inverseTemperature={string<float> beta},seed={seed}"

/// A new folder under the temporary one; the caller removes it.
let temporary () : string =
    let path = Path.Combine(Path.GetTempPath(), $"iql-report-{Guid.NewGuid():n}")
    Directory.CreateDirectory path |> ignore
    path

let private config (plan: Plan) expectile beta seed =
    RunConfig(
        Algorithm = "iql",
        Task = Option.toObj plan.Task,
        Dataset = DatasetInfo("pointmaze-umaze-stitch-v0", "generated", 50000L, 640L, "9f3c1a77e2b04d58"),
        Seed = uint64<int> seed,
        Steps = plan.Steps,
        EvaluateEvery = int64 plan.Steps / 10L,
        EvaluationEpisodes = (if plan.Task.IsSome then 20 else 0),
        LogEvery = int64 plan.Steps / 40L,
        CheckpointEvery = 5000L,
        Hyperparameters =
            RunJson.Element {|
                expectile = expectile
                inverseTemperature = beta
                discount = 0.99
                hiddenSizes = "256x256"
                objective = "iql"
            |},
        Normalization = Normalization.Custom(1.0, -1.0),
        Machine = Machine("Example Processor 9000", 2, 512, "Debian 12", ".NET 10.0"),
        Version = "0.1.0",
        Commit = "0123456"
    )

let private quality expectile beta =
    30.0 + 90.0 * (expectile - 0.5) + 22.0 * (1.0 - exp (-beta / 2.0))
    - (if beta > 5.0 then 6.0 else 0.0)

let private writeRun (plan: Plan) (folder: string) expectile beta seed =
    let name = runName expectile beta seed
    let run = SweepPlan.RunFolder(folder, name)
    let noise = Seed.Named(name)
    let shared = Seed.Named($"value {expectile} {seed}")
    run.Create(config plan expectile beta seed) |> ignore
    let diverged = List.contains name plan.Diverged
    let stopped = List.contains name plan.Stopped
    let last = if diverged || stopped then plan.Steps / 2 else plan.Steps

    let level = quality expectile beta + 4.0 * shared.Normal 0UL + 3.0 * noise.Normal 1UL

    let scoreAt step =
        level * (1.0 - exp (-5.0 * float step / float plan.Steps)) + 2.0 * noise.Normal(uint64 (100 + step))

    let train step =
        let time = float step / float plan.Steps

        let jitter i = 0.03 * shared.Normal(uint64 (step * 16 + i))

        TrainLine(
            Step = int64<int> step,
            Seconds = Math.Round(float step / 400.0, 3),
            StepsPerSecond = 400.0,
            Metrics =
                OrderedDictionary [
                    for name, value in
                        [
                            "valueLoss", 0.2 * exp (-3.0 * time) + 0.02 + 0.01 * abs (jitter 1)
                            "criticLoss", 1.5 * exp (-4.0 * time) + 0.1 + abs (jitter 2)
                            "policyLoss", (1.0 + beta / 4.0) * (1.2 - time) + jitter 3
                            "valueMean", -40.0 + 30.0 * expectile * (1.0 - exp (-6.0 * time)) + jitter 4
                            "advantageMean", -2.5 * (expectile - 0.5) + jitter 5
                            "advantageStd", 0.8 + expectile + jitter 6
                            "advantagePositive", 1.0 - expectile + 0.1 * jitter 7
                            "weightMean", exp (beta * 0.15)
                            "weightCapped", max 0.0 (beta - 2.0) * 0.006
                        ] -> KeyValuePair(name, value)
                ]
        )

    let evaluation step =
        let score = scoreAt step

        let returns = [ for i in 0..19 -> score * 2.0 + 10.0 * noise.Normal(uint64 (5000 + step + i)) ]

        let won = 20.0 * Math.Clamp(score / 100.0, 0.0, 1.0) |> round |> int

        EvaluationLine(
            Step = int64<int> step,
            Seconds = float step / 400.0,
            ReturnMean = List.average returns,
            ReturnStd = 10.0,
            ScoreMean = score,
            Returns = returns.ToImmutableArray(),
            Lengths = ImmutableArray.CreateRange [ for _ in 0..19 -> 150 ],
            Successes = ImmutableArray.CreateRange [ for i in 0..19 -> if i < won then 1 else 0 ],
            SuccessRate = float won / 20.0
        )

    let weights step =
        let edges = [ for i in 0..50 -> 10.0 ** (-3.0 + 0.1 * float i) ]
        let spread = max 0.02 (beta * 0.22)

        WeightsLine(
            Step = int64<int> step,
            Seconds = float step / 400.0,
            Edges = edges.ToImmutableArray(),
            Counts =
                ImmutableArray.CreateRange [
                    for low, high in List.pairwise edges ->
                        let middle = log10 (sqrt (low * high)) + beta * 0.08
                        int (1000.0 * exp (-0.5 * (middle / spread) ** 2.0) / spread)
                ]
        )

    do
        use metrics = new MetricsFile(run.MetricsPath)

        for i in 1..40 do
            let step = plan.Steps / 40 * i

            if step <= last then
                metrics.Append(train step)

                if plan.Task.IsSome && i % 4 = 0 then
                    metrics.Append(evaluation step)

                if i % 4 = 0 then
                    metrics.Append(weights step)

    if not stopped then
        run.WriteResult(
            RunResult(
                Status = (if diverged then RunStatus.Diverged else RunStatus.Finished),
                Steps = last,
                Seconds = float last / 400.0,
                StepsPerSecond = 400.0,
                Score = (if plan.Task.IsSome && not diverged then Nullable(scoreAt last) else Nullable()),
                Failure =
                    (if diverged then
                         RunFailure(last, "criticLoss", "NaN", "criticLoss became NaN; try a smaller learning rate.")
                     else
                         null)
            )
        )

/// Writes the sweep into a folder.
let write (folder: string) (plan: Plan) : unit =
    let labels expectile beta seed = [
        "expectile", string<float> expectile
        "inverseTemperature", string<float> beta
        "seed", string<int> seed
    ]

    let cells = [
        for expectile in plan.Expectiles do
            for beta in plan.InverseTemperatures do
                for seed in plan.Seeds -> expectile, beta, seed
    ]

    // Runs that differ only in the inverse temperature train together.
    let groups = List.distinct [ for expectile, _, seed in cells -> expectile, seed ]

    let axis name values = SweepAxis(name, ImmutableArray.CreateRange<string> values)

    SweepPlan(
        Name = plan.Name,
        Axes =
            ImmutableArray.Create(
                axis "expectile" (List.map string<float> plan.Expectiles),
                axis "inverseTemperature" (List.map string<float> plan.InverseTemperatures),
                axis "seed" (List.map string<int> plan.Seeds)
            ),
        Runs =
            ImmutableArray.CreateRange [
                for expectile, beta, seed in cells ->
                    PlannedRun(
                        runName expectile beta seed,
                        OrderedDictionary(labels expectile beta seed |> List.map KeyValuePair.Create),
                        null,
                        List.findIndex ((=) (expectile, seed)) groups
                    )
            ]
    )
        .Write
        folder

    for expectile, beta, seed in cells do
        if not (List.contains (runName expectile beta seed) plan.Missing) then
            writeRun plan folder expectile beta seed

/// Runs an action on a sweep folder written by the plan, and removes the folder afterwards.
let withSweep (plan: Plan) (action: string -> 'T) : 'T =
    let folder = temporary ()

    try
        write folder plan
        action folder
    finally
        Directory.Delete(folder, true)
