/// The decision transformer against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenDecisionTransformerTests

open System
open System.Text.RegularExpressions
open Iql
open Iql.Algorithms
open Iql.Networks
open Expecto
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private learner (case: Golden.Case) =
    let config =
        DecisionTransformerConfig(
            Context = case.Dim "context",
            HiddenSizes = Widths(List.replicate (case.Dim "layers") (case.Dim "embed")),
            Heads = case.Dim "heads",
            MaxTimesteps = case.Dim "max_time",
            BatchSize = case.Dim "batch",
            ReturnScale = 1.0,
            Dropout = 0.0,
            Activation =
                (if case.Text "activation" = "relu" then
                     TransformerActivation.Rectifier
                 else
                     TransformerActivation.Gelu),
            CountPadding = (case.Text "denominator" = "all"),
            PolicyLearningRate = case.Number "lr",
            WarmUpSteps = case.Number "warmup_steps",
            WeightDecay = case.Number "weight_decay",
            MaxGradientNorm = case.Number "clip_norm"
        )

    config.Learner(case.Dim "obs", case.Dim "act")

/// Their name of one of our tensors: "block0/attention/w" is "block0/qkv/w".
let private theirs (ours: string) =
    [
        "embedReturn", "embed-return"
        "embedObservation", "embed-state"
        "embedAction", "embed-action"
        "embedTimestep", "embed-time"
        "embedNorm", "embed-norm"
        "finalNorm", "final-norm"
        "/attention/", "/qkv/"
        "/project/", "/proj/"
        "/widen/", "/fc/"
        "/narrow/", "/out/"
        "/gain", "/g"
        "/bias", "/b"
    ]
    |> List.fold (fun (name: string) (ours, theirs) -> name.Replace(ours, theirs)) ours

/// A tensor's first numbers. What adds to a norm or a layer has one axis.
let private start (case: Golden.Case) (ours: string) (extents: int list) =
    let name, count = theirs ours, List.fold (*) 1 extents
    let named = $"{case.Seed}/init/{name}"

    let inputs =
        match
            Regex
                .Match(name, "^(embed-return|embed-state|embed-action|embed-time|head|block\d+/(?!norm)\w+)/")
                .Groups[1].Value
        with
        | "embed-return" -> 1
        | "embed-state" -> case.Dim "obs"
        | "embed-action" -> case.Dim "act"
        | part when part.EndsWith "/out" -> 4 * case.Dim "embed"
        | _ -> case.Dim "embed"

    if name.EndsWith "/g" then Golden.uniform named count 0.1 |> Array.map ((+) 1.0)
    elif name.Contains "norm" then Golden.uniform named count 0.1
    else Golden.uniform named count (1.0 / sqrt (float inputs))

/// A step's pieces, padded on the left: under our names and theirs.
let private batch (case: Golden.Case) step =
    let rows, context = case.Dim "batch", case.Dim "context"
    let name = $"{case.Seed}/batch/{step}/"

    let whole field bound =
        Golden.tensor (name + field) rows (fun seed i -> floor (seed.Unit i * float bound)) |> Array.map int

    let padding = whole "length" context |> Array.map (fun length -> context - (length + 1))

    let first = whole "start" (case.Dim "max_time" - context)

    /// The generated numbers on steps, others on padding.
    let column size (steps: float[]) nothing =
        steps
        |> Array.mapi (fun i x ->
            let row, k = i / (context * size), i / size % context
            if k < padding[row] then nothing else x)

    let numbers field size bound = Golden.uniform (name + field) (rows * context * size) bound

    let place f = Array.init (rows * context) (fun i -> f (i / context) (i % context))

    [
        "observations", "obs", column (case.Dim "obs") (numbers "obs" (case.Dim "obs") 1.0) 0.0
        "actions", "act", column (case.Dim "act") (numbers "act" (case.Dim "act") 0.95) -10.0
        "returnsToGo", "rtg", column 1 (numbers "rtg" 1 1.0) 0.0
        "timesteps", "time", column 1 (place (fun row k -> float (first[row] + k - padding[row]))) 0.0
        "mask", "mask", column 1 (place (fun _ _ -> 1.0)) 0.0
    ]

let private statistics =
    Map [
        "loss", "policyLoss"
        "gradient_norm", "policyGradientNorm"
        "clip_scale", "policyGradientScale"
        "lr", "policyLearningRate"
        "valid_tokens", "validSteps"
        "prediction_mean", "actionMean"
    ]

/// In theory the key third of this bias has no gradient at all. In single precision Adam makes steps of the rounding.
let private hasNoise (name: string) = name.EndsWith "/qkv/b"

let private replayed (execute: Executor) statistic entry (case: Golden.Case) =
    let learner = learner case
    let single = entry > 1e-9

    let parameters = [
        for tensor in learner.Blocks[0].Entries do
            if not (tensor.Name.StartsWith "adam-") then
                tensor.Name, List.ofSeq tensor.Shape.Extents
    ]

    let initial = Map [ for name, extents in parameters -> $"shared/{name}", start case name extents ]

    let seed = Seed.Named case.Seed

    let numbers step = Map [ for ours, _, values in batch case step -> $"batch/{ours}", values ]

    let final, metrics =
        train execute learner seed numbers (over initial (Execute.initial learner seed)) case.Steps.Length

    let tensors part (numbers: Numbers) = [
        for name, _ in parameters do
            let actual = numbers[$"shared/{name}"]
            let expected = case.Part(part).GetProperty(theirs name)

            if single && hasNoise (theirs name) then
                for key, at in [ "first", 0; "last", actual.Length - 4 ] do
                    for i, value in Seq.indexed (expected.GetProperty(key).EnumerateArray()) do
                        Golden.statistic $"{part} {name} {key} {i}" entry value actual[at + i]
            else
                yield! Golden.summary $"{part} {name}" entry expected actual
    ]

    Golden.assertClose case [
        for _, name, values in batch case 0 do
            yield! Golden.summary $"inputs {name}" 1e-9 (case.Part("inputs").GetProperty $"batch/0/{name}") values

        yield! tensors "initial" initial

        for step, (expected, actual) in List.indexed (List.zip case.Steps metrics) do
            for field in expected.EnumerateObject() do
                if field.Name <> "step" then
                    yield
                        Golden.statistic
                            $"step {step} {field.Name}"
                            statistic
                            field.Value
                            actual[statistics[field.Name]]

        yield! tensors "final" final
    ]

[<Tests>]
let tests =
    testList
        "GoldenDecisionTransformerTests"
        (follow ways "the decision transformer" "dt-*.json" (fun execute statistic entry _ case ->
            replayed execute statistic entry case))
