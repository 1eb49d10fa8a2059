module Iql.Core.Tests.DatasetReportTests

open System
open Iql.Data.Files
open Iql.Data.Inspection
open Iql.Data.Files.Hdf5
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetModeTests
open Expecto
open Iql.Tests

let column name index (report: DatasetReport) = report.Columns |> Seq.find (fun c -> c.Name = name && c.Index = index)

/// A walk in steps of at most 0.1 that begins anew, up to 10 away, behind the rows named; time-outs stand where they
/// are said to.
let private walk n begins timeouts =
    let random = Random 11
    let mutable position = [| 0f; 0f |]

    let observations =
        Array.concat [
            for row in 0 .. n - 1 do
                let here = position

                position <-
                    if List.contains row begins then
                        [| 10f * random.NextSingle() - 5f + (if here[0] > 0f then -10f else 10f); 3f |]
                    else
                        here |> Array.map (fun x -> 0.999f * x + 0.2f * random.NextSingle() - 0.1f)

                here
        ]

    RawDataset(
        Name = "walk",
        Source = "walk",
        ObservationSize = 2,
        ActionSize = 1,
        Observations = observations,
        Actions = Array.init n (fun _ -> 0.5f * random.NextSingle()),
        Rewards = Array.init n float32,
        Terminals = Array.zeroCreate n,
        Timeouts = Array.init n (fun row -> List.contains row timeouts)
    )

/// The same columns, with next observations of their own.
let private leadingTo next (columns: RawDataset) =
    RawDataset(
        Name = "x",
        Source = "x",
        ObservationSize = 2,
        ActionSize = 1,
        Observations = columns.Observations,
        Actions = columns.Actions,
        Rewards = columns.Rewards,
        Terminals = columns.Terminals,
        Timeouts = columns.Timeouts,
        NextObservations = next
    )

