/// Invented run folders with the shape of real ones, small enough for tests and plausible enough to look at.
module Iql.Scripts.Tests.Synthetic

open System
open System.IO
open Iql
open Iql.Scripts

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
    Successes: bool
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
    Successes = false
}

let private text = Json.Text
let private number (value: float) = Json.Number value

let runName (expectile: float) (beta: float) (seed: int) =
    $"expectile={Json.numberText expectile},inverseTemperature={Json.numberText beta},seed={seed}"

/// A new folder under the temporary one; the caller removes it.
let temporary () : string =
    let path = Path.Combine(Path.GetTempPath(), $"iql-report-{Guid.NewGuid():n}")
    Directory.CreateDirectory path |> ignore
    path

let private config (plan: Plan) expectile beta seed =
    Json.Object [
        "format", text "iql-run-1"
        "algorithm", text "iql"
        "task", (plan.Task |> Option.map text |> Option.defaultValue Json.Null)
        "dataset",
        Json.Object [
            "name", text "pointmaze-umaze-stitch-v0"
            "source", text "generated"
            "transitions", number 50000.0
            "episodes", number 640.0
            "fingerprint", text "9f3c1a77e2b04d58"
        ]
        "seed", number (float seed)
        "steps", number (float plan.Steps)
        "batchSize", number 256.0
        "evaluateEvery", number (float plan.Steps / 10.0)
        "evaluationEpisodes", number (if plan.Task.IsSome then 20.0 else 0.0)
        "logEvery", number (float plan.Steps / 40.0)
        "checkpointEvery", number 5000.0
        "hyperparameters",
        Json.Object [
            "expectile", number expectile
            "inverseTemperature", number beta
            "discount", number 0.99
            "polyakStep", number 0.005
            "maxAdvantageWeight", number 100.0
            "policyLearningRate", number 0.0003
            "hiddenSizes", Json.ofNumbers [ 256.0; 256.0 ]
            "objective", text "iql"
        ]
        "normalization", Json.Object [ "rewardScale", number 1.0; "rewardShift", number -1.0 ]
        "machine",
        Json.Object [
            "processor", text "Example Processor 9000"
            "cores", number 2.0
            "vectorWidth", number 512.0
            "os", text "Debian 12"
            "runtime", text ".NET 10.0"
        ]
        "version", text "0.1.0"
        "commit", text "0123456"
    ]

let private quality expectile beta =
    30.0 + 90.0 * (expectile - 0.5) + 22.0 * (1.0 - exp (-beta / 2.0))
    - (if beta > 5.0 then 6.0 else 0.0)

