module Iql.Core.Tests.Learning.LossTests

open System
open FsCheck
open FsCheck.FSharp
open Iql.Graph
open Iql.Losses
open Expecto
open Iql.Tests
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Learning.Differences

let private vector name (values: float list) = Tensor.Input(name, shape [ values.Length ]), List.toArray values

let private scalar name (value: float) = Tensor.Scalar name, [| value |]

let private expectileLoss (residual: float list) expectile =
    let u, tau = vector "u" residual, scalar "tau" expectile
    number (Expectile.Loss(fst u, fst tau)) [ u; tau ] |> Array.exactlyOne

let private weights (advantage: float list) inverseTemperature maxWeight =
    let a, beta, cap = vector "a" advantage, scalar "beta" inverseTemperature, scalar "cap" maxWeight

    number (AdvantageWeighted.Weight(fst a, fst beta, fst cap)) [ a; beta; cap ] |> List.ofArray

let private mean (values: float list) = List.average values

/// Every loss with inputs at which it is smooth.
let private losses = [
    let residual = input "residual" [ 7 ] 2.0
    let tau, gamma = scalar "expectile" 0.8, scalar "discount" 0.9
    "expectile", Expectile.Loss(fst residual, fst tau), [ residual; tau ]

    let r, d, next, q =
        input "rewards" [ 5 ] 1.0,
        vector "terminals" [ 0.0; 1.0; 0.0; 0.0; 1.0 ],
        input "next" [ 5 ] 3.0,
        input "q" [ 5 ] 3.0

    let target = TemporalDifference.Target(fst r, fst d, fst gamma, fst next)
    "squared", TemporalDifference.Squared(target, fst q), [ r; next; q; d; gamma ]
    "halved", TemporalDifference.Squared(target, fst q, true), [ q; next; r; d; gamma ]

    let advantage, beta, cap = vector "advantage" [ -0.5; 0.2; 3.0 ], scalar "beta" 3.0, scalar "cap" 100.0

    let weight = AdvantageWeighted.Weight(fst advantage, fst beta, fst cap)
    let density = input "density" [ 3 ] 2.0
    "likelihood", AdvantageWeighted.Likelihood(weight, fst density), [ density; advantage; beta; cap ]

    let policy, actions = input "policy" [ 3; 2 ] 1.0, input "actions" [ 3; 2 ] 1.0

    "squared action error",
    AdvantageWeighted.SquaredError(weight, fst policy, fst actions),
    [ policy; actions; advantage; beta; cap ]
]

[<Tests>]
let tests =
    testList "LossTests" [
        testCase "expectile loss by hand" (fun () ->
            // (0.7 · 1 + 0.3 · 4 + 0.7 · 0.25 + 0) / 4
            Expect.floatClose
                (Accuracy.decimals 15)
                (expectileLoss [ 1.0; -2.0; 0.5; 0.0 ] 0.7)
                0.51875
                "expectile loss")

        testCase "expectile one half is half the squared error" (fun () ->
            let residual = [ 1.0; -2.0; 0.5; 0.0; 7.25 ]

            Expect.floatClose
                (Accuracy.decimals 14)
                (expectileLoss residual 0.5)
                (0.5 * mean [ for u in residual -> u * u ])
                "expectile loss residual 0.5")

        testCase "a higher expectile asks more of too low a value and less of too high a one" (fun () ->
            Expect.isGreaterThan (expectileLoss [ 1.0 ] 0.9) (expectileLoss [ 1.0 ] 0.6) "expectile loss"
            Expect.isTrue (expectileLoss [ -1.0 ] 0.9 < expectileLoss [ -1.0 ] 0.6) "expectile loss")

        testProperty
            "the expectile loss is its definition"
            (let numbers = Gen.choose (-1000, 1000) |> Gen.map (fun n -> float n / 100.0) |> Gen.nonEmptyListOf

             let cases = Gen.zip numbers (Gen.choose (1, 99) |> Gen.map (fun n -> float n / 100.0))

             Prop.forAll (Arb.fromGen cases) (fun (residual, tau) ->
                 let expected = mean [ for u in residual -> abs (tau - (if u < 0.0 then 1.0 else 0.0)) * u * u ]

                 abs (expectileLoss residual tau - expected) <= 1e-12 * (1.0 + expected)))

        testCase "NaN in a residual is NaN in the loss" (fun () ->
            Expect.isNaN (expectileLoss [ 1.0; nan ] 0.7) "expectile loss")

        testCase "a terminal cuts off what follows" (fun () ->
            let r, d, next, gamma =
                vector "r" [ 1.0; 1.0 ], vector "d" [ 0.0; 1.0 ], vector "next" [ 10.0; 10.0 ], scalar "gamma" 0.9

            let target = number (TemporalDifference.Target(fst r, fst d, fst gamma, fst next)) [ r; d; next; gamma ]

            Expect.equal target [| 10.0; 1.0 |] "target")

        testCase "the squared error is a mean, and its half is half" (fun () ->
            let y, q = vector "y" [ 1.0; 2.0 ], vector "q" [ 0.0; 4.0 ]
            Expect.equal (number (TemporalDifference.Squared(fst y, fst q)) [ y; q ]) [| 2.5 |] "number"
            Expect.equal (number (TemporalDifference.Squared(fst y, fst q, true)) [ y; q ]) [| 1.25 |] "number")

        testCase "inverse temperature 0 weighs every action alike" (fun () ->
            Expect.equal (weights [ -3.0; 0.0; 1e6 ] 0.0 100.0) [ 1.0; 1.0; 1.0 ] "weights")

        testCase "weights are the capped exponential of the scaled advantage" (fun () ->
            for beta in [ 0.5; 3.0; 10.0 ] do
                let advantage = [ -2.0; -0.1; 0.0; 0.3; 1.5 ]

                for weight, a in List.zip (weights advantage beta 100.0) advantage do
                    Expect.floatClose (Accuracy.decimals 12) weight (min (exp (beta * a)) 100.0) "weight")

        testCase "no advantage makes a weight infinite" (fun () ->
            Expect.floatClose (Accuracy.decimals 11) (weights [ 1e9 ] 10.0 100.0 |> List.exactlyOne) 100.0 "weights"
            Expect.equal (weights [ -1e9 ] 10.0 100.0 |> List.exactlyOne) 0.0 "weights")

        testCase "every loss has the gradient of its differences" (fun () ->
            for name, loss, inputs in losses do
                Expect.equal loss.Shape Shape.Scalar "shape of loss"
                assertGradient name loss inputs)

        testCase "shapes that do not fit are named" (fun () ->
            let failure =
                Expect.raises<ArgumentException>
                    (fun () ->
                        TemporalDifference.Squared(Tensor.Input("y", shape [ 3 ]), Tensor.Input("q", shape [ 4 ]))
                        |> ignore)
                    "squared"

            Expect.stringContains failure.Message "[3] and [4]" "message of failure")
    ]
