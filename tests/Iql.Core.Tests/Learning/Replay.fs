/// Replays a golden trace through a learner: inputs, initial tensors, every statistic of every step, final tensors.
module Iql.Core.Tests.Learning.Replay

open System
open System.Collections.Immutable
open System.Text.Json
open Iql
open Iql.Algorithms
open Iql.Graph
open Expecto
open Iql.Core.Tests.Learning.Execute

/// A net of the file: its name, where it lies in our blocks, whose numbers it starts with ("own" targets have their
/// own), its sizes.
type Net = { Theirs: string; Ours: string; Source: string; Sizes: int list }

/// How an algorithm's traces are read.
type Reading = {
    Learner: Learner
    Nets: Net list
    /// Initial numbers that are no net's weights or biases, under our names.
    Others: (string * float[]) list
    /// Their statistic to our metric.
    Statistics: Map<string, string>
    /// Recorded noise of a step, under the names the learner asks for it by: "batch/noise0".
    Noise: int -> (string * float[]) list
}

/// The usual nets: V, two critics and their targets, one policy.
let nets (case: Golden.Case) : Net list =
    let own = case.Part("hyper").TryGetProperty "target_init" |> snd
    let own = own.ValueKind = JsonValueKind.String && own.GetString() = "own"
    let s, a = case.Dim "obs", case.Dim "act"

    let net theirs ours source input output = {
        Theirs = theirs
        Ours = ours
        Source = source
        Sizes = [ input ] @ case.Hidden @ [ output ]
    }

    let target name = if own then $"{name}-target" else name

    [
        net "value" "shared/value" "value" s 1
        net "critic1" "shared/critic1" "critic1" (s + a) 1
        net "critic2" "shared/critic2" "critic2" (s + a) 1
        net "critic1-target" "shared/targetCritic1" (target "critic1") (s + a) 1
        net "critic2-target" "shared/targetCritic2" (target "critic2") (s + a) 1
        net "actor" "policy0" "actor" s a
        net "actor-target" "policy0/target" (target "actor") s a
    ]

/// The policy's free log standard deviation, where it has one.
let logStd (case: Golden.Case) : (string * float[]) list = [
    match case.Part("hyper").TryGetProperty "log_std_init" with
    | true, list when list.ValueKind = JsonValueKind.Array ->
        "policy0/logStd", [| for entry in list.EnumerateArray() -> entry.GetDouble() |]
    | true, _ -> "policy0/logStd", Golden.uniform $"{case.Seed}/init/actor/log_std" (case.Dim "act") 0.5
    | _ -> ()
]

/// Noise that a test hands in: draw number i becomes the batch's column "noise{i}".
let recorded: Draw = Draw(fun stream shape -> Tensor.Input($"batch/noise{stream}", shape))

/// A learner whose batch has columns more, for `recorded` noise: name and extents.
let withColumns (columns: (string * int list) list) (learner: Learner) : Learner =
    let batch =
        Layout(
            "batch",
            [
                for entry in learner.Batch.Entries -> struct (entry.Name, entry.Shape)
                for name, extents in columns -> struct (name, Shape(ReadOnlySpan(List.toArray extents)))
            ]
        )

    let program (step: GraphFunction) =
        GraphFunction(step.Inputs.SetItem(step.Inputs.Length - 1, batch), step.Scalars, step.Outputs, step.Metrics)

    let programs = learner.Programs |> Seq.map program |> ImmutableArray.CreateRange

    Learner(
        learner.Algorithm,
        learner.Blocks,
        batch,
        programs[0],
        learner.Hyperparameters,
        learner.Initialise,
        learner.Act,
        learner.Probe,
        Programs = programs,
        Choose = learner.Choose
    )

/// Standard normal numbers of a step's field.
let noise (case: Golden.Case) step field count =
    Golden.tensor $"{case.Seed}/noise/{step}/{field}" count (fun seed i -> seed.Normal i)

/// "log_std_scale" as we write it: logStdScale.
let private camelCase (name: string) =
    match List.ofArray (name.Split '_') with
    | first :: others -> first + String.Concat [ for word in others -> word[..0].ToUpperInvariant() + word[1..] ]
    | [] -> name

