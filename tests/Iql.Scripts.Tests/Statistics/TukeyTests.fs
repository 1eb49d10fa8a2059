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
                (Blocks.restVariance (Blocks.ofRows lifted))
                (Blocks.restVariance (Blocks.ofRows rows))
                "variance")

        testCase "two cells are compared as by the paired t test" (fun () ->
            let tukey = Tukey.ofBlocks 0.95 (Blocks.ofRows rows[1..2])
            let differences = Array.map2 (-) rows[1] rows[2]
            // t of three degrees of freedom at 95 %: 3.182446.
            let half = 3.182446305284263 * Statistics.std differences / 2.0
            Expect.floatClose Accuracy.high tukey.Least half "least difference")

        testCase "cells beside the best are those closer than the least difference" (fun () ->
            let tukey = Tukey.ofBlocks 0.95 (Blocks.ofRows rows)
            // q(3, 6) is 4.339 in the tables; the rest's variance is 14 / 6 by hand.
            Expect.floatClose (Accuracy.within 0.001) tukey.Least (4.339 * sqrt (14.0 / 6.0 / 4.0)) "least"
            Expect.equal (Tukey.besideBest tukey) [| 1; 2 |] "beside"
            Expect.isTrue (Tukey.apart tukey 0 1) "apart"
            Expect.equal (Tukey.rival tukey) (Some 2) "rival"
            Expect.equal (Tukey.behind tukey).[1].Interval.Low 0.0 "the best is behind nobody"
            Expect.isLessThan (Tukey.difference tukey 0 1).Interval.High 0.0 "difference")
    ]
