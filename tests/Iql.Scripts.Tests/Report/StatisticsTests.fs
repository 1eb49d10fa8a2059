module Iql.Scripts.Tests.StatisticsTests

open System
open FsCheck
open FsCheck.FSharp
open Iql
open Iql.Scripts
open Iql.Scripts.Statistics
open Xunit

let private seed = Seed.Named "statistics tests"

let private draws (replicates: int) (confidence: float) : Bootstrap = {
    Seed = seed
    Replicates = replicates
    Confidence = confidence
}

let private close (expected: float) (actual: float) =
    Assert.True(abs (expected - actual) <= 1e-9 * (1.0 + abs expected), $"expected {expected}, got {actual}")

let private check property =
    Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(Some { Rnd = Rnd 42UL; Size = None }), property)

/// Between one and thirty scores from −20 to 120, with ties.
let private scores = gen {
    let! count = Gen.choose (1, 30)
    return! Gen.arrayOfLength count (Gen.choose (-40, 240) |> Gen.map (fun i -> float i / 2.0))
}

[<Fact>]
let ``mean and sample standard deviation of hand numbers`` () =
    close 5.0 (mean [| 2.0; 4.0; 4.0; 4.0; 5.0; 5.0; 7.0; 9.0 |])
    close (sqrt (32.0 / 7.0)) (std [| 2.0; 4.0; 4.0; 4.0; 5.0; 5.0; 7.0; 9.0 |])
    Assert.True(Double.IsNaN(std [| 3.0 |]))

[<Fact>]
let ``quantiles lie between order statistics`` () =
    let xs = [| 4.0; 1.0; 3.0; 2.0 |]
    close 1.0 (quantile 0.0 xs)
    close 1.75 (quantile 0.25 xs)
    close 2.5 (median xs)
    close 4.0 (quantile 1.0 xs)

[<Fact>]
let ``interquartile mean drops a quarter rounded down from each end`` () =
    close 2.0 (iqm [| 1.0; 2.0; 3.0 |]) // floor(3/4) = 0: the plain mean
    close 2.5 (iqm [| 100.0; 2.0; 3.0; -50.0 |])
    close 4.0 (iqm [| 0.0; 3.0; 4.0; 5.0; 1000.0 |])
    close 4.5 (iqm [| 1.0; 2.0; 3.0; 4.0; 5.0; 6.0; 7.0; 8.0 |])

[<Fact>]
let ``optimality gap counts only what is missing to the target`` () =
    close 30.0 (optimalityGap 100.0 [| 40.0; 100.0; 180.0; 40.0 |])
    close 0.0 (optimalityGap 100.0 [| 120.0; 100.0 |])

[<Fact>]
let ``win rate counts ties half`` () =
    close (4.5 / 6.0) (winRate [| 3.0; 2.0; 5.0 |] [| 1.0; 3.0 |])
    close 0.5 (winRate [| 1.0; 2.0 |] [| 1.0; 2.0 |])

[<Fact>]
let ``probability of improvement is the mean over tasks of uneven run counts`` () =
    close 0.75 (probabilityOfImprovement [| [| 9.0 |]; [| 1.0; 1.0; 1.0 |] |] [| [| 1.0; 2.0 |]; [| 1.0 |] |])

[<Fact>]
let ``sum, median and optimality gap over tasks are of tasks' means, of tasks' means, of all runs`` () =
    let scores = [| [| 10.0; 20.0 |]; [| 90.0 |]; [| 150.0; 50.0; 40.0 |] |]
    close (15.0 + 90.0 + 80.0) (sumOfTasks scores)
    close 80.0 (medianOfTasks scores)
    close (100.0 - (10.0 + 20.0 + 90.0 + 100.0 + 50.0 + 40.0) / 6.0) (optimalityGapOfTasks 100.0 scores)

[<Fact>]
let ``two methods are drawn apart, task by task`` () =
    // Every resample keeps a task's runs in their task and a method's in their method: the difference of sums stays within what
    // each task can give.
    let xs = [| [| 1.0; 2.0 |]; [| 10.0; 20.0 |] |]
    let ys = [| [| 100.0; 200.0; 300.0 |]; [| 1000.0 |] |]

    let estimate =
        bootstrapTwoTasks (draws 500 0.999) (fun a b -> sumOfTasks a - sumOfTasks b) xs ys

    close (1.5 + 15.0 - 200.0 - 1000.0) estimate.Value

    Assert.True(
        estimate.Interval.Low >= 11.0 - 1300.0
        && estimate.Interval.High <= 22.0 - 1100.0
    )

    Assert.True(
        estimate.Interval.Low < estimate.Value
        && estimate.Interval.High > estimate.Value
    )