/// "critic1/w0" under our name; a number that stands alone in the file has its whole name of ours in `Nets`.
let private ourName (reading: Reading) (theirs: string) =
    let parts = theirs.Split '/'
    let ours = (reading.Nets |> List.find (fun each -> each.Theirs = parts[0])).Ours
    String.Join('/', Array.append [| ours |] (Array.map camelCase parts[1..]))

/// The initial tensors, under our names.
let private initialNumbers (case: Golden.Case) (reading: Reading) : Numbers =
    let names =
        set [
            for layout in reading.Learner.Blocks do
                for entry in layout.Entries -> $"{layout.Name}/{entry.Name}"
        ]

    [
        for net in reading.Nets do
            for name, values in Golden.network case.Seed net.Source net.Sizes do
                $"{net.Ours}/{name}", values
        yield! reading.Others
    ]
    |> List.filter (fun (name, _) -> names.Contains name)
    |> Map

/// Replays a file: inputs, initial tensors, every statistic of every step, final tensors (unless only its first steps
/// are wanted).
let replay (execute: Executor) statisticTolerance entryTolerance steps (case: Golden.Case) (reading: Reading) =
    let learner = reading.Learner

    let batch step =
        Map [
            for ours, _, values in Golden.batch case step -> $"batch/{ours}", values
            yield! reading.Noise step
        ]

    let start = initialNumbers case reading
    let seed = Seed.Named case.Seed
    let expected = List.truncate steps case.Steps

    let final, metrics =
        train execute learner seed batch (over start (Execute.initial learner seed)) expected.Length

    let tensors part (numbers: Numbers) = [
        for theirs in case.Part(part).EnumerateObject() do
            yield!
                Golden.summary $"{part} {theirs.Name}" entryTolerance theirs.Value numbers[ourName reading theirs.Name]
    ]

    Golden.assertClose case [
        for _, theirs, values in Golden.batch case 0 do
            match case.Part("inputs").TryGetProperty $"batch/0/{theirs}" with
            | true, expected -> yield! Golden.summary $"inputs {theirs}" 1e-9 expected values
            | _ -> ()

        yield! tensors "initial" start

        for step, (expected, actual) in List.indexed (List.zip expected metrics) do
            for theirs in expected.EnumerateObject() do
                if theirs.Name <> "step" && theirs.Name <> "phase" then
                    let ours = reading.Statistics[theirs.Name]

                    // What a step does not compute is null there and absent here.
                    if theirs.Value.ValueKind = JsonValueKind.Null then
                        Expect.isFalse (actual.ContainsKey ours) $"step {step} {theirs.Name}: expected nothing"
                    else
                        yield Golden.statistic $"step {step} {theirs.Name}" statisticTolerance theirs.Value actual[ours]

        if expected.Length = case.Steps.Length then
            yield! tensors "final" final
    ]

/// A way to make steps, and what it is held to.
type Way = {
    /// "in double precision"
    Name: string
    Execute: Executor
    /// Bounds of a statistic and of an entry, and the most steps of a case; None leaves the case out.
    Bounds: Golden.Case -> (float * float * int) option
}

/// A test for each way: a check of every case whose file is named so; skipped where there is none.
let follow (ways: Way list) (what: string) pattern check : Test list = [
    for way in ways ->
        testCase $"{what} follows every golden trace {way.Name}" (fun () ->
            match Golden.paths pattern with
            | [||] -> skiptest $"no golden/*/{pattern} beside the checkout"
            | paths ->
                for path in paths do
                    let case = Golden.Case path

                    match way.Bounds case with
                    | Some(statistic, entry, steps) ->
                        let worst: float = check way.Execute statistic entry steps case
                        printfn "%s" $"{case.Name} {way.Name}: worst deviation {worst:G3} of the tolerance"
                    | None -> ())
]

/// The same for a learner that is read so.
let follows ways what pattern (reading: Golden.Case -> Reading) =
    follow ways what pattern (fun execute statistic entry steps case ->
        replay execute statistic entry steps case (reading case))
