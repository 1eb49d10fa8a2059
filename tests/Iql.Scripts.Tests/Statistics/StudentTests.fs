module Iql.Scripts.Tests.StudentTests

open Iql.Scripts
open Iql.Scripts.Statistics
open Expecto
open Iql.Tests

let private holds (value: float) (half: float) (estimate: Estimate) =
    Expect.floatClose (Accuracy.within 1e-6) estimate.Value value "value"
    Expect.floatClose (Accuracy.within 1e-6) estimate.Interval.Low (value - half) "low"
    Expect.floatClose (Accuracy.within 1e-6) estimate.Interval.High (value + half) "high"

// Bounds of t at 95 % from the tables: 4.3026527 with two degrees of freedom, 2.7764451 with four.
[<Tests>]
let tests =
    testList "StudentTests" [
        testCase "a mean's interval is t deviations of the mean wide" (fun () ->
            Student.ofRuns 0.95 [| 1.0; 2.0; 3.0 |] |> holds 2.0 (4.302652730 / sqrt 3.0))

        testCase "a single run has no interval, and equal runs have a point" (fun () ->
            Student.ofRuns 0.95 [| 7.0 |] |> holds 7.0 0.0
            Student.ofRuns 0.95 [| 7.0; 7.0 |] |> holds 7.0 0.0)

        testCase "common seeds take out what both methods share" (fun () ->
            Student.paired 0.95 [| 11.0; 52.0; 33.0 |] [| 10.0; 50.0; 30.0 |]
            |> holds 2.0 (4.302652730 / sqrt 3.0)

            Expect.refuses (fun () -> Student.paired 0.95 [| 1.0 |] [| 1.0; 2.0 |] |> ignore) "counts")

        testCase "equal counts and spreads have the sum of their degrees of freedom" (fun () ->
            Student.unpaired 0.95 [| 1.0; 2.0; 3.0 |] [| 5.0; 6.0; 7.0 |]
            |> holds -4.0 (2.776445105 * sqrt (2.0 / 3.0)))

        testCase "tasks may have different counts of runs" (fun () ->
            // A task without spread adds no degree of freedom: two, and half the deviation.
            Student.ofTasks 0.95 [| [| 1.0; 2.0; 3.0 |]; [| 10.0; 10.0 |] |]
            |> holds 6.0 (4.302652730 / sqrt 3.0 / 2.0)

            Student.pairedTasks 0.95 [| [| 1.0; 3.0; 5.0 |]; [| 10.0; 12.0 |] |] [|
                [| 0.0; 1.0; 2.0 |]
                [| 8.0; 10.0 |]
            |]
            |> holds 2.0 (4.302652730 / sqrt 3.0 / 2.0))
    ]