[<Fact>]
let ``Wilson's interval of eight in ten and of the ends`` () =
    // By hand at z = 1.959964: centre (0.8 + 0.192073) / 1.384146, half width 0.226567.
    let eight = wilson 0.95 8 10
    Assert.Equal(0.8, eight.Value)
    Assert.Equal(0.4902, eight.Interval.Low, 4)
    Assert.Equal(0.9433, eight.Interval.High, 4)
    let none = wilson 0.95 0 10
    Assert.Equal(0.0, none.Interval.Low)
    Assert.Equal(0.2775, none.Interval.High, 4)
    Assert.Equal(1.0, (wilson 0.95 10 10).Interval.High)

[<Fact>]
let ``bootstrap of one number is that number`` () =
    let estimate = bootstrap (draws 100 0.95) mean [| 7.0 |]

    Assert.Equal(
        {
            Value = 7.0
            Interval = { Low = 7.0; High = 7.0 }
        },
        estimate
    )

[<Fact>]
let ``bootstrap of the mean has the width theory gives`` () =
    // 100 numbers 0..99: standard error of the bootstrap mean is 28.866 / 10, so the interval is near ±1.96 × 2.8866.
    let estimate = bootstrap (draws 20000 0.95) mean (Array.init 100 float)
    Assert.Equal(49.5, estimate.Value)
    Assert.InRange(estimate.Interval.Low, 43.6, 44.1)
    Assert.InRange(estimate.Interval.High, 54.9, 55.4)

[<Fact>]
let ``the same seed gives the same interval and another seed another`` () =
    let xs = Array.init 12 (fun i -> float (i * i))
    Assert.Equal(bootstrap (draws 500 0.9) iqm xs, bootstrap (draws 500 0.9) iqm xs)

    Assert.NotEqual(
        bootstrap (draws 500 0.9) iqm xs,
        bootstrap
            {
                draws 500 0.9 with
                    Seed = Seed.Named "another"
            }
            iqm
            xs
    )

[<Fact>]
let ``tasks are resampled apart`` () =
    // Pooling would mix 0 and 100; within its task each number can only be itself.
    let estimate =
        bootstrapTasks (draws 200 0.95) meanOfTasks [| [| 0.0; 0.0; 0.0 |]; [| 100.0 |] |]

    Assert.Equal(
        {
            Value = 50.0
            Interval = { Low = 50.0; High = 50.0 }
        },
        estimate
    )

[<Fact>]
let ``difference of equal groups holds zero and of far groups does not`` () =
    let xs = [| 1.0; 2.0; 3.0; 4.0 |]
    let same = bootstrapDifference (draws 2000 0.95) xs xs
    Assert.True(same.Interval.Low < 0.0 && same.Interval.High > 0.0)
    let far = bootstrapDifference (draws 2000 0.95) (xs |> Array.map ((+) 50.0)) xs
    Assert.Equal(50.0, far.Value)
    Assert.True(far.Interval.Low > 40.0)

[<Fact>]
let ``no runs is an error that says so`` () =
    let error = Assert.Throws<ArgumentException>(fun () -> iqm [||] |> ignore)
    Assert.Contains("expected at least one number", error.Message)

[<Fact>]
let ``interquartile mean lies between the quartiles' neighbours and moves with a shift`` () =
    check (
        Prop.forAll (Arb.fromGen scores) (fun xs ->
            let value = iqm xs

            value >= Array.min xs - 1e-9
            && value <= Array.max xs + 1e-9
            && abs (iqm (xs |> Array.map ((+) 10.0)) - value - 10.0) < 1e-9)
    )

[<Fact>]
let ``win rates of two groups add up to one`` () =
    check (
        Prop.forAll (Gen.zip scores scores |> Arb.fromGen) (fun (xs, ys) ->
            abs (winRate xs ys + winRate ys xs - 1.0) < 1e-9)
    )

[<Fact>]
let ``quantiles never fall as p grows`` () =
    check (
        Prop.forAll (Arb.fromGen scores) (fun xs ->
            [ 0.0..0.05..1.0 ]
            |> List.map (fun p -> quantile p xs)
            |> List.pairwise
            |> List.forall (fun (a, b) -> a <= b + 1e-12))
    )

[<Fact>]
let ``Wilson's interval holds the share and narrows with trials`` () =
    check (
        Prop.forAll
            (Gen.choose (1, 200)
             |> Gen.bind (fun n -> Gen.choose (0, n) |> Gen.map (fun k -> k, n))
             |> Arb.fromGen)
            (fun (k, n) ->
                let one = wilson 0.95 k n
                let ten = wilson 0.95 (10 * k) (10 * n)

                one.Interval.Low <= one.Value
                && one.Value <= one.Interval.High
                && ten.Interval.High - ten.Interval.Low < one.Interval.High - one.Interval.Low)
    )

[<Fact>]
let ``bootstrap interval stays within the data`` () =
    check (
        Prop.forAll (Arb.fromGen scores) (fun xs ->
            let interval = (bootstrap (draws 50 0.95) mean xs).Interval

            interval.Low >= Array.min xs - 1e-9
            && interval.High <= Array.max xs + 1e-9
            && interval.Low <= interval.High)
    )
