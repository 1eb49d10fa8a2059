module Iql.Core.Tests.DatasetReportTests

open System
open Iql.Data.Files
open Iql.Data.Inspection
open Iql.Data.Files.Hdf5
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetModeTests
open Xunit

let column name index (report: DatasetReport) =
    report.Columns |> Seq.find (fun c -> c.Name = name && c.Index = index)

[<Fact>]
let ``flags, episodes and the tail are counted`` () =
    let report = DatasetReport.Of(raw (steps 10 [ 2; 5 ] [ 5; 7 ]) true false)
    Assert.Equal((2L, Nullable 2L, 1L, 2), (report.Terminals, report.Timeouts, report.BothFlags, report.UnfinishedTail))
    Assert.Equal<int list>([ 3; 3; 2; 2 ], [ for e in report.Episodes -> e.Length ])
    Assert.Equal<float list>([ 3.0; 12.0; 13.0; 17.0 ], [ for e in report.Episodes -> e.Return ])

    Assert.Equal(
        (3.0, 12.5, 17.0, 11.25),
        (report.Returns.Min, report.Returns.Median, report.Returns.Max, report.Returns.Mean)
    )

    Assert.Equal(Nullable(), report.Discontinuities)

[<Fact>]
let ``rows that lead elsewhere than the next row are found, not those at an end`` () =
    let columns = raw (steps 10 [ 2 ] [ 6 ]) true true
    let next = columns.Observations[2..] |> Array.append <| [| 0f; 0f |]

    for row in [ 2; 4; 6; 8 ] do
        next[2 * row] <- next[2 * row] + 1f

    let report =
        DatasetReport.Of(
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
        )

    Assert.Equal(Nullable 2L, report.Discontinuities)
    Assert.Equal<int list>([ 4; 8 ], List.ofSeq report.FirstDiscontinuities)

[<Fact>]
let ``numbers that are not finite are counted per column and thrown by nobody`` () =
    let columns = raw (steps 10 [] []) true true
    columns.Observations[2 * 3 + 1] <- nanf
    columns.Observations[2 * 4 + 1] <- infinityf
    columns.Rewards[5] <- nanf
    let report = DatasetReport.Of columns
    Assert.Equal((1L, 1L, 8L), (let c = column "observations" 1 report in c.NaNs, c.Infinities, c.Summary.Count))
    Assert.Equal((1L, 0L), (let c = column "rewards" 0 report in c.NaNs, c.Infinities))
    Assert.Equal((0L, 0L), (let c = column "observations" 0 report in c.NaNs, c.Infinities))
    Assert.Contains(report.Findings, fun finding -> finding.StartsWith "observations[1] holds 1 NaN and 1 infinite")
    Assert.Contains("1 NaN, 1 infinite", report.ToText())

[<Fact>]
let ``constant columns, actions outside the box and duplicate rows are told`` () =
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
    Assert.True((column "observations" 0 report).IsConstant)
    Assert.False((column "observations" 1 report).IsConstant)
    Assert.Equal(0.25, report.ActionsOutside)
    Assert.Equal(4L, report.DuplicateRows)
    Assert.Equal<struct (float32 * int64) list>([ struct (1f, 8L) ], List.ofSeq report.RewardValues)
    Assert.Equal(5, report.Findings.Length)

/// A walk in steps of at most 0.1 that begins anew, up to 10 away, behind the rows named; time-outs stand where they are said to.
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

[<Fact>]
let ``time-outs in step with the episodes raise no suspicion`` () =
    let begins = [ 199..200..1999 ]
    let report = DatasetReport.Of(walk 2000 begins begins)
    Assert.Equal((Nullable 0, 0), (report.SuspectedDiscontinuities, report.ContinuedTimeouts))
    Assert.DoesNotContain(report.Findings, fun finding -> finding.Contains "time-outs" || finding.Contains "no step")

[<Fact>]
let ``time-outs out of step are found without next observations, and by how much`` () =
    let begins = [ 199..200..1999 ]

    for shift, told in [ 3, "3 rows too late"; -2, "2 rows too early" ] do
        let report = DatasetReport.Of(walk 2000 begins (begins |> List.map ((+) shift)))
        // The last episode's end is the file's.
        Assert.Equal((Nullable 9, Nullable(-shift)), (report.SuspectedDiscontinuities, report.FlagOffset))
        Assert.Equal(199, report.FirstDiscontinuities[0])
        Assert.True(report.ContinuedTimeouts >= 8)
        Assert.Contains(report.Findings, fun finding -> finding.Contains told)
        Assert.Contains(report.Findings, fun finding -> finding.Contains "out of step with the episodes")

