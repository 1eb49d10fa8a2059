module Iql.Scripts.Tests.TukeyTests

open Iql
open Iql.Scripts
open Expecto
open Iql.Tests

/// Three cells on four seeds; seed 3 lifts all.
let private rows = [| [| 10.0; 12.0; 11.0; 19.0 |]; [| 20.0; 21.0; 23.0; 28.0 |]; [| 18.0; 23.0; 20.0; 31.0 |] |]

[<Tests>]
let tests =
    testList "TukeyTests" [
        testCase "blocks are finite scores of two cells and two seeds or more, as many in each cell" (fun () ->
            Expect.refuses (fun () -> Blocks.ofRows [| [| 1.0; 2.0 |] |] |> ignore) "one cell"
            Expect.refuses (fun () -> Blocks.ofRows [| [| 1.0 |]; [| 2.0 |] |] |> ignore) "one seed"
            Expect.refuses (fun () -> Blocks.ofRows [| [| 1.0; 2.0 |]; [| 2.0 |] |] |> ignore) "uneven"
            Expect.refuses (fun () -> Blocks.ofRows [| [| 1.0; nan |]; [| 2.0; 1.0 |] |] |> ignore) "NaN")

        testCase "only seeds that all cells have make blocks" (fun () ->
            let cells = [| Map [ 0, 1.0; 1, 2.0; 7, 3.0 ]; Map [ 7, 6.0; 1, 5.0; 2, 4.0 ] |]
            let blocks = Blocks.common cells |> Option.get
            Expect.equal blocks.Scores [| [| 2.0; 3.0 |]; [| 5.0; 6.0 |] |] "scores"
            Expect.isNone (Blocks.common [| cells[0]; Map [ 7, 1.0 ] |]) "one seed in common")

        testCase "what a seed does to all cells does not count as noise" (fun () ->
            let lifted = rows |> Array.map (Array.mapi (fun k score -> score + 100.0 * float k))

            Expect.floatClose
                Accuracy.high
                ((Spread.ofBlocks (Blocks.ofRows lifted)).Mean)
                ((Spread.ofBlocks (Blocks.ofRows rows)).Mean)
                "variance")

        testCase "two cells are compared as by the paired t test" (fun () ->
            let tukey = Tukey.ofBlocks 0.95 (Blocks.ofRows rows[1..2])
            let differences = Array.map2 (-) rows[1] rows[2]
            // t of three degrees of freedom at 95 %: 3.182446.
            let half = 3.182446305284263 * Statistics.std differences / 2.0
            Expect.floatClose Accuracy.high (tukey.Least(0, 1)) half "least difference")

        testCase "cells beside the best are those closer than the least difference" (fun () ->
            let tukey = Tukey.ofBlocks 0.95 (Blocks.ofRows rows)
            // q(3, 6) is 4.339 in the tables; the variance is 14 / 6 by hand, and the cells differ little in theirs.
            let even = Spread.ofBlocks (Blocks.ofRows rows)
            Expect.floatClose Accuracy.high even.Mean (14.0 / 6.0) "variance"
            Expect.equal even.Degrees 6.0 "degrees of freedom"
            let pooled = sqrt ((even.Variances[0] + even.Variances[1]) / 2.0 / 4.0)
            Expect.floatClose (Accuracy.within 0.001) (tukey.Least(0, 1)) (4.339 * pooled) "least"
            Expect.equal (Tukey.besideBest tukey) [| 1; 2 |] "beside"
            Expect.isTrue (Tukey.apart tukey 0 1) "apart"
            Expect.equal (Tukey.rivals tukey) (Some(1, 2)) "rivals"
            Expect.equal (Tukey.behind tukey).[1].Interval.Low 0.0 "the best is behind nobody"
            Expect.isLessThan (Tukey.difference tukey 0 1).Interval.High 0.0 "difference")

        testCase "where cells differ in spread, each is judged by its own" (fun () ->
            let draws = Seed.Named "uneven cells"
            let deviation cell = if cell < 12 then 0.1 else 10.0
            let score cell k = deviation cell * draws.Normal(uint64 (100 * cell + k))
            let blocks = Blocks.ofRows (Array.init 24 (fun cell -> Array.init 10 (score cell)))
            let spread = Spread.ofBlocks blocks
            Expect.isLessThan spread.Degrees 20.0 "degrees of freedom"
            Expect.isLessThan spread.MeanDegrees 150.0 "degrees of freedom of the mean"
            let tukey = Tukey.ofBlocks 0.95 blocks
            Expect.isGreaterThan (tukey.Least(20, 21)) (1.4 * tukey.Least(0, 1)) "noisy cells need more")

        // Simulated at length by tools/coverage.fsx.
        testCase "equal cells are told apart in few grids" (fun () ->
            let grid number =
                let draws = Seed.Named("equal cells").Split(uint64 number)
                let deviation cell = 3.0 + float cell
                let score cell k = deviation cell * draws.Normal(uint64 (100 * cell + k))
                Tukey.ofBlocks 0.95 (Blocks.ofRows (Array.init 12 (fun cell -> Array.init 5 (score cell))))

            let found = Array.init 200 grid |> Array.filter (fun tukey -> (Tukey.besideBest tukey).Length < 12)
            Expect.isLessThan found.Length 20 "of 200")
    ]
