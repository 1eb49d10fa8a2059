module Iql.Core.Tests.StatisticsTests

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Rows
open Iql.Environments.Tasks
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

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

[<Tests>]
let tests =
    testList "StatisticsTests" [
        testSteps 100 "statistics are what two passes in double give" (fun steps ->
            let t = transitions 3 2 steps
            let s = t.Statistics
            let count = float t.Count

            for j in 0..2 do
                let column = [ for row in 0 .. t.Count - 1 -> float (t.Observation(row)[j]) ]
                let mean = List.average column
                let deviation = sqrt ((column |> List.sumBy (fun x -> (x - mean) ** 2.0)) / count)

                Expect.floatClose
                    (Accuracy.within (1e-9 * abs mean))
                    s.ObservationMean[j]
                    mean
                    "observation mean of s at j"

                Expect.floatClose
                    (Accuracy.within (1e-9 * (1.0 + deviation)))
                    s.ObservationDeviation[j]
                    deviation
                    "observation deviation of s at j"

            let returns = trajectoryReturns t

            s.LeastTrajectoryReturn = List.min returns
            && s.GreatestTrajectoryReturn = List.max returns
            && s.Episodes = int64 t.Episodes.Length
            && List.ofSeq s.EpisodeReturns = [ for e in t.Episodes -> e.Return ]
            && List.ofSeq s.EpisodeLengths = [ for e in t.Episodes -> int64 e.Length ]
            && s.LargestReturn = (t.Episodes |> Seq.map (fun e -> abs e.Return) |> Seq.max)
            && s.ActionsOutside = (t.Actions |> Seq.averageBy (fun a -> if abs a > 1f then 1.0 else 0.0)))

        testCase "a column far from 0 keeps the digits of its deviation" (fun () ->
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

            Expect.floatClose
                (Accuracy.within 1e-12)
                t.Statistics.ObservationDeviation[0]
                0.5
                "observation deviation 0 of t")

        testCase "a row file's statistics have the bits of those in memory" (fun () ->
            withFolder (fun folder ->
                let t = (Tasks.Get "pointmaze-umaze-v0").Dataset.Collect(Seed 3UL, 30_000)
                let path = Path.Combine(folder, "maze.rows")
                RowFileWriter.Write(path, t)
                let file = RowFile path
                Expect.equal (fields file.Statistics) (fields t.Statistics) "fields"

                for rule in [ RewardRule.None; RewardRule.AntMaze; RewardRule.ReturnRange ] do
                    let one, other = Normalization.Of(t, true, rule), Normalization.Of(file, true, rule)
                    Expect.sequenceEqual other.ObservationMean one.ObservationMean "observation mean of other"

                    Expect.sequenceEqual
                        other.ObservationDeviation
                        one.ObservationDeviation
                        "observation deviation of other"

                    Expect.equal other.RewardScale one.RewardScale "reward scale of other"))

        testCase "of very many episodes evenly spaced ones are kept" (fun () ->
            let n = 3 * DatasetStatistics.MostEpisodes + 5
            let zeros = Array.zeroCreate<float32> n

            let t =
                Transitions(
                    "short",
                    1,
                    1,
                    zeros,
                    zeros,
                    Array.init n float32,
                    Array.create n true,
                    Array.zeroCreate n,
                    zeros
                )

            let kept = [ for r in t.Statistics.EpisodeReturns -> int r ]
            Expect.equal t.Statistics.Episodes (int64 n) "episodes of t"
            Expect.equal kept [ 0..4 .. n - 1 ] "kept")

        testRows
            "a task's data in pieces are its data"
            [ "pointmaze-umaze-stitch-v0", 1_010_000; "pointmaze-umaze-v0", 1_050_001 ]
            (fun (task: string, size: int) ->
                let card = Tasks.Get task
                let pieces = card.Dataset.Pieces(Seed 5UL, int64 size) |> List.ofSeq
                Expect.isGreaterThan pieces.Length 1 "length of pieces"
                let joined = Transitions.Concatenate("joined", ResizeArray pieces)

                Expect.equal
                    joined.Fingerprint
                    (card.Dataset.Collect(Seed 5UL, size).Fingerprint)
                    "fingerprint of joined")
    ]