let private writeRun (plan: Plan) (folder: string) expectile beta seed =
    let name = runName expectile beta seed
    let path = Path.Combine(folder, "runs", name)
    Directory.CreateDirectory path |> ignore
    let noise = Seed.Named(name)
    let shared = Seed.Named($"value {expectile} {seed}")

    let write file json =
        File.WriteAllText(Path.Combine(path, file), Json.write json + "\n")

    write "config.json" (config plan expectile beta seed)
    let diverged = List.contains name plan.Diverged
    let stopped = List.contains name plan.Stopped
    let last = if diverged || stopped then plan.Steps / 2 else plan.Steps

    let level =
        quality expectile beta + 4.0 * shared.Normal 0UL + 3.0 * noise.Normal 1UL

    let scoreAt step =
        level * (1.0 - exp (-5.0 * float step / float plan.Steps))
        + 2.0 * noise.Normal(uint64 (100 + step))

    let train step =
        let time = float step / float plan.Steps

        let jitter i =
            0.03 * shared.Normal(uint64 (step * 16 + i))

        Json.Object [
            "kind", text "train"
            "step", number (float step)
            "seconds", number (Math.Round(float step / 400.0, 3))
            "valueLoss", number (0.2 * exp (-3.0 * time) + 0.02 + 0.01 * abs (jitter 1))
            "criticLoss", number (1.5 * exp (-4.0 * time) + 0.1 + abs (jitter 2))
            "policyLoss", number ((1.0 + beta / 4.0) * (1.2 - time) + jitter 3)
            "valueMean", number (-40.0 + 30.0 * expectile * (1.0 - exp (-6.0 * time)) + jitter 4)
            "advantageMean", number (-2.5 * (expectile - 0.5) + jitter 5)
            "advantageStd", number (0.8 + expectile + jitter 6)
            "advantagePositive", number (1.0 - expectile + 0.1 * jitter 7)
            "weightMean", number (exp (beta * 0.15))
            "weightCapped", number (max 0.0 (beta - 2.0) * 0.006)
        ]

    let evaluation step =
        let score = scoreAt step

        let returns = [
            for i in 0..19 -> score * 2.0 + 10.0 * noise.Normal(uint64 (5000 + step + i))
        ]

        Json.Object [
            "kind", text "evaluation"
            "step", number (float step)
            "seconds", number (float step / 400.0)
            "returnMean", number (List.average returns)
            "returnStd", number 10.0
            "scoreMean", number score
            "returns", Json.ofNumbers returns
            "lengths", Json.ofNumbers [ for _ in 0..19 -> 150.0 ]
            if plan.Successes then
                "successRate", number (Math.Round(20.0 * Math.Clamp(score / 100.0, 0.0, 1.0)) / 20.0)
        ]

    let weights step =
        let edges = [ for i in 0..50 -> 10.0 ** (-3.0 + 0.1 * float i) ]
        let spread = max 0.02 (beta * 0.22)

        Json.Object [
            "kind", text "weights"
            "step", number (float step)
            "edges", Json.ofNumbers edges
            "counts",
            Json.ofNumbers [
                for low, high in List.pairwise edges ->
                    let middle = log10 (sqrt (low * high)) + beta * 0.08
                    Math.Round(1000.0 * exp (-0.5 * (middle / spread) ** 2.0) / spread)
            ]
        ]

    let lines = [
        for i in 1..40 do
            let step = plan.Steps / 40 * i

            if step <= last then
                train step

                if plan.Task.IsSome && i % 4 = 0 then
                    evaluation step

                if i % 4 = 0 then
                    weights step
    ]

    File.WriteAllLines(Path.Combine(path, "metrics.jsonl"), lines |> List.map Json.write)

    if not stopped then
        write
            "result.json"
            (Json.Object [
                "status", text (if diverged then "diverged" else "finished")
                "steps", number (float last)
                "seconds", number (float last / 400.0)
                "stepsPerSecond", number 400.0
                "score",
                (if plan.Task.IsSome && not diverged then
                     number (scoreAt last)
                 else
                     Json.Null)
                "failure",
                (if diverged then
                     Json.Object [
                         "step", number (float last)
                         "metric", text "criticLoss"
                         "value", text "NaN"
                         "message", text "criticLoss became NaN; try a smaller learning rate."
                     ]
                 else
                     Json.Null)
            ])

/// Writes the sweep into a folder.
let write (folder: string) (plan: Plan) : unit =
    let cells = [
        for expectile in plan.Expectiles do
            for beta in plan.InverseTemperatures do
                for seed in plan.Seeds -> expectile, beta, seed
    ]

    let axis name values =
        Json.Object [ "name", text name; "values", Json.ofNumbers values ]

    Json.Object [
        "format", text "iql-sweep-1"
        "name", text plan.Name
        "axes",
        Json.List [
            axis "expectile" plan.Expectiles
            axis "inverseTemperature" plan.InverseTemperatures
            axis "seed" (List.map float plan.Seeds)
        ]
        "base", Json.Object []
        "runs", Json.ofTexts [ for expectile, beta, seed in cells -> runName expectile beta seed ]
    ]
    |> fun json -> File.WriteAllText(Path.Combine(folder, "sweep.json"), Json.write json)

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
