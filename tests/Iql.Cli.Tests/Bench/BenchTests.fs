[<Xunit.Collection "console">]
module Iql.Cli.Tests.BenchTests

open System
open System.IO
open Iql.Cpu.Emit
open Iql.Measurement
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training
open Xunit

[<Fact>]
let ``thread counts reach the last one, each once`` () =
    for most, expected in
        [
            1, [ 1 ]
            2, [ 1; 2 ]
            4, [ 1; 2; 3; 4 ]
            12, [ 1; 2; 3; 4; 8; 12 ]
            16, [ 1; 2; 3; 4; 8; 16 ]
        ] do
        Assert.Equal<int list>(expected, BenchCase.threadCounts most)

[<Fact>]
let ``cases have names of their own and never more threads than asked for`` () =
    for most in [ 1; 2; 6 ] do
        for cases in [ BenchCase.headline most; BenchCase.all most ] do
            let names = [ for case in cases -> case.Name ]
            Assert.Equal<string list>(List.distinct names, names)
            Assert.Contains(BenchCase.standard, cases)

            for case in cases do
                Assert.InRange(BenchCase.busy case, 1, most)

[<Fact>]
let ``the cases cover policies, sizes, batches, odd widths and depths`` () =
    let cases = BenchCase.all 2
    let has (holds: BenchCase -> bool) = Assert.True(List.exists holds cases)
    has (fun case -> case.InverseTemperatures.Length = 5)
    has (fun case -> case.Observations = 29 && case.Actions = 8)

    for batch in [ 100; 1024; 4096 ] do
        has (fun case -> case.Batch = batch)

    for width in [ 100; 300; 750 ] do
        has (fun case -> case.Hidden = [ width; width ])

    for layers in 1..4 do
        has (fun case -> case.Hidden.Length = layers)

    has (fun case -> case.Runs = 2 && case.Threads = 1)

let private rate (stepsPerSecond: float) (flop: float) : BenchRate = {
    Cores = CoreDistance.Unknown
    StepsPerSecond = stepsPerSecond
    Low = 0.95 * stepsPerSecond
    High = 1.05 * stepsPerSecond
    FlopPerStep = flop
    PeakBefore = 50.0
    PeakAfter = 80.0
    BytesPerStep = 0.0
}

let private row (case: BenchCase) stepsPerSecond = {
    Case = case
    Rate = rate stepsPerSecond (1e8 * float case.InverseTemperatures.Length)
}

let private result: BenchResult = {
    Machine = Machine("AMD EPYC(tm) 9B14", 2, 512, "an os", "a runtime")
    InstructionSet = InstructionSet.Vector512
    Version = "0.1.0"
    Commit = "abc"
    Date = DateTime(2026, 1, 2, 3, 4, 5)
    Quick = false
    Rows = 1000
    LoadBefore = Some 2.0
    LoadAfter = None
    PingPong = Some(100.0, 400.0)
    Bandwidth = [ 1, 20.0; 2, 40.0 ]
    Cases = [
        row BenchCase.standard 400.0
        row BenchCase.policies 200.0
        row
            {
                BenchCase.standard with
                    Name = "width 100"
                    Hidden = [ 100; 100 ]
            }
            100.0
    ]
    Kernels = [
        {
            Kind = "product"
            Kernels = 3
            Microseconds = 2000.0
            Flop = 1e8
            Bytes = 1e6
        }
        {
            Kind = "loop"
            Kernels = 4
            Microseconds = 100.0
            Flop = 1e6
            Bytes = 4e6
        }
    ]
    Crowded =
        Some {
            Threads = 2
            StepsPerSecond = 300.0
            OneThread = 400.0
        }
    FirstStep = Some 0.7
}

[<Fact>]
let ``shares, speed-ups and rates against the standard case are what they say`` () =
    let standard, policies, narrow = result.Cases[0], result.Cases[1], result.Cases[2]
    Assert.Equal(80.0, BenchRate.peak standard.Rate)
    Assert.Equal(40.0, BenchRate.gflops standard.Rate, 9)
    Assert.Equal(0.5, BenchRate.share standard.Rate, 9)
    Assert.Equal(Some 2.5, BenchResult.speedUp result.Cases policies)

    Assert.Equal(
        Some 0.25,
        BenchResult.relative result.Cases narrow
        |> Option.map (fun share -> Math.Round(share, 9))
    )

