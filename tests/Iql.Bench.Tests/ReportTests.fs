/// What follows from figures, and how files and pages show them.
module Iql.Bench.Tests.ReportTests

open System
open System.Text.Json.Nodes
open Iql.Bench
open Iql.Cpu.Emit
open Iql.Scripts
open Iql.Training
open Expecto
open Iql.Tests

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

let private row (case: Case) stepsPerSecond = { Case = case; Rate = rate stepsPerSecond (1e8 * float case.Policies) }

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
        row { Case.standard with Name = "5 policies"; Policies = 5 } 200.0
        row { Case.standard with Name = "width 100"; Hidden = [ 100; 100 ] } 100.0
    ]
    Kernels = [
        { Kind = "product"; Kernels = 3; Microseconds = 2000.0; Flop = 1e8; Bytes = 1e6 }
        { Kind = "loop"; Kernels = 4; Microseconds = 100.0; Flop = 1e6; Bytes = 4e6 }
    ]
    Crowded = Some(2, 0.75)
    FirstStep = Some 0.7
}

[<Tests>]
let tests =
    testSequenced
    <| testList "ReportTests" [
        testCase "shares, speed-ups and rates against the standard case are what they say" (fun () ->
            let standard, policies, narrow = report.Cases[0], report.Cases[1], report.Cases[2]
            Expect.equal (Rate.peak standard.Rate) 80.0 "peak"
            Expect.floatClose (Accuracy.decimals 9) (Rate.gflops standard.Rate) 40.0 "gflops"
            Expect.floatClose (Accuracy.decimals 9) (Rate.share standard.Rate) 0.5 "share"
            Expect.equal (Report.speedUp report.Cases policies) (Some 2.5) "speed up"

            Expect.equal
                (Report.relative report.Cases narrow |> Option.map (fun share -> Math.Round(share, 9)))
                (Some 0.25)
                "relative")

        testCase "rows of two threads are compared with rows of cores as far apart" (fun () ->
            let twoThreads cores name hidden stepsPerSecond =
                let row = row { Case.standard with Name = name; Threads = 2; Hidden = hidden } stepsPerSecond

                { row with Rate = { row.Rate with Cores = cores } }

            let rows = [
                twoThreads Near "2 threads" [ 256; 256 ] 800.0
                twoThreads Far "2 threads" [ 256; 256 ] 600.0
                twoThreads Far "narrow, 2 threads" [ 100; 100 ] 300.0
                twoThreads Between "narrow, 2 threads" [ 100; 100 ] 300.0
            ]

            Expect.equal (List.map (Report.relative rows) rows) [ Some 1.0; Some 1.0; Some 0.5; None ] "rows"

            Expect.equal (Report.label rows[2]) "narrow, 2 threads, far" "label"
            Expect.contains (Rate.fields rows[2].Rate) ("coreDistance", box "far") "fields"
            Expect.equal (Report.label report.Cases[0]) "1 thread" "label")

        testCase "a file is named after the processor and its vectors" (fun () ->
            Expect.equal (Session.fileName session) "amd-epyc-9b14-vector512" "file name of session")

        testCase "every figure of a row is in the JSON and on the page" (fun () ->
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
                Expect.equal (numberAt names json) expected "number at names json"

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
                Expect.stringContains page part "page")

        testCase "lines of the table are as long as its head" (fun () ->
            for row in report.Cases do
                Expect.equal (ReportText.line row).Length ReportText.head.Length "length of line of row")

        testCase "kernels of a kind are added up, the longest first" (fun () ->
            let again = { report with Kernels = report.Kernels @ report.Kernels }

            let kinds = Report.kinds again
            Expect.equal [ for kind in kinds -> kind.Kind ] [ "product"; "loop" ] "kind"
            Expect.equal [ for kind in kinds -> kind.Kernels ] [ 6; 8 ] "kernels of kind"
            Expect.equal [ for kind in kinds -> kind.Microseconds ] [ 4000.0; 200.0 ] "microseconds of kind")

        testCase "a roofline has two roofs and a colour a kind" (fun () ->
            let traces = Roofline.figure report |> Plotly.NET.GenericChart.getTraces
            Expect.equal traces.Length (2 + (Report.kinds report).Length) "length of traces")
    ]
