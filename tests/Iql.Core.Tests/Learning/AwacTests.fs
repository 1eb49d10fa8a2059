/// AWAC on weights and problems whose answers are known.
module Iql.Core.Tests.Learning.AwacTests

open System
open Iql.Algorithms
open Iql.Graph
open Iql.Losses
open Iql.Networks
open Iql.Optimizers
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Differences

let private beta = Tensor.Scalar "beta", [| 1.7 |]

/// -ln of a normal density, in double, apart from the core.
let private surprise (a: float) (mean: float) (logStd: float) =
    0.5 * ((a - mean) / exp logStd) ** 2.0 + logStd + 0.5 * log (2.0 * Math.PI)

let private bandit (weighting: AdvantageWeighting) (baseline: AdvantageBaseline) (temperature: float) =
    let config =
        AwacConfig(
            HiddenSizes = Widths [ 32; 32 ],
            BatchSize = 128,
            InverseTemperature = 1.0 / temperature,
            Weighting = weighting,
            Baseline = baseline,
            CriticLearningRate = 0.003,
            PolicyLearningRate = 0.003
        )

    let data = Bandit.data (fun a -> -(a - 0.6f) * (a - 0.6f))
    let learner = Awac.Learner(config, 1, 1)
    Bandit.action learner (Bandit.trained learner data 2500), Bandit.meanAction data

