module Iql.Scripts.Tests.StatisticsTests

open System
open FsCheck
open FsCheck.FSharp
open Iql
open Iql.Scripts
open Iql.Scripts.Statistics
open Expecto
open Iql.Tests

let private seed = Seed.Named "statistics tests"

let private draws (replicates: int) (confidence: float) : Bootstrap = {
    Seed = seed
    Replicates = replicates
    Confidence = confidence
}

let private close (expected: float) (actual: float) =
    Expect.isTrue (abs (expected - actual) <= 1e-9 * (1.0 + abs expected)) $"expected {expected}, got {actual}"

/// Between one and thirty scores from −20 to 120, with ties.
let private scores = gen {
    let! count = Gen.choose (1, 30)
    return! Gen.arrayOfLength count (Gen.choose (-40, 240) |> Gen.map (fun i -> float i / 2.0))
}

[<Tests>]
let tests =
    testList "StatisticsTests" [
        testCase "mean and sample standard deviation of hand numbers" (fun () ->
            close 5.0 (mean [| 2.0; 4.0; 4.0; 4.0; 5.0; 5.0; 7.0; 9.0 |])
            close (sqrt (32.0 / 7.0)) (std [| 2.0; 4.0; 4.0; 4.0; 5.0; 5.0; 7.0; 9.0 |])
            Expect.isNaN (std [| 3.0 |]) "std")

        testCase "rank correlation counts pairs, and ties count for neither side" (fun () ->
            close (4.0 / 6.0) (rankCorrelation [| 1.0; 2.0; 3.0; 4.0 |] [| 10.0; 30.0; 20.0; 40.0 |])
            close -1.0 (rankCorrelation [| 1.0; 2.0; 3.0 |] [| 3.0; 2.0; 1.0 |])
            // Of three pairs one ties in x: two agree of √(2 · 3).
            close (2.0 / sqrt 6.0) (rankCorrelation [| 1.0; 1.0; 2.0 |] [| 1.0; 2.0; 3.0 |])
            Expect.isNaN (rankCorrelation [| 1.0; 1.0 |] [| 1.0; 2.0 |]) "no order")

        testCase "quantiles lie between order statistics" (fun () ->
            let xs = [| 4.0; 1.0; 3.0; 2.0 |]
            close 1.0 (quantile 0.0 xs)
            close 1.75 (quantile 0.25 xs)
            close 2.5 (median xs)
            close 4.0 (quantile 1.0 xs))

        testCase "interquartile mean drops a quarter rounded down from each end" (fun () ->
            close 2.0 (iqm [| 1.0; 2.0; 3.0 |]) // floor(3/4) = 0: the plain mean
            close 2.5 (iqm [| 100.0; 2.0; 3.0; -50.0 |])
            close 4.0 (iqm [| 0.0; 3.0; 4.0; 5.0; 1000.0 |])
            close 4.5 (iqm [| 1.0; 2.0; 3.0; 4.0; 5.0; 6.0; 7.0; 8.0 |])
            // Squares: the middle six of twelve have another mean than the middle four or eight.
            close ((16.0 + 25.0 + 36.0 + 49.0 + 64.0 + 81.0) / 6.0) (iqm [| for i in 1.0 .. 12.0 -> i * i |]))

        testCase "optimality gap counts only what is missing to the target" (fun () ->
            close 30.0 (optimalityGap 100.0 [| 40.0; 100.0; 180.0; 40.0 |])
            close 0.0 (optimalityGap 100.0 [| 120.0; 100.0 |]))

        testCase "win rate counts ties half" (fun () ->
            close (4.5 / 6.0) (winRate [| 3.0; 2.0; 5.0 |] [| 1.0; 3.0 |])
            close 0.5 (winRate [| 1.0; 2.0 |] [| 1.0; 2.0 |]))

        testCase "probability of improvement is the mean over tasks of uneven run counts" (fun () ->
            close 0.75 (probabilityOfImprovement [| [| 9.0 |]; [| 1.0; 1.0; 1.0 |] |] [| [| 1.0; 2.0 |]; [| 1.0 |] |]))

        testCase "aggregates are those that rliable publishes for its example" (fun () ->
            // google-research/rliable, tests/rliable/metrics_test.py; here task by task.
            let x = [| [| 1.0; 2.0; 1.0; 2.0 |]; [| 2.0; 2.0; 1.0; 1.0 |] |]
            let y = [| [| 1.0; 2.0; 3.0 |]; [| 1.0; 2.0; 3.0 |] |]
            Expect.equal (List.map (fun f -> f x) [ medianOfTasks; meanOfTasks; iqmOfTasks ]) [ 1.5; 1.5; 1.5 ] "x"
            Expect.equal (List.map (fun f -> f y) [ medianOfTasks; meanOfTasks; iqmOfTasks ]) [ 2.0; 2.0; 2.0 ] "y"
            close (1.0 / 3.0) (probabilityOfImprovement x y))

        testCase "a performance profile counts runs strictly above a bound, task by task" (fun () ->
            let scores = [| [| 10.0; 50.0; 90.0; 50.0 |]; [| 60.0 |] |]

            Expect.equal
                (List.map (fun bound -> shareAbove bound scores) [ 0.0; 50.0; 90.0 ])
                [ 1.0; 0.625; 0.0 ]
                "shares")

        testCase
            "sum, median and optimality gap over tasks are of tasks' means, of tasks' means, of all runs"
            (fun () ->
                let scores = [| [| 10.0; 20.0 |]; [| 90.0 |]; [| 150.0; 50.0; 40.0 |] |]
                close (15.0 + 90.0 + 80.0) (sumOfTasks scores)
                close 80.0 (medianOfTasks scores)
                close (100.0 - (10.0 + 20.0 + 90.0 + 100.0 + 50.0 + 40.0) / 6.0) (optimalityGapOfTasks 100.0 scores))

        testCase "two methods are drawn apart, task by task" (fun () ->
            // Every resample keeps a task's runs in their task and a method's in their method: the difference of sums
            // stays within what each task can give.
            let xs = [| [| 1.0; 2.0 |]; [| 10.0; 20.0 |] |]
            let ys = [| [| 100.0; 200.0; 300.0 |]; [| 1000.0 |] |]

            let estimate = bootstrapTwoTasks (draws 500 0.999) (fun a b -> sumOfTasks a - sumOfTasks b) xs ys

            close (1.5 + 15.0 - 200.0 - 1000.0) estimate.Value

            Expect.isTrue
                (estimate.Interval.Low >= 11.0 - 1300.0 && estimate.Interval.High <= 22.0 - 1100.0)
                "what holds"

            Expect.isTrue
                (estimate.Interval.Low < estimate.Value && estimate.Interval.High > estimate.Value)
                "what holds")

        testCase "Wilson's interval of eight in ten and of the ends" (fun () ->
            // By hand at z = 1.959964: centre (0.8 + 0.192073) / 1.384146, half width 0.226567.
            let eight = wilson 0.95 8 10
            Expect.equal eight.Value 0.8 "eight"
            Expect.floatClose (Accuracy.decimals 4) eight.Interval.Low 0.4902 "low of eight"
            Expect.floatClose (Accuracy.decimals 4) eight.Interval.High 0.9433 "high of eight"
            let none = wilson 0.95 0 10
            Expect.equal none.Interval.Low 0.0 "low of none"
            Expect.floatClose (Accuracy.decimals 4) none.Interval.High 0.2775 "high of none"
            Expect.equal (wilson 0.95 10 10).Interval.High 1.0 "high of wilson 0.95 10 10")

        testCase "bootstrap of one number is that number" (fun () ->
            let estimate = bootstrap (draws 100 0.95) mean [| 7.0 |]

            Expect.equal estimate { Value = 7.0; Interval = { Low = 7.0; High = 7.0 } } "estimate")

        testCase "bootstrap of the mean has the width theory gives" (fun () ->
            // 100 numbers 0..99: the standard error of the bootstrap mean is 28.866 / 10, so the interval is near
            // ±1.96 × 2.8866.
            let estimate = bootstrap (draws 20000 0.95) mean (Array.init 100 float)
            Expect.equal estimate.Value 49.5 "estimate"
            Expect.between 43.6 44.1 estimate.Interval.Low "low of estimate"
            Expect.between 54.9 55.4 estimate.Interval.High "high of estimate")

        testCase "the same seed gives the same interval and another seed another" (fun () ->
            let xs = Array.init 12 (fun i -> float (i * i))
            Expect.equal (bootstrap (draws 500 0.9) iqm xs) (bootstrap (draws 500 0.9) iqm xs) "bootstrap"

            Expect.notEqual
                (bootstrap { draws 500 0.9 with Seed = Seed.Named "another" } iqm xs)
                (bootstrap (draws 500 0.9) iqm xs)
                "bootstrap")

        testCase "tasks are resampled apart" (fun () ->
            // Pooling would mix 0 and 100; within its task each number can only be itself.
            let estimate = bootstrapTasks (draws 200 0.95) meanOfTasks [| [| 0.0; 0.0; 0.0 |]; [| 100.0 |] |]

            Expect.equal estimate { Value = 50.0; Interval = { Low = 50.0; High = 50.0 } } "estimate")

        testCase "difference of equal groups holds zero and of far groups does not" (fun () ->
            let xs = [| 1.0; 2.0; 3.0; 4.0 |]

            let difference xs ys =
                bootstrapTwoTasks (draws 2000 0.95) (fun xs ys -> meanOfTasks xs - meanOfTasks ys) [| xs |] [| ys |]

            let same = difference xs xs

            Expect.isTrue
                (same.Interval.Low < 0.0 && same.Interval.High > 0.0)
                "low of same is below 0.0 and high of same is above 0.0"

            let far = difference (xs |> Array.map ((+) 50.0)) xs
            Expect.equal far.Value 50.0 "far"
            Expect.isGreaterThan far.Interval.Low 40.0 "low of far")

        testCase "no runs is an error that says so" (fun () ->
            let error = Expect.raises<ArgumentException> (fun () -> iqm [||] |> ignore) "iqm"
            Expect.stringContains error.Message "expected at least one number" "message of error")

        testSeeded
            200
            "interquartile mean lies between the quartiles' neighbours and moves with a shift"
            (Prop.forAll (Arb.fromGen scores) (fun xs ->
                let value = iqm xs

                value >= Array.min xs - 1e-9
                && value <= Array.max xs + 1e-9
                && abs (iqm (xs |> Array.map ((+) 10.0)) - value - 10.0) < 1e-9))

        testSeeded
            200
            "win rates of two groups add up to one"
            (Prop.forAll (Gen.zip scores scores |> Arb.fromGen) (fun (xs, ys) ->
                abs (winRate xs ys + winRate ys xs - 1.0) < 1e-9))

        testSeeded
            200
            "quantiles never fall as p grows"
            (Prop.forAll (Arb.fromGen scores) (fun xs ->
                [ 0.0..0.05..1.0 ]
                |> List.map (fun p -> quantile p xs)
                |> List.pairwise
                |> List.forall (fun (a, b) -> a <= b + 1e-12)))

        testSeeded
            200
            "Wilson's interval holds the share and narrows with trials"
            (Prop.forAll
                (Gen.choose (1, 200)
                 |> Gen.bind (fun n -> Gen.choose (0, n) |> Gen.map (fun k -> k, n))
                 |> Arb.fromGen)
                (fun (k, n) ->
                    let one = wilson 0.95 k n
                    let ten = wilson 0.95 (10 * k) (10 * n)

                    one.Interval.Low <= one.Value
                    && one.Value <= one.Interval.High
                    && ten.Interval.High - ten.Interval.Low < one.Interval.High - one.Interval.Low))

        testSeeded
            200
            "bootstrap interval stays within the data"
            (Prop.forAll (Arb.fromGen scores) (fun xs ->
                let interval = (bootstrap (draws 50 0.95) mean xs).Interval

                interval.Low >= Array.min xs - 1e-9
                && interval.High <= Array.max xs + 1e-9
                && interval.Low <= interval.High))
    ]
