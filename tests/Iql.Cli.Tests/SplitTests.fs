[<Xunit.Collection "console">]
module Iql.Cli.Tests.SplitTests

open System
open System.IO
open Iql.Measurement
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Xunit

[<Fact>]
let ``one group a core while there are enough, and what is left over shared out`` () =
    for cores, groups, expected in
        [
            2, 5, [ 1; 1 ]
            2, 2, [ 1; 1 ]
            2, 1, [ 2 ]
            8, 3, [ 3; 3; 2 ]
            8, 4, [ 2; 2; 2; 2 ]
            1, 9, [ 1 ]
            4, 0, [ 4 ]
        ] do
        Assert.Equal<int list>(expected, (Split.share cores groups).ThreadsEach)

[<Fact>]
let ``a split uses every core it was given and no other, for any numbers`` () =
    for cores in 1..20 do
        for groups in 1..40 do
            let split = Split.share cores groups
            Assert.Equal(cores, Split.threads split)
            Assert.Equal(min cores groups, Split.sideBySide split)
            Assert.True(List.max split.ThreadsEach - List.min split.ThreadsEach <= 1)

[<Fact>]
let ``a request never gets more cores than the machine has`` () =
    Assert.Equal(2, Split.cores 2 64)
    Assert.Equal(3, Split.cores 8 3)

[<Fact>]
let ``a split says itself in words`` () =
    for cores, groups, words in
        [
            2, 5, "2 groups side by side, 1 thread each"
            8, 4, "4 groups side by side, 2 threads each"
            8, 3, "3 groups side by side, 2 or 3 threads each"
            2, 1, "one group at a time, 2 threads"
            1, 1, "one group at a time, 1 thread"
        ] do
        Assert.Equal(words, Split.describe (Split.share cores groups))

[<Fact>]
let ``a training prints its split and notes it in the plan`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "sweep"
    let code, output, _ = iql (grid @ [ "--threads"; "1"; "-o"; folder ])
    Assert.Equal(0, code)
    Assert.Contains("one group at a time, 1 thread", output)

    match Json.readFile (Path.Combine(folder, "sweep.json")) with
    | Error problem -> failwith problem
    | Ok plan ->
        Assert.Equal(Some 1.0, plan |> Json.field "split" |> Json.number "sideBySide")
        Assert.Equal<float list>([ 1.0 ], plan |> Json.field "split" |> Json.numbers "threadsEach")

let private at (seconds: float) (processor: float) (average: float option) =
    SystemLoad(TimeSpan.FromSeconds seconds, TimeSpan.FromSeconds processor, Option.toNullable average)

[<Fact>]
let ``two threads that get half of what they ask for, on a machine that is asked for more than it has, are warned of``
    ()
    =
    match Crowding.warning 2 2 (at 0.0 0.0 (Some 3.0)) (at 10.0 10.0 (Some 3.6)) with
    | None -> Assert.Fail "expected a warning"
    | Some warning ->
        for part in
            [
                "oversubscribed"
                "3.6 threads want its 2 cores"
                "50 %"
                "2.0 times as long"
                "--threads 1"
            ] do
            Assert.Contains(part, warning)

[<Fact>]
let ``one sign alone is no warning`` () =
    // Threads that wait for files on a quiet machine; a busy machine that still gives them their cores; a moment too short to tell.
    Assert.Equal(None, Crowding.warning 2 2 (at 0.0 0.0 None) (at 10.0 10.0 (Some 1.1)))
    Assert.Equal(None, Crowding.warning 2 2 (at 0.0 0.0 None) (at 10.0 19.5 (Some 5.0)))
    Assert.Equal(None, Crowding.warning 2 2 (at 0.0 0.0 None) (at 1.0 0.5 (Some 5.0)))

[<Fact>]
let ``without a load average more must be missing`` () =
    Assert.Equal(None, Crowding.warning 2 2 (at 0.0 0.0 None) (at 10.0 16.0 None))
    Assert.True((Crowding.warning 2 2 (at 0.0 0.0 None) (at 10.0 10.0 None)).IsSome)

[<Fact>]
let ``a warning is not repeated within ten minutes`` () =
    let readings = [
        at 0.0 0.0 (Some 4.0)
        at 10.0 10.0 (Some 4.0)
        at 20.0 20.0 (Some 4.0)
        at 700.0 700.0 (Some 4.0)
    ]

    let read =
        let left = ref readings

        fun () ->
            match left.Value with
            | first :: rest ->
                left.Value <- rest
                first
            | [] -> failwith "no reading left"

    let said = ResizeArray<string>()
    let look = Crowding.watch 2 2 read said.Add
    look ()
    Assert.Single said |> ignore
    look ()
    Assert.Single said |> ignore
    look ()
    Assert.Equal(2, said.Count)

[<Fact>]
let ``a launch on a crowded machine says so while it trains`` () =
    use scratch = new Scratch()
    let seconds = ref 0.0

    // A clock that runs fast, of a machine that gives a tenth of what is asked for.
    let load () =
        seconds.Value <- seconds.Value + 10.0
        at seconds.Value (0.1 * seconds.Value) (Some 9.0 |> Option.map ((+) (float Environment.ProcessorCount)))

    let said = ResizeArray<LaunchNote>()

    Launch.run
        {
            Launch.into (scratch.Path "sweep") with
                Threads = 1
                Load = load
                Say = said.Add
        }
        (Problem.ofTask Problem.standardTask 1000)
        {
            Name = "crowded"
            Base = {
                (Trial.standard |> Trial.implicit _.With(hiddenSizes = [ 8 ], batchSize = 16)) with
                    Steps = 40
                    EvaluateEvery = 20
                    Episodes = 0
            }
            Axes = []
        }
    |> ignore

    match List.ofSeq said with
    | [ Chosen split; Oversubscribed warning ] ->
        Assert.Equal<int list>([ 1 ], split.ThreadsEach)
        Assert.Contains("oversubscribed", warning)
    | other -> Assert.Fail $"expected the split and one warning, got %A{other}"
