/// Behaviour cloning and TD3+BC on problems whose answer is known.
module Iql.Core.Tests.Learning.CloningTests

open System
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Graph
open Iql.Losses
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Differences

[<Tests>]
let tests =
    testList "CloningTests" [
        testCase "a deterministic clone does the mean of what was done" (fun () ->
            let data = Bandit.data id

            let config =
                BehaviourCloningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 256, PolicyLearningRate = 0.003)

            let learner = BehaviourCloning.Learner(config, 1, 1)

            Expect.floatClose
                (Accuracy.within 0.03)
                (Bandit.action learner (Bandit.trained learner data 1500))
                (Bandit.meanAction data)
                "action")

        testCase "a Gaussian clone has the data's mean and deviation" (fun () ->
            let data = Bandit.data id

            let config =
                BehaviourCloningConfig(
                    HiddenSizes = Widths [ 8 ],
                    BatchSize = 256,
                    PolicyLearningRate = 0.003,
                    PolicyKind = PolicyKind.Gaussian
                )

            let learner = BehaviourCloning.Learner(config, 1, 1)
            let blocks = Bandit.trained learner data 2000

            Expect.floatClose
                (Accuracy.within 0.03)
                (Bandit.action learner blocks)
                (Bandit.meanAction data)
                "action learner blocks"

            let deviation =
                sqrt (data.Actions |> Seq.averageBy (fun a -> (float a - Bandit.meanAction data) ** 2.0))

            Expect.floatClose
                (Accuracy.within 0.03)
                (exp (float (blocks[1].Read "logStd").[0]))
                deviation
                "exp of read 'logStd' 0 of block 1")

        testCase "a clone of the best tenth does what paid best" (fun () ->
            let config =
                BehaviourCloningConfig(
                    HiddenSizes = Widths [ 8 ],
                    BatchSize = 128,
                    PolicyLearningRate = 0.003,
                    BestShare = 0.1
                )

            let best =
                BestEpisodes.Of(Bandit.data (fun a -> -(a - 0.6f) * (a - 0.6f)), config.BestShare, config.BestBy)

            Expect.equal best.Count 40 "count of best"
            let learner = BehaviourCloning.Learner(config, 1, 1)

            Expect.floatClose
                (Accuracy.within 0.05)
                (Bandit.action learner (Bandit.trained learner best 1500))
                0.6
                "action")

        testRows
            "TD3+BC clones without alpha and climbs to the best action with much of it"
            [ 0.0, false; 10.0, true ]
            (fun (alpha, climbs) ->
                let data = Bandit.data (fun a -> -(a - 0.6f) * (a - 0.6f))

                let config =
                    TD3BCConfig(
                        HiddenSizes = Widths [ 32; 32 ],
                        BatchSize = 128,
                        Alpha = alpha,
                        CriticLearningRate = 0.003,
                        PolicyLearningRate = 0.003
                    )

                let learner = TD3BC.Learner(config, 1, 1)
                let expected = if climbs then 0.55 else Bandit.meanAction data

                Expect.floatClose
                    (Accuracy.within 0.07)
                    (Bandit.action learner (Bandit.trained learner data 3000))
                    expected
                    "action")

        testCase "the gradients of cloning's losses are those of differences" (fun () ->
            let policy, actions = input "policy" [ 5; 3 ] 1.0, input "actions" [ 5; 3 ] 1.0
            let density, q = input "density" [ 5 ] 2.0, input "q" [ 5 ] 2.0
            let scale = Tensor.Scalar "scale", [| 1.7 |]
            assertGradient "squared error" (Cloning.SquaredError(fst policy, fst actions)) [ policy; actions ]
            assertGradient "likelihood" (Cloning.Likelihood(fst density)) [ density ]

            assertGradient "regularised policy" (RegularisedPolicy.Loss(fst scale, fst q, fst policy, fst actions)) [
                scale
                q
                policy
                actions
            ])

        testCase "cloning's losses are their formulas" (fun () ->
            let policy, actions, q = input "policy" [ 5; 3 ] 1.0, input "actions" [ 5; 3 ] 1.0, input "q" [ 5 ] 2.0

            let squared = Array.map2 (fun x y -> (x - y) ** 2.0) (snd policy) (snd actions) |> Array.average

            Expect.floatClose
                (Accuracy.decimals 14)
                (number (Cloning.SquaredError(fst policy, fst actions)) [ policy; actions ]).[0]
                squared
                "number 0"

            Expect.floatClose
                (Accuracy.decimals 14)
                (number (Cloning.Likelihood(fst q)) [ q ]).[0]
                (-(Array.average (snd q)))
                "number 0"

            let alpha = Tensor.Scalar "alpha", [| 2.5 |]
            let scale = RegularisedPolicy.Scale(fst q, fst alpha)
            let lambda = 2.5 / Array.averageBy abs (snd q)
            Expect.floatClose (Accuracy.decimals 14) (number scale [ q; alpha ]).[0] lambda "number 0"
            Expect.equal (number (Gradient.Of(scale, [| fst q |]).[0]) [ q; alpha ]) (Array.zeroCreate 5) "number"
            let loss = RegularisedPolicy.Loss(scale, fst q, fst policy, fst actions)

            Expect.floatClose
                (Accuracy.decimals 13)
                (number loss [ q; alpha; policy; actions ]).[0]
                (squared - lambda * Array.average (snd q))
                "number 0")
    ]