[<Tests>]
let tests =
    testList "DatasetReportTests" [
        testCase "flags, episodes and the tail are counted" (fun () ->
            let report = DatasetReport.Of(raw (steps 10 [ 2; 5 ] [ 5; 7 ]) true false)

            Expect.equal
                (report.Terminals, report.Timeouts, report.BothFlags, report.UnfinishedTail)
                (2L, Nullable 2L, 1L, 2)
                "terminals of report and more"

            Expect.equal [ for e in report.Episodes -> e.Length ] [ 3; 3; 2; 2 ] "length of e"
            Expect.equal [ for e in report.Episodes -> e.Return ] [ 3.0; 12.0; 13.0; 17.0 ] "return of e"

            Expect.equal
                (report.Returns.Min, report.Returns.Median, report.Returns.Max, report.Returns.Mean)
                (3.0, 12.5, 17.0, 11.25)
                "min of report and more"

            Expect.equal report.Discontinuities (Nullable()) "discontinuities of report")

        testCase "rows that lead elsewhere than the next row are found, not those at an end" (fun () ->
            let columns = raw (steps 10 [ 2 ] [ 6 ]) true true
            let next = columns.Observations[2..] |> Array.append <| [| 0f; 0f |]

            for row in [ 2; 4; 6; 8 ] do
                next[2 * row] <- next[2 * row] + 1f

            let report = leadingTo next columns |> DatasetReport.Of

            Expect.equal report.Discontinuities (Nullable 2L) "discontinuities of report"
            Expect.equal (List.ofSeq report.FirstDiscontinuities) [ 4; 8 ] "first discontinuities of report")

        testCase "numbers that are not finite are counted per column and thrown by nobody" (fun () ->
            let columns = raw (steps 10 [] []) true true
            columns.Observations[2 * 3 + 1] <- nanf
            columns.Observations[2 * 4 + 1] <- infinityf
            columns.Rewards[5] <- nanf
            let report = DatasetReport.Of columns

            Expect.equal
                (let c = column "observations" 1 report in c.NaNs, c.Infinities, c.Summary.Count)
                (1L, 1L, 8L)
                "na ns of c, infinities of c, count of summary of c"

            Expect.equal
                (let c = column "rewards" 0 report in c.NaNs, c.Infinities)
                (1L, 0L)
                "na ns of c, infinities of c"

            Expect.equal
                (let c = column "observations" 0 report in c.NaNs, c.Infinities)
                (0L, 0L)
                "na ns of c, infinities of c"

            Expect.exists
                report.Findings
                (fun finding -> finding.StartsWith "observations[1] has numbers that are not finite in float32 (1")
                "findings of report"

            Expect.stringContains (report.ToText()) "1 NaN, 1 infinite" "to text of report")

        testCase "constant columns, actions outside the box and duplicate rows are told" (fun () ->
            let n = 8

            let columns =
                RawDataset(
                    Name = "x",
                    Source = "x",
                    ObservationSize = 2,
                    ActionSize = 1,
                    Observations = Array.init (2 * n) (fun k -> if k % 2 = 0 then 4f else float32 (k / 4)),
                    Actions = Array.init n (fun i -> if i < 2 then -1.5f else 1f),
                    Rewards = Array.create n 1f,
                    Terminals = Array.zeroCreate n,
                    Timeouts = Array.zeroCreate n
                )

            let report = DatasetReport.Of columns
            Expect.isTrue (column "observations" 0 report).IsConstant "is constant of column 'observations'"
            Expect.isFalse (column "observations" 1 report).IsConstant "is constant of column 'observations'"
            Expect.equal report.ActionsOutside 0.25 "actions outside of report"
            Expect.equal report.DuplicateRows 4L "duplicate rows of report"
            Expect.equal (List.ofSeq report.RewardValues) [ struct (1f, 8L) ] "reward values of report"
            Expect.hasLength report.Findings 5 "findings of report")

        testCase "time-outs in step with the episodes raise no suspicion" (fun () ->
            let begins = [ 199..200..1999 ]
            let report = DatasetReport.Of(walk 2000 begins begins)

            Expect.equal
                (report.SuspectedDiscontinuities, report.ContinuedTimeouts)
                (Nullable 0, 0)
                "suspected discontinuities of report, continued timeouts of report"

            Expect.none
                report.Findings
                (fun finding -> finding.Contains "time-outs" || finding.Contains "no step")
                "findings of report")

        testCase "time-outs out of step are found without next observations, and by how much" (fun () ->
            let begins = [ 199..200..1999 ]

            for shift, told in [ 3, "3 rows too late"; -2, "2 rows too early" ] do
                let report = DatasetReport.Of(walk 2000 begins (begins |> List.map ((+) shift)))
                // The last episode's end is the file's.
                Expect.equal
                    (report.SuspectedDiscontinuities, report.FlagOffset)
                    (Nullable 9, Nullable(-shift))
                    "suspected discontinuities of report, flag offset of report"

                Expect.equal report.FirstDiscontinuities[0] 199 "first discontinuity 0 of report"
                Expect.isGreaterThanOrEqual report.ContinuedTimeouts 8 "continued timeouts of report"
                Expect.exists report.Findings (fun finding -> finding.Contains told) "findings of report"

                Expect.exists
                    report.Findings
                    (fun finding -> finding.Contains "out of step with the episodes")
                    "findings of report")

        testCase "ends that are not flagged at all are found" (fun () ->
            let report = DatasetReport.Of(walk 2000 [ 499; 999; 1499 ] [])

            Expect.equal
                (report.SuspectedDiscontinuities, report.FlagOffset)
                (Nullable 3, Nullable())
                "suspected discontinuities of report, flag offset of report"

            Expect.equal (List.ofSeq report.FirstDiscontinuities) [ 499; 999; 1499 ] "first discontinuities of report"
            Expect.exists report.Findings (fun finding -> finding.Contains "ends may be missing") "findings of report")

        testCase "a time-out whose next observation is the next row's goes on" (fun () ->
            let columns = raw (steps 10 [] [ 3; 6 ]) true true
            let next = (columns.Observations |> Array.skip 2 |> Array.append <| [| 0f; 0f |])
            next[2 * 6] <- next[2 * 6] + 1f

            let report = leadingTo next columns |> DatasetReport.Of

            Expect.equal
                (report.ContinuedTimeouts, report.SuspectedDiscontinuities)
                (1, Nullable())
                "continued timeouts of report, suspected discontinuities of report")

        testSteps 300 "both modes are foretold as they load" (fun steps ->
            let columns = raw steps true false

            DatasetReport.Of(columns).Modes
            |> Seq.forall (fun told ->
                try
                    let selection, t = load columns told.Mode None

                    told.Rows = t.Count
                    && told.DroppedTimeouts = selection.DroppedTimeouts
                    && told.DroppedLast = selection.DroppedLast
                with :? Iql.FileException as refusal ->
                    told.Rows = 0 && told.Refusal = refusal.Message))

        testCase "a summary is NumPy's quantiles and moments" (fun () ->
            let summary = Summary.Of(ReadOnlySpan [| 4f; 1f; 3f; 10f; nanf |])

            Expect.equal
                (summary.Count,
                 summary.Min,
                 summary.LowerQuartile,
                 summary.Median,
                 summary.UpperQuartile,
                 summary.Max,
                 summary.Mean)
                (4L, 1.0, 2.5, 3.5, 5.5, 10.0, 4.5)
                "count of summary and more"

            Expect.floatClose (Accuracy.within 1e-12) summary.Deviation (sqrt 11.25) "deviation of summary"
            Expect.floatClose (Accuracy.within 1e-12) summary.Percentile1 1.06 "percentile 1 of summary")

        testCase "quantiles of a long column come from an even sample" (fun () ->
            let numbers = Array.init 1_000_003 (fun i -> float32 (i % 1000))
            let summary = Summary.Of(ReadOnlySpan numbers)

            Expect.equal
                (summary.Count, summary.Min, summary.Max)
                (1_000_003L, 0.0, 999.0)
                "count of summary, min of summary, max of summary"

            Expect.floatClose (Accuracy.within 0.01) summary.Mean 499.5 "mean of summary"
            Expect.floatClose (Accuracy.within 5.0) summary.Median 499.5 "median of summary")

        testCase "a histogram counts every finite number once" (fun () ->
            forSomeSteps 300 (fun steps ->
                let rewards = steps |> Array.map _.Reward
                let histogram = Histogram.Of(ReadOnlySpan rewards, 7)

                Seq.sum histogram.Counts = int64 rewards.Length
                && histogram.Edges.Length = histogram.Counts.Length + 1
                && histogram.Edges[0] = float (Array.min rewards)
                && Seq.last histogram.Edges = float (Array.max rewards))

            Expect.equal
                (List.ofSeq (Histogram.Of(ReadOnlySpan [| 0f; 0.9f; 1f; 2f; 3f; nanf |], 3)).Counts)
                [ 2L; 1L; 2L ]
                "counts of read only span, 3"

            Expect.isEmpty (Histogram.Of(ReadOnlySpan [| nanf |]).Counts) "counts of read only span")

        testCase "the door and hopper files are told right" (fun () ->
            let door = DatasetReport.Of(DatasetFile.Read(shared "data/hdf5/door-human-replayed.hdf5"))

            Expect.equal
                (door.Rows,
                 door.ObservationSize,
                 door.ActionSpace.Size,
                 door.Episodes.Length,
                 door.Terminals,
                 door.Timeouts)
                (6729, 39, 28, 25, 0L, Nullable 25L)
                "rows of door and more"

            Expect.equal [ for mode in door.Modes -> mode.Rows ] [ 6704; 6704 ] "rows of mode"

            let hopper = DatasetReport.Of(DatasetFile.Read(shared "data/hdf5/hopper-cs285-expert.hdf5"))

            Expect.equal
                (hopper.Rows, hopper.Episodes.Length, hopper.Discontinuities)
                (2000, 2, Nullable 0L)
                "rows of hopper and more"

            Expect.equal [ for mode in hopper.Modes -> mode.Rows ] [ 1998; 2000 ] "rows of mode"

            Expect.stringContains
                (hopper.ToText())
                "observations                 float64    [2000, 11]"
                "to text of hopper")
    ]
