/// Behaviour cloning and TD3+BC on problems whose answer is known.
module Iql.Core.Tests.Learning.CloningTests

open System
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Graph
open Iql.Losses
open Xunit
open Iql.Core.Tests.Learning.Differences

[<Fact>]
let ``a deterministic clone does the mean of what was done`` () =
    let data = Bandit.data id

    let config =
        BehaviourCloningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 256, PolicyLearningRate = 0.003)

    let learner = BehaviourCloning.Learner(config, 1, 1)
    Assert.Equal(Bandit.meanAction data, Bandit.action learner (Bandit.trained learner data 1500), 0.03)

[<Fact>]
let ``a Gaussian clone has the data's mean and deviation`` () =
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
    Assert.Equal(Bandit.meanAction data, Bandit.action learner blocks, 0.03)

    let deviation =
        sqrt (
            data.Actions
            |> Seq.averageBy (fun a -> (float a - Bandit.meanAction data) ** 2.0)
        )

    Assert.Equal(deviation, exp (float (blocks[1].Read "logStd").[0]), 0.03)

[<Fact>]
let ``a clone of the best tenth does what paid best`` () =
    let config =
        BehaviourCloningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 128, PolicyLearningRate = 0.003, BestShare = 0.1)

    let best =
        BestEpisodes.Of(Bandit.data (fun a -> -(a - 0.6f) * (a - 0.6f)), config.BestShare, config.BestBy)

    Assert.Equal(40, best.Count)
    let learner = BehaviourCloning.Learner(config, 1, 1)
    Assert.Equal(0.6, Bandit.action learner (Bandit.trained learner best 1500), 0.05)

[<Theory>]
[<InlineData(0.0, false)>]
[<InlineData(10.0, true)>]
let ``TD3+BC clones without alpha and climbs to the best action with much of it`` alpha climbs =
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
    Assert.Equal(expected, Bandit.action learner (Bandit.trained learner data 3000), 0.07)

[<Fact>]
let ``the gradients of cloning's losses are those of differences`` () =
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
    ]

[<Fact>]
let ``cloning's losses are their formulas`` () =
    let policy, actions, q =
        input "policy" [ 5; 3 ] 1.0, input "actions" [ 5; 3 ] 1.0, input "q" [ 5 ] 2.0

    let squared =
        Array.map2 (fun x y -> (x - y) ** 2.0) (snd policy) (snd actions)
        |> Array.average

    Assert.Equal(squared, (number (Cloning.SquaredError(fst policy, fst actions)) [ policy; actions ]).[0], 14)
    Assert.Equal(-(Array.average (snd q)), (number (Cloning.Likelihood(fst q)) [ q ]).[0], 14)
    let alpha = Tensor.Scalar "alpha", [| 2.5 |]
    let scale = RegularisedPolicy.Scale(fst q, fst alpha)
    let lambda = 2.5 / Array.averageBy abs (snd q)
    Assert.Equal(lambda, (number scale [ q; alpha ]).[0], 14)
    Assert.Equal<float[]>(Array.zeroCreate 5, number (Gradient.Of(scale, [| fst q |]).[0]) [ q; alpha ])
    let loss = RegularisedPolicy.Loss(scale, fst q, fst policy, fst actions)
    Assert.Equal(squared - lambda * Array.average (snd q), (number loss [ q; alpha; policy; actions ]).[0], 13)
