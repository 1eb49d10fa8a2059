namespace Iql.Cli

open Iql.Scripts

open System
open System.Globalization
open Iql.Measurement

/// A benchmark's figures for people: lines on a terminal, a page in Markdown.
[<RequireQualifiedAccess>]
module BenchTable =

    let private fixed' = BenchRate.fixed'
    let private percent = BenchRate.percent
    let private heads = "case" :: BenchRate.heads

    let private cells (row: BenchRow) =
        row.Case.Name :: BenchRate.cells row.Rate

    let private padded = BenchRate.padded 44 heads

    /// The head of the table of cases.
    let head: string = padded heads

    /// One case as a line.
    let line (row: BenchRow) : string = padded (cells row)

    let private kernelRows (result: BenchResult) : string list list =
        let total = result.Kernels |> List.sumBy _.Microseconds

        [
            "kernels of one step", "kernels", "µs", "of the time", "GFLOP/s", "GB/s", "FLOP a byte"
            for kernel in BenchResult.kinds result do
                let seconds = kernel.Microseconds * 1e-6

                kernel.Kind,
                string<int> kernel.Kernels,
                fixed' 1 kernel.Microseconds,
                percent (kernel.Microseconds / total),
                fixed' 1 (kernel.Flop / seconds / 1e9),
                fixed' 1 (kernel.Bytes / seconds / 1e9),
                (if kernel.Bytes > 0.0 then
                     fixed' 2 (kernel.Flop / kernel.Bytes)
                 else
                     "–")
            "sum",
            result.Kernels |> List.sumBy _.Kernels |> string<int>,
            fixed' 1 total,
            percent 1.0,
            fixed' 1 ((result.Kernels |> List.sumBy _.Flop) / total / 1e3),
            fixed' 1 ((result.Kernels |> List.sumBy _.Bytes) / total / 1e3),
            ""
        ]
        |> List.map (fun (a, b, c, d, e, f, g) -> [ a; b; c; d; e; f; g ])

    /// Figures that are not rates of cases: name and value.
    let facts (result: BenchResult) : (string * string) list = [
        match result.PingPong with
        | Some(before, after) ->
            let shown (moment: string) (nanoseconds: float) =
                $"{fixed' 0 nanoseconds} ns {moment} ({BenchRate.distance (CoreDistances.Of nanoseconds)})"

            "round trip of a cache line", $"""{shown "before" before}, {shown "after" after}"""
        | None -> ()

        for row in result.Cases do
            if row.Case.InverseTemperatures.Length > 1 then
                match BenchResult.speedUp result.Cases row with
                | Some factor -> BenchResult.label row, $"{fixed' 2 factor} × as fast as separate runs"
                | None -> ()

        let odd =
            result.Cases
            |> List.filter (fun row -> row.Case.Runs = 1 && row.Case.InverseTemperatures.Length = 1)
            |> List.choose (fun row ->
                BenchResult.relative result.Cases row
                |> Option.map (fun share -> BenchResult.label row, share))

        if odd.Length > 2 then
            let name, share = odd |> List.minBy snd
            "lowest rate per FLOP", $"{fixed' 2 share} of the standard case's ({name})"

        match result.Crowded with
        | Some crowded ->
            $"{crowded.Threads} threads beside a busy process",
            $"{fixed' 1 crowded.StepsPerSecond} steps/s, {fixed' 2 (crowded.StepsPerSecond / crowded.OneThread)} of one thread's rate on a quiet machine"
        | None -> ()

        for threads, rate in result.Bandwidth do
            $"memory (triad), threads: {threads}", $"{fixed' 1 rate} GB/s"

        match result.FirstStep with
        | Some seconds -> "process start to first step", $"{fixed' 2 seconds} s"
        | None -> ()
    ]

    /// Where it was measured, on one line.
    let machine (result: BenchResult) : string =
        $"{result.Machine.Processor}, {result.Machine.Cores} cores, {(string result.InstructionSet).ToLowerInvariant()}, {result.Machine.Runtime}"

    /// What makes figures doubtful.
    let doubts (result: BenchResult) : string list = [
        match result.LoadBefore with
        | Some load when load > 0.5 ->
            $"others are running here (load average {fixed' 1 load} before the first probe): figures are lower than the machine's, and shares doubtful."
        | _ -> ()

        match result.Cases |> List.filter (fun row -> BenchRate.disturbed row.Rate) with
        | [] -> ()
        | disturbed ->
            let names =
                disturbed
                |> List.map (fun row -> $"'{BenchResult.label row}'")
                |> String.concat ", "

            $"disturbed while it was measured (peaks more than a twentieth apart, or a tenth of the windows more than a tenth below the middle): {names}."
    ]

    /// What stands below the cases on a terminal.
    let closing (result: BenchResult) : string list = [
        ""
        yield! TextTable.lines (kernelRows result)
        ""

        for name, value in facts result do
            name.PadRight 44 + "  " + value
    ]

    /// A page.
    let markdown (picture: string option) (result: BenchResult) : string =
        String.concat "\n" [
            $"# {result.Machine.Processor}, {(string result.InstructionSet).ToLowerInvariant()}"
            ""
            $"Written by `iql bench --save`. {machine result}; {result.Machine.Os}. Iql {result.Version} ({result.Commit}),"
            $"""{result.Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC{if result.Quick then ", headline cases only" else ""}. Batches are sampled out of {result.Rows} rows. What the columns mean stands in"""
            "[docs/performance.md](../../docs/performance.md)."
            ""
            yield! TextTable.markdown (heads :: List.map cells result.Cases)
            ""
            yield! TextTable.markdown (kernelRows result)
            ""
            for name, value in facts result do
                $"- {name}: {value}"
            match picture with
            | Some path ->
                ""
                $"![Roofline: kernels of the step under the machine's limits]({path})"
            | None -> ()
            for doubt in doubts result do
                ""
                $"Note: {doubt}"
            ""
        ]
