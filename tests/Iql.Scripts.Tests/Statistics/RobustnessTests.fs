module Iql.Scripts.Tests.RobustnessTests

open Iql.Scripts
open Expecto
open Iql.Tests

let private tukey = {
    Confidence = 0.95
    Means = [| 50.0; 90.0; 80.0; 100.0; 95.0; 60.0 |]
    Reach = Array.create 6 (8.0 / sqrt 2.0)
}

[<Tests>]
let tests =
    testList "RobustnessTests" [
        testCase "values weigh half the way to each neighbour, in logarithms on a logarithmic axis" (fun () ->
            Expect.equal (Robustness.spacing false [| 0.0; 1.0; 4.0 |]) [| 0.125; 0.5; 0.375 |] "linear"

            for weight, expected in Array.zip (Robustness.spacing true [| 1.0; 10.0; 1000.0 |]) [| 1.0; 3.0; 2.0 |] do
                Expect.floatClose Accuracy.high weight (expected / 6.0) "logarithmic"

            Expect.equal (Robustness.spacing true [| 0.0; 1.0 |]) [| 0.5; 0.5 |] "no logarithm of 0"

            Expect.equal
                (Robustness.weights [ [| 0.25; 0.75 |]; [| 0.5; 0.5 |] ])
                [| 0.125; 0.125; 0.375; 0.375 |]
                "cells")

        testCase "the volume counts cells near the best, and its band what Tukey leaves open" (fun () ->
            let volume = Robustness.volume (Array.create 6 (1.0 / 6.0)) tukey
            let sixths (count: int) = float count / 6.0
            let at = volume 10.0
            Expect.floatClose Accuracy.high at.Value (sixths 3) "100, 95, 90"
            Expect.floatClose Accuracy.high at.Interval.Low (sixths 1) "surely 100"
            Expect.floatClose Accuracy.high at.Interval.High (sixths 3) "80 is surely 12 behind"
            Expect.floatClose Accuracy.high (volume 12.0).Interval.High (sixths 4) "80 may be 12 behind"
            Expect.floatClose Accuracy.high (volume 100.0).Interval.Low 1.0 "all")

        testCase "a plateau ends at the first value below it" (fun () ->
            // Two rows of three: 50 90 80 and 100 95 60.
            Expect.equal (Robustness.plateau [ 2; 3 ] 1 5.0 tukey.Means) (0, 1) "along the row"
            Expect.equal (Robustness.plateau [ 2; 3 ] 1 40.0 tukey.Means) (0, 2) "wider"
            Expect.equal (Robustness.plateau [ 2; 3 ] 0 49.0 tukey.Means) (1, 1) "along the column")
    ]
