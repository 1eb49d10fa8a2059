module Iql.Scripts.Tests.HalvesTests

open Iql
open Iql.Scripts
open Expecto
open Iql.Tests

let private draws = Seed.Named "halves"

[<Tests>]
let tests =
    testList "HalvesTests" [
        testCase "the expected maximum is that of all tuples" (fun () ->
            let scores = [| 3.0; 10.0; 3.0; 7.0; 8.0 |]

            let all = [
                for a in scores do
                    for b in scores do
                        for c in scores -> List.max [ a; b; c ]
            ]

            Expect.floatClose Accuracy.high (Halves.expectedMaximum 3 scores) (List.average all) "three tries"
            Expect.floatClose Accuracy.high (Halves.expectedMaximum 1 scores) (Array.average scores) "one try"
            Expect.floatClose Accuracy.high (Halves.expectedMaximum 1000000 scores) 10.0 "many tries")

        testCase "each seed of two chooses once, and the other scores" (fun () ->
            // Seed 0 chooses the second cell (3, then 0), seed 1 the first (2, then 1).
            let best = Halves.best draws (Blocks.ofRows [| [| 1.0; 2.0 |]; [| 3.0; 0.0 |] |])
            Expect.equal (best.Claimed, best.Confirmed, best.Optimism) (2.5, 0.5, 2.0) "scores"
            Expect.equal best.Chosen [| 0.5; 0.5 |] "chosen")

        testCase "cells that tie share the choice" (fun () ->
            let best = Halves.best draws (Blocks.ofRows [| [| 5.0; 5.0 |]; [| 5.0; 1.0 |]; [| 0.0; 0.0 |] |])
            Expect.equal best.Chosen [| 0.75; 0.25; 0.0 |] "chosen"
            Expect.equal best.Confirmed 4.0 "seed 0 cannot choose: 5 or 1; seed 1 chooses 5")

        testRows "of equal cells nothing is confirmed, with few seeds and with many" [ 3; 10; 20 ] (fun seeds ->
            let blocks =
                Blocks.ofRows (
                    Array.init 60 (fun c ->
                        Array.init seeds (fun k -> draws.Normal(uint64 (1000 * seeds + 30 * c + k))))
                )

            let best = Halves.best draws blocks
            Expect.isGreaterThan best.Claimed (1.2 / sqrt (float seeds)) "claimed"
            Expect.isLessThan (abs best.Confirmed) (2.5 / sqrt (float seeds)) "confirmed"
            Expect.floatClose Accuracy.high (Array.sum best.Chosen) 1.0 "chosen")

        testCase "one try is a random cell, and many tries are the best" (fun () ->
            let blocks = Blocks.ofRows [| [| 1.0; 3.0; 2.0 |]; [| 9.0; 8.0; 7.0 |]; [| 4.0; 5.0; 6.0 |] |]
            let one = Halves.ofTries draws blocks 1
            Expect.floatClose Accuracy.high one.Claimed 5.0 "claimed"
            Expect.floatClose Accuracy.high one.Confirmed 5.0 "confirmed"
            let many = Halves.ofTries draws blocks 100000
            Expect.floatClose Accuracy.high many.Confirmed (Halves.best draws blocks).Confirmed "many")
    ]