[<Fact>]
let ``ends that are not flagged at all are found`` () =
    let report = DatasetReport.Of(walk 2000 [ 499; 999; 1499 ] [])
    Assert.Equal((Nullable 3, Nullable()), (report.SuspectedDiscontinuities, report.FlagOffset))
    Assert.Equal<int list>([ 499; 999; 1499 ], List.ofSeq report.FirstDiscontinuities)
    Assert.Contains(report.Findings, fun finding -> finding.Contains "ends may be missing")

[<Fact>]
let ``a time-out whose next observation is the next row's goes on`` () =
    let columns = raw (steps 10 [] [ 3; 6 ]) true true
    let next = (columns.Observations |> Array.skip 2 |> Array.append <| [| 0f; 0f |])
    next[2 * 6] <- next[2 * 6] + 1f

    let report =
        DatasetReport.Of(
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
        )

    Assert.Equal((1, Nullable()), (report.ContinuedTimeouts, report.SuspectedDiscontinuities))

[<Fact>]
let ``both modes are foretold as they load`` () =
    forAllSteps (fun steps ->
        let columns = raw steps true false

        DatasetReport.Of(columns).Modes
        |> Seq.forall (fun told ->
            try
                let selection, t = load columns told.Mode None

                told.Rows = t.Count
                && told.DroppedTimeouts = selection.DroppedTimeouts
                && told.DroppedLast = selection.DroppedLast
            with :? IO.InvalidDataException as refusal ->
                told.Rows = 0 && told.Refusal = refusal.Message))

[<Fact>]
let ``a summary is NumPy's quantiles and moments`` () =
    let summary = Summary.Of(ReadOnlySpan [| 4f; 1f; 3f; 10f; nanf |])

    Assert.Equal(
        (4L, 1.0, 2.5, 3.5, 5.5, 10.0, 4.5),
        (summary.Count,
         summary.Min,
         summary.LowerQuartile,
         summary.Median,
         summary.UpperQuartile,
         summary.Max,
         summary.Mean)
    )

    Assert.Equal(sqrt 11.25, summary.Deviation, 1e-12)
    Assert.Equal(1.06, summary.Percentile1, 1e-12)

[<Fact>]
let ``quantiles of a long column come from an even sample`` () =
    let numbers = Array.init 1_000_003 (fun i -> float32 (i % 1000))
    let summary = Summary.Of(ReadOnlySpan numbers)
    Assert.Equal((1_000_003L, 0.0, 999.0), (summary.Count, summary.Min, summary.Max))
    Assert.Equal(499.5, summary.Mean, 0.01)
    Assert.Equal(499.5, summary.Median, 5.0)

[<Fact>]
let ``a histogram counts every finite number once`` () =
    forAllSteps (fun steps ->
        let rewards = steps |> Array.map _.Reward
        let histogram = Histogram.Of(ReadOnlySpan rewards, 7)

        Seq.sum histogram.Counts = int64 rewards.Length
        && histogram.Edges.Length = histogram.Counts.Length + 1
        && histogram.Edges[0] = float (Array.min rewards)
        && Seq.last histogram.Edges = float (Array.max rewards))

    Assert.Equal<int64 list>(
        [ 2L; 1L; 2L ],
        List.ofSeq (Histogram.Of(ReadOnlySpan [| 0f; 0.9f; 1f; 2f; 3f; nanf |], 3)).Counts
    )

    Assert.Empty(Histogram.Of(ReadOnlySpan [| nanf |]).Counts)

[<Fact>]
let ``the door and hopper files are told right`` () =
    let door =
        DatasetReport.Of(DatasetFile.Read(shared "data/hdf5/door-human-replayed.hdf5"))

    Assert.Equal(
        (6729, 39, 28, 25, 0L, Nullable 25L),
        (door.Rows, door.ObservationSize, door.ActionSpace.Size, door.Episodes.Length, door.Terminals, door.Timeouts)
    )

    Assert.Equal<int list>([ 6704; 6704 ], [ for mode in door.Modes -> mode.Rows ])

    let hopper =
        DatasetReport.Of(DatasetFile.Read(shared "data/hdf5/hopper-cs285-expert.hdf5"))

    Assert.Equal((2000, 2, Nullable 0L), (hopper.Rows, hopper.Episodes.Length, hopper.Discontinuities))
    Assert.Equal<int list>([ 1998; 2000 ], [ for mode in hopper.Modes -> mode.Rows ])
    Assert.Contains("observations                 float64    [2000, 11]", hopper.ToText())