[<Tests>]
let tests =
    testList "AwacTests" [
        testCase "batch weights are exponentials over their sum, and none overflows" (fun () ->
            let advantage = input "advantage" [ 6 ] 2.0
            let weights = AdvantageWeighted.Normalised(fst advantage, fst beta)
            let exponentials = [| for a in snd advantage -> exp (1.7 * a) |]

            for expected, actual in Seq.zip exponentials (number weights [ advantage; beta ]) do
                Expect.floatClose (Accuracy.decimals 14) actual (expected / Array.sum exponentials) "actual"

            let huge = fst advantage, [| 0.0; 1e4; 1e4; -1e4; 0.0; 0.0 |]
            Expect.equal (number weights [ huge; beta ]) [| 0.0; 0.5; 0.5; 0.0; 0.0; 0.0 |] "number"

            for weight in number weights [ advantage; fst beta, [| 0.0 |] ] do
                Expect.floatClose (Accuracy.decimals 14) weight (1.0 / 6.0) "weight")

        testRows
            "the policy's loss is its formula, its weights constants, its gradient that of differences"
            [ true; false ]
            (fun softmax ->
                let advantage, actions, mean, logStd =
                    input "advantage" [ 5 ] 1.0,
                    input "actions" [ 5; 2 ] 1.0,
                    input "mean" [ 5; 2 ] 1.0,
                    input "logStd" [ 2 ] 0.5

                let cap = Tensor.Scalar "cap", [| 1.5 |]
                let density = GaussianPolicy.LogDensity(fst actions, fst mean, fst logStd)

                let loss =
                    if softmax then
                        AdvantageWeighted.NormalisedLikelihood(
                            Tensor.StopGradient(AdvantageWeighted.Normalised(fst advantage, fst beta)),
                            density
                        )
                    else
                        AdvantageWeighted.Likelihood(
                            Tensor.StopGradient(AdvantageWeighted.Weight(fst advantage, fst beta, fst cap)),
                            density
                        )

                let exponentials = [| for a in snd advantage -> exp (1.7 * a) |]

                let expected =
                    Seq.sum [
                        for row in 0..4 do
                            let weight =
                                if softmax then
                                    exponentials[row] / Array.sum exponentials
                                else
                                    min 1.5 exponentials[row] / 5.0

                            for i in 0..1 do
                                let at = 2 * row + i
                                weight * surprise (snd actions).[at] (snd mean).[at] (snd logStd).[i]
                    ]

                let inputs = [ advantage; beta; cap; actions; mean; logStd ]
                Expect.floatClose (Accuracy.decimals 12) (number loss inputs).[0] expected "number loss input 0"
                Expect.equal (number (Gradient.Of(loss, [| fst advantage |])[0]) inputs) (Array.zeroCreate 5) "number"
                let scalars = [ beta; cap; fst advantage, snd advantage ]
                let fixedInputs = Tensor.Input("fixed", (fst advantage).Shape), snd advantage

                let held =
                    if softmax then
                        AdvantageWeighted.NormalisedLikelihood(
                            AdvantageWeighted.Normalised(fst fixedInputs, fst beta),
                            density
                        )
                    else
                        AdvantageWeighted.Likelihood(
                            AdvantageWeighted.Weight(fst fixedInputs, fst beta, fst cap),
                            density
                        )

                assertGradient
                    "weighted likelihood"
                    held
                    ([ fixedInputs; actions; mean; logStd ] @ List.truncate 2 scalars))

        testRows
            "AWAC clones at a high temperature and climbs to the best action at a low one"
            [
                AdvantageWeighting.Exponential, AdvantageBaseline.Sample
                AdvantageWeighting.Exponential, AdvantageBaseline.Mean
                AdvantageWeighting.Softmax, AdvantageBaseline.Sample
            ]
            (fun (weighting, baseline) ->
                let cloned, mean = bandit weighting baseline 1000.0
                Expect.floatClose (Accuracy.within 0.1) cloned mean "cloned"
                let climbed, _ = bandit weighting baseline 0.02
                Expect.floatClose (Accuracy.within 0.07) climbed 0.58 "climbed")

        testCase "coupled decay is in the gradient, decoupled beside it, and neither in the gradient's norm" (fun () ->
            let group name number = TensorGroups.Group(name, [| struct ("w0", Tensor.Constant number) |])

            let weight = Tensor.Scalar "w"

            let state =
                AdamState(TensorGroups.Group("parameters", [| struct ("w0", weight) |]), group "m" 0.0, group "v" 0.0)

            let step decay kind =
                let struct (next, norm) =
                    Adam.Descend(
                        state,
                        Tensor.Constant 3.0 * weight,
                        Tensor.Constant 0.0,
                        Tensor.Constant 0.1,
                        decay,
                        kind
                    )

                let inputs = [ weight, [| 2.0 |] ]

                (number next.Parameters.Tensors[0] inputs).[0],
                (number next.Mean.Tensors[0] inputs).[0],
                (number norm inputs).[0]

            // Adam's first step is the learning rate against the gradient's sign, whatever its size.
            let check (expected: float * float * float) (actual: float * float * float) =
                let (w, m, n), (w', m', n') = expected, actual
                Expect.floatClose (Accuracy.decimals 8) w' w "w"
                Expect.floatClose (Accuracy.decimals 12) m' m "m"
                Expect.floatClose (Accuracy.decimals 12) n' n "n"

            check (1.9, 0.3, 3.0) (step null WeightDecay.Decoupled)
            check (1.9 - 0.1 * 0.5 * 2.0, 0.3, 3.0) (step (Tensor.Constant 0.5) WeightDecay.Decoupled)
            check (1.9, 0.4, 3.0) (step (Tensor.Constant 0.5) WeightDecay.Coupled))

        testCase "the policy may have widths of its own" (fun () ->
            let config = AwacConfig(HiddenSizes = Widths [ 8 ], PolicyHiddenSizes = Nullable(Widths [ 4; 4 ]))

            let learner = Awac.Learner(config, 3, 2)
            Expect.equal learner.Blocks[1].["w0"].Shape (Iql.Graph.Shape(ReadOnlySpan [| 3; 4 |])) "shape of w 0"

            Expect.equal
                learner.Blocks[0].["critic1/w0"].Shape
                (Iql.Graph.Shape(ReadOnlySpan [| 5; 8 |]))
                "shape of critic 1 w 0")

        testCase "configs of the same values are equal" (fun () ->
            Expect.equal
                (AwacConfig(HiddenSizes = Widths [ 3 ]))
                (AwacConfig(HiddenSizes = Widths [ 3 ]))
                "awac config"

            Expect.notEqual (AwacConfig(PolicyHiddenSizes = Nullable(Widths [ 3 ]))) (AwacConfig()) "awac config"
            Expect.notEqual (AwacConfig(MeanTanh = true)) (AwacConfig()) "awac config")
    ]