[<Fact>]
let ``rows of two threads are compared with rows of cores as far apart`` () =
    let twoThreads cores name hidden stepsPerSecond =
        let row =
            row
                {
                    BenchCase.standard with
                        Name = name
                        Threads = 2
                        Hidden = hidden
                }
                stepsPerSecond

        {
            row with
                Rate = { row.Rate with Cores = cores }
        }

    let rows = [
        twoThreads CoreDistance.Near "2 threads" [ 256; 256 ] 800.0
        twoThreads CoreDistance.Far "2 threads" [ 256; 256 ] 600.0
        twoThreads CoreDistance.Far "narrow, 2 threads" [ 100; 100 ] 300.0
        twoThreads CoreDistance.Between "narrow, 2 threads" [ 100; 100 ] 300.0
    ]

    Assert.Equal<float option list>([ Some 1.0; Some 1.0; Some 0.5; None ], List.map (BenchResult.relative rows) rows)

    Assert.Equal("narrow, 2 threads, far", BenchResult.label rows[2])
    Assert.Contains(("coreDistance", Json.Text "far"), BenchRate.fields rows[2].Rate)
    Assert.Equal("1 thread", BenchResult.label result.Cases[0])

[<Fact>]
let ``a file is named after the processor and its vectors`` () =
    Assert.Equal("amd-epyc-9b14-vector512", BenchResult.fileName result.Machine result.InstructionSet)

[<Fact>]
let ``every figure of a row is in the JSON and on the page`` () =
    let json = BenchResult.toJson result
    let first = json |> Json.field "cases" |> Json.items |> List.head
    Assert.Equal(Some 400.0, Json.number "stepsPerSecond" first)
    Assert.Equal(Some 0.5, Json.number "shareOfPeak" first)
    Assert.Equal(Some 50.0, Json.number "peakBefore" first)
    Assert.Equal(Some 0.75, json |> Json.field "crowded" |> Json.number "shareOfOneThread")
    let page = BenchTable.markdown (Some "picture.svg") result

    for part in
        [
            "| 1 thread |  | 400.0 | 380.0 | 420.0 | 100.0 | 40.0 | 50 | 80 | 50.0 % | 0 |"
            "2.50 × as fast as separate runs"
            "0.75 of one thread's rate"
            "400 ns after (far)"
            "![Roofline: kernels of the step under the machine's limits](picture.svg)"
            "others are running here (load average 2.0"
        ] do
        Assert.Contains(part, page)

[<Fact>]
let ``lines of the table are as long as its head`` () =
    for row in result.Cases do
        Assert.Equal(BenchTable.head.Length, (BenchTable.line row).Length)

[<Fact>]
let ``kernels of a kind are added up, the longest first`` () =
    let again = {
        result with
            Kernels = result.Kernels @ result.Kernels
    }

    let kinds = BenchResult.kinds again
    Assert.Equal<string list>([ "product"; "loop" ], [ for kind in kinds -> kind.Kind ])
    Assert.Equal<int list>([ 6; 8 ], [ for kind in kinds -> kind.Kernels ])
    Assert.Equal<float list>([ 4000.0; 200.0 ], [ for kind in kinds -> kind.Microseconds ])

[<Fact>]
let ``a roofline has two roofs and a colour a kind`` () =
    let figure = Charts.Roofline.figure result
    Assert.Equal(2 + (BenchResult.kinds result).Length, figure.Data.Length)
    Assert.StartsWith("<svg", Figure.toSvg figure)

/// A case of a moment.
let private tiny = {
    BenchCase.standard with
        Observations = 3
        Actions = 2
        Batch = 16
        Hidden = [ 8; 8 ]
}

[<Fact>]
let ``a plan is measured whole`` () =
    let told, said = ResizeArray<string>(), ResizeArray<string>()

    let measured =
        {
            BenchRun.plan true (min 2 Environment.ProcessorCount) 100 with
                Cases = [ tiny ]
                Windows = StepWindows(Count = 2, Seconds = 0.01, WarmUp = 0.01)
                Megabytes = 3
        }
        |> BenchRun.run said.Add (fun row -> told.Add row.Case.Name)

    Assert.Equal<string>([ tiny.Name ], told)
    Assert.Contains(tiny.Name, said)
    let row = List.exactlyOne measured.Cases

    Assert.True(
        row.Rate.StepsPerSecond > 0.0
        && row.Rate.Low <= row.Rate.StepsPerSecond
        && row.Rate.StepsPerSecond <= row.Rate.High
    )

    Assert.Equal(0.0, row.Rate.BytesPerStep)
    Assert.True(BenchRate.share row.Rate > 0.0)
    Assert.NotEmpty measured.Kernels
    Assert.True(measured.FirstStep.IsSome)

    // What it finds can be shown.
    Assert.NotEmpty(BenchTable.closing measured)
    Assert.True(Result.isOk (Json.parse (Json.write (BenchResult.toJson measured))))

