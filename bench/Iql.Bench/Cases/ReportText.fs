namespace Iql.Bench

open Iql.Scripts

/// A report for people: lines on a terminal, a page in Markdown.
[<RequireQualifiedAccess>]
module ReportText =

    let private heads = "case" :: Rate.heads

    let private cells (row: CaseRate) = row.Case.Name :: Rate.cells row.Rate

    /// The head of the table of cases.
    let head: string = Session.line 44 heads heads

    /// One case as a line.
    let line (row: CaseRate) : string = Session.line 44 heads (cells row)

    let private kernels (report: Report) : string list list =
        let sum = Report.together "sum" report.Kernels

        [
            [ "kernels of one step"; "kernels"; "µs"; "of the time"; "GFLOP/s"; "GB/s"; "FLOP a byte" ]
            for kind in Report.kinds report @ [ sum ] do
                let perSecond amount = amount / kind.Microseconds / 1e3

                [
                    kind.Kind
                    string<int> kind.Kernels
                    Rate.digits 1 kind.Microseconds
                    Rate.percent (kind.Microseconds / sum.Microseconds)
                    Rate.digits 1 (perSecond kind.Flop)
                    Rate.digits 1 (perSecond kind.Bytes)
                    if kind.Bytes > 0.0 then Rate.digits 2 (kind.Flop / kind.Bytes) else "–"
                ]
        ]

    /// Figures that are not rates of cases: name and value.
    let private facts (report: Report) : (string * string) list = [
        match report.RoundTrip with
        | Some(before, after) ->
            let shown (nanoseconds: float) moment =
                let cores = CoreDistance.name (CoreDistance.ofNanoseconds nanoseconds)
                $"{Rate.digits 0 nanoseconds} ns {moment} ({cores})"

            "round trip of a cache line", shown before "before" + ", " + shown after "after"
        | None -> ()

        for row in report.Cases do
            match Report.speedUp report.Cases row with
            | Some factor when row.Case.Policies > 1 ->
                Report.label row, $"{Rate.digits 2 factor} × as fast as separate runs"
            | _ -> ()

        let sized = [
            for row in report.Cases do
                match Report.relative report.Cases row with
                | Some share when row.Case.Runs = 1 && row.Case.Policies = 1 -> share, Report.label row
                | _ -> ()
        ]

        if sized.Length > 2 then
            let share, name = List.min sized
            "lowest rate per FLOP", $"{Rate.digits 2 share} of the standard case's ({name})"

        match report.Crowded with
        | Some(threads, share) ->
            $"{threads} threads beside a busy process", $"{Rate.digits 2 share} of one thread's rate on a quiet machine"
        | None -> ()

        for threads, rate in report.Bandwidth do
            $"memory (triad), threads: {threads}", $"{Rate.digits 1 rate} GB/s"

        match report.FirstStep with
        | Some seconds -> "process start to first step", $"{Rate.digits 2 seconds} s"
        | None -> ()
    ]

    /// What stands below the cases on a terminal.
    let closing (report: Report) : string list = [
        ""
        yield! TextTable.lines (kernels report)
        ""
        for name, value in facts report do
            name.PadRight 44 + "  " + value
        ""
        Session.machine report.Session
    ]

    /// A page that shows a picture beside it.
    let markdown (picture: string) (report: Report) : string =
        let cases = if report.Quick then " Headline cases only." else ""

        String.concat "\n" [
            $"# {Session.title report.Session}"
            ""
            Session.origin "Iql.Bench --save" report.Session + cases
            "What the columns mean stands in [docs/performance.md](../../docs/performance.md)."
            ""
            yield! TextTable.markdown (heads :: List.map cells report.Cases)
            ""
            yield! TextTable.markdown (kernels report)
            ""
            for name, value in facts report do
                $"- {name}: {value}"
            ""
            $"![Roofline: kernels of the step under the machine's limits]({picture})"
            for doubt in Report.doubts report do
                ""
                $"Note: {doubt}"
            ""
        ]
