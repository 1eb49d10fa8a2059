/// TD3+BC against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenTD3BCTests

open Iql.Algorithms
open Expecto
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private reading (case: Golden.Case) : Reading =
    let config =
        TD3BCConfig(
            HiddenSizes = Widths case.Hidden,
            BatchSize = case.Dim "batch",
            Alpha = case.Number "alpha",
            Discount = case.Number "discount",
            PolyakStep = case.Number "polyak",
            PolicyNoise = case.Number "noise_std",
            NoiseClip = case.Number "noise_clip",
            PolicyDelay = case.Hyper("policy_delay").GetInt32(),
            MaxAction = case.Number "max_action",
            CriticLearningRate = case.Number "lr_critic",
            PolicyLearningRate = case.Number "lr_actor"
        )

    let rows, size = case.Dim "batch", case.Dim "act"
    let column = $"noise{TD3BC.TargetNoise}"

    {
        Learner = TD3BC.Learner(config, case.Dim "obs", size, recorded) |> withColumns [ column, [ rows; size ] ]
        Nets = nets case
        Others = []
        Statistics =
            Map [
                "target_mean", "tdTargetMean"
                "q1_mean", "q1Mean"
                "q2_mean", "q2Mean"
                "noise_abs_mean", "targetNoiseAbsMean"
                "noise_clipped", "targetNoiseClipped"
                "action_clipped", "targetActionClipped"
                "critic_loss", "criticLoss"
                "actor_loss", "0:policyLoss"
                "lam", "0:criticScale"
                "policy_q_mean", "0:policyQMean"
                "bc_loss", "0:cloningLoss"
            ]
        Noise = fun step -> [ $"batch/{column}", noise case step "target" (rows * size) ]
    }

[<Tests>]
let tests = testList "GoldenTD3BCTests" (follows ways "TD3+BC" "td3bc-*.json" reading)