let private algorithms: AlgorithmBench = {
    Machine = result.Machine
    InstructionSet = result.InstructionSet
    Version = "0.1.0"
    Commit = "abc"
    Date = result.Date
    Rows = 1000
    LoadBefore = Some 2.0
    Algorithms = [
        {
            Algorithm = "td3bc"
            Phase = 1, 1
            Threads = 2
            Batch = 256
            Parameters = 1234L
            ReadySeconds = 0.25
            Rate = rate 400.0 1e8
        }
    ]
}

[<Fact>]
let ``every algorithm has a learner of hopper's sizes with its preset`` () =
    for entry in Algorithm.all do
        let learner = BenchAlgorithms.learner entry.Name 11 3
        Assert.Equal(entry.RunName entry.Standard, learner.Algorithm)
        Assert.Equal(11, learner.Batch["observations"].Shape[-1])
        Assert.Equal(3, learner.Batch["actions"].Shape[-1])

[<Fact>]
let ``phases are where other programs begin to take turns`` () =
    let phases name =
        BenchAlgorithms.learner name 11 3 |> BenchAlgorithms.phases 1_000_000

    for name in [ "iql"; "bc"; "td3bc"; "cql"; "awac"; "dt" ] do
        Assert.Equal<int64 list>([ 0L ], phases name)

    Assert.Equal(3, (phases "onestep").Length)
    // The authors' policy clones in its first 40,000 steps.
    Assert.Equal<int64 list>([ 0L; 40_000L ], phases "cql-authors")

[<Fact>]
let ``figures of algorithms are in the JSON, on the page and on lines as long as the head`` () =
    let json =
        BenchAlgorithms.toJson algorithms
        |> Json.field "algorithms"
        |> Json.items
        |> List.exactlyOne

    Assert.Equal(Some 400.0, Json.number "stepsPerSecond" json)
    Assert.Equal(Some 0.5, Json.number "shareOfPeak" json)
    Assert.Equal(Some 0.25, Json.number "readySeconds" json)
    let page = BenchAlgorithms.markdown algorithms

    for part in
        [
            "| td3bc | 2 | 256 | 1234 | 0.25 |  | 400.0 | 380.0 | 420.0 | 100.0 | 40.0 | 50 | 80 | 50.0 % | 0 |"
            "(load average 2.0"
            "td3bc on 2 threads."
        ] do
        Assert.Contains(part, page)

    Assert.Equal(BenchAlgorithms.head.Length, (BenchAlgorithms.line algorithms.Algorithms.Head).Length)

[<Fact>]
let ``an algorithm is measured from the command line, and saved`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "results"

    let code, output, _ =
        iql [
            "bench"
            "--algorithm"
            "bc"
            "--rows"
            "5000"
            "--threads"
            "1"
            "--quick"
            "--save"
            folder
        ]

    Assert.Equal(0, code)
    Assert.Contains("bc ", output)

    for ending in [ "-algorithms.json"; "-algorithms.md" ] do
        Assert.Single(Directory.GetFiles(folder, "*" + ending)) |> ignore

    refuses [ "bench"; "--algorithm"; "bd" ] [ "--algorithm: expected"; "or all" ]

[<Fact>]
let ``the first step of a process is a number of seconds`` () =
    let code, output, _ = iql [ "bench"; "--first-step" ]
    Assert.Equal(0, code)
    Assert.True(Result.isOk (Read.positive (output.Trim())), output)

[<Fact>]
let ``requests that cannot be measured are refused before anything is`` () =
    use scratch = new Scratch()
    let file = scratch.Path "file"
    File.WriteAllText(file, "")
    refuses [ "bench"; "--threads"; "0" ] [ "--threads: expected a whole number of at least 1" ]
    refuses [ "bench"; "--threads"; "100k" ] [ "--threads: expected at most" ]
    refuses [ "bench"; "--json"; Path.GetDirectoryName file ] [ "--json: expected a file's name" ]
    refuses [ "bench"; "--json"; Path.Combine(scratch.Path "none", "b.json") ] [ "in a folder that exists" ]
    refuses [ "bench"; "--save"; file ] [ "--save: expected a folder" ]
    // Before anything is measured, not after.
    refuses [ "bench"; "--save"; Path.Combine(file, "inside") ] [ "--save: expected a folder that can be made" ]
    refuses [ "bench"; "--quik" ] [ "Did you mean --quick?" ]
