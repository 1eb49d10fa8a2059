module Iql.Core.Tests.StatisticsTests

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Rows
open Iql.Environments.Tasks
open Iql.Core.Tests.DataCases
open Xunit

/// The trajectory returns again, written as lists.
let private trajectoryReturns (t: Transitions) =
    let continues row =
        row + 1 < t.Count
        && not t.Terminals[row]
        && Array.forall2
            (fun (x: float32) (y: float32) -> x = y)
            (t.NextObservation(row).ToArray())
            (t.Observation(row + 1).ToArray())

    let rec go row sum = [
        if row < t.Count then
            let sum = sum + float t.Rewards[row]

            if continues row then
                yield! go (row + 1) sum
            else
                yield sum
                yield! go (row + 1) 0.0
    ]

    go 0 0.0

let private fields (s: DatasetStatistics) =
    [
        yield! [ float s.Episodes; float s.Terminals; float s.Timeouts ]
        yield! s.ObservationMean
        yield! s.ObservationDeviation
        yield! [
            s.LeastTrajectoryReturn
            s.GreatestTrajectoryReturn
            s.LargestReturn
            s.RewardMean
            s.ActionsOutside
        ]
        yield (if s.RewardsZeroOrOne then 1.0 else 0.0)
        yield! s.EpisodeLengths |> Seq.map float
        yield! s.EpisodeReturns
    ]
    |> List.map BitConverter.DoubleToInt64Bits

[<Fact>]
let ``statistics are what two passes in double give`` () =
    forSomeSteps 100 (fun steps ->
        let t = transitions 3 2 steps
        let s = t.Statistics
        let count = float t.Count

        for j in 0..2 do
            let column = [ for row in 0 .. t.Count - 1 -> float (t.Observation(row)[j]) ]
            let mean = List.average column
            let deviation = sqrt ((column |> List.sumBy (fun x -> (x - mean) ** 2.0)) / count)
            Assert.Equal(mean, s.ObservationMean[j], 1e-9 * abs mean)
            Assert.Equal(deviation, s.ObservationDeviation[j], 1e-9 * (1.0 + deviation))

        let returns = trajectoryReturns t

        s.LeastTrajectoryReturn = List.min returns
        && s.GreatestTrajectoryReturn = List.max returns
        && s.Episodes = int64 t.Episodes.Length
        && List.ofSeq s.EpisodeReturns = [ for e in t.Episodes -> e.Return ]
        && List.ofSeq s.EpisodeLengths = [ for e in t.Episodes -> int64 e.Length ]
        && s.LargestReturn = (t.Episodes |> Seq.map (fun e -> abs e.Return) |> Seq.max)
        && s.ActionsOutside = (t.Actions |> Seq.averageBy (fun a -> if abs a > 1f then 1.0 else 0.0)))

[<Fact>]
let ``a column far from 0 keeps the digits of its deviation`` () =
    let n = 1000
    let far = Array.init n (fun i -> 1e6f + float32 (i % 2))

    let t =
        Transitions(
            "far",
            1,
            1,
            far,
            Array.zeroCreate n,
            Array.zeroCreate n,
            Array.zeroCreate n,
            Array.zeroCreate n,
            far
        )

    Assert.Equal(0.5, t.Statistics.ObservationDeviation[0], 1e-12)

[<Fact>]
let ``a row file's statistics have the bits of those in memory`` () =
    withFolder (fun folder ->
        let t = (Tasks.Get "pointmaze-umaze-v0").Dataset.Collect(Seed 3UL, 30_000)
        let path = Path.Combine(folder, "maze.rows")
        RowFileWriter.Write(path, t)
        let file = RowFile path
        Assert.Equal<int64 list>(fields t.Statistics, fields file.Statistics)

        for rule in [ RewardRule.None; RewardRule.AntMaze; RewardRule.ReturnRange ] do
            let one, other = Normalization.Of(t, true, rule), Normalization.Of(file, true, rule)
            Assert.Equal<float32 seq>(one.ObservationMean, other.ObservationMean)
            Assert.Equal<float32 seq>(one.ObservationDeviation, other.ObservationDeviation)
            Assert.Equal(one.RewardScale, other.RewardScale))

[<Fact>]
let ``of very many episodes evenly spaced ones are kept`` () =
    let n = 3 * DatasetStatistics.MostEpisodes + 5
    let zeros = Array.zeroCreate<float32> n

    let t =
        Transitions("short", 1, 1, zeros, zeros, Array.init n float32, Array.create n true, Array.zeroCreate n, zeros)

    let kept = [ for r in t.Statistics.EpisodeReturns -> int r ]
    Assert.Equal(int64 n, t.Statistics.Episodes)
    Assert.Equal<int list>([ 0..4 .. n - 1 ], kept)

[<Theory>]
[<InlineData("pointmaze-umaze-stitch-v0", 1_010_000)>]
[<InlineData("pointmaze-umaze-v0", 1_050_001)>]
let ``a task's data in pieces are its data`` (task: string) (size: int) =
    let card = Tasks.Get task
    let pieces = card.Dataset.Pieces(Seed 5UL, int64 size) |> List.ofSeq
    Assert.True(pieces.Length > 1)
    let joined = Transitions.Concatenate("joined", ResizeArray pieces)
    Assert.Equal(card.Dataset.Collect(Seed 5UL, size).Fingerprint, joined.Fingerprint)
