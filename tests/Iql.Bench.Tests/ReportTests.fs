/// What follows from figures, and how files and pages show them.
module Iql.Bench.Tests.ReportTests

open System
open System.Text.Json.Nodes
open Iql.Bench
open Iql.Cpu.Emit
open Iql.Scripts
open Iql.Training
open Xunit

/// A rate whose work and peaks are round numbers.
let rate (stepsPerSecond: float) (flop: float) : Rate = {
    Cores = Unknown
    StepsPerSecond = stepsPerSecond
    Low = 0.95 * stepsPerSecond
    High = 1.05 * stepsPerSecond
    FlopPerStep = flop
    PeakBefore = 50.0
    PeakAfter = 80.0
    BytesPerStep = 0.0
}

/// The number at the end of a path of names and places.
let numberAt (names: string list) (json: JsonNode) : float =
    let step (node: JsonNode) (name: string) =
        match Int32.TryParse name with
        | true, place -> node.[place]
        | _ -> node.[name]

    (List.fold step json names).GetValue()

let private row (case: Case) stepsPerSecond = {
    Case = case
    Rate = rate stepsPerSecond (1e8 * float case.Policies)
}

/// A session on an invented machine, others running.
let session: Session = {
    Machine = Machine("AMD EPYC(tm) 9B14", 2, 512, "an os", "a runtime")
    InstructionSet = InstructionSet.Vector512
    Version = "0.1.0"
    Commit = "abc"
    Date = DateTime(2026, 1, 2, 3, 4, 5)
    Rows = 1000
    Load = Some 2.0
}

let private report: Report = {
    Session = session
    Quick = false
    RoundTrip = Some(100.0, 400.0)
    Bandwidth = [ 1, 20.0; 2, 40.0 ]
    Cases = [
        row Case.standard 400.0
        row
            {
                Case.standard with
                    Name = "5 policies"
                    Policies = 5
            }
            200.0
        row
            {
                Case.standard with
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
    Crowded = Some(2, 0.75)
    FirstStep = Some 0.7
}

[<Fact>]
let ``shares, speed-ups and rates against the standard case are what they say`` () =
    let standard, policies, narrow = report.Cases[0], report.Cases[1], report.Cases[2]
    Assert.Equal(80.0, Rate.peak standard.Rate)
    Assert.Equal(40.0, Rate.gflops standard.Rate, 9)
    Assert.Equal(0.5, Rate.share standard.Rate, 9)
    Assert.Equal(Some 2.5, Report.speedUp report.Cases policies)

    Assert.Equal(
        Some 0.25,
        Report.relative report.Cases narrow
        |> Option.map (fun share -> Math.Round(share, 9))
    )

[<Fact>]
let ``rows of two threads are compared with rows of cores as far apart`` () =
    let twoThreads cores name hidden stepsPerSecond =
        let row =
            row
                {
                    Case.standard with
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
        twoThreads Near "2 threads" [ 256; 256 ] 800.0
        twoThreads Far "2 threads" [ 256; 256 ] 600.0
        twoThreads Far "narrow, 2 threads" [ 100; 100 ] 300.0
        twoThreads Between "narrow, 2 threads" [ 100; 100 ] 300.0
    ]

    Assert.Equal<float option list>([ Some 1.0; Some 1.0; Some 0.5; None ], List.map (Report.relative rows) rows)

    Assert.Equal("narrow, 2 threads, far", Report.label rows[2])
    Assert.Contains(("coreDistance", box "far"), Rate.fields rows[2].Rate)
    Assert.Equal("1 thread", Report.label report.Cases[0])

[<Fact>]
let ``a file is named after the processor and its vectors`` () =
    Assert.Equal("amd-epyc-9b14-vector512", Session.fileName session)

[<Fact>]
let ``every figure of a row is in the JSON and on the page`` () =
    let json = JsonNode.Parse(Report.json report)

    for names, expected in
        [
            [ "cases"; "0"; "stepsPerSecond" ], 400.0
            [ "cases"; "0"; "shareOfPeak" ], 0.5
            [ "cases"; "0"; "peakBefore" ], 50.0
            [ "cases"; "0"; "hidden"; "1" ], 256.0
            [ "cases"; "1"; "speedUpOverSeparateRuns" ], 2.5
            [ "pingPongNanoseconds"; "after" ], 400.0
            [ "crowded"; "shareOfOneThread" ], 0.75
            [ "loadAverageBefore" ], 2.0
        ] do
        Assert.Equal(expected, numberAt names json)

    let page = ReportText.markdown "picture.svg" report

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
    for row in report.Cases do
        Assert.Equal(ReportText.head.Length, (ReportText.line row).Length)

[<Fact>]
let ``kernels of a kind are added up, the longest first`` () =
    let again = {
        report with
            Kernels = report.Kernels @ report.Kernels
    }

    let kinds = Report.kinds again
    Assert.Equal<string list>([ "product"; "loop" ], [ for kind in kinds -> kind.Kind ])
    Assert.Equal<int list>([ 6; 8 ], [ for kind in kinds -> kind.Kernels ])
    Assert.Equal<float list>([ 4000.0; 200.0 ], [ for kind in kinds -> kind.Microseconds ])

[<Fact>]
let ``a roofline has two roofs and a colour a kind`` () =
    let traces = Roofline.figure report |> Plotly.NET.GenericChart.getTraces
    Assert.Equal(2 + (Report.kinds report).Length, traces.Length)
