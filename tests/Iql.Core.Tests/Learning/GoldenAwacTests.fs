/// AWAC against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenAwacTests

open Iql.Algorithms
open Iql.Optimizers
open Xunit
open Iql.Core.Tests.Learning.Replay

let private reading (case: Golden.Case) : Reading =
    let config =
        AwacConfig()
            .With(
                hiddenSizes = case.Hidden,
                batchSize = case.Dim "batch",
                temperature = case.Number "temperature",
                weighting =
                    (if case.Text "weights" = "exp" then
                         AdvantageWeighting.Exponential
                     else
                         AdvantageWeighting.BatchSoftmax),
                maxAdvantageWeight = case.Number "weight_clip",
                baseline =
                    (if case.Text "baseline" = "sample" then
                         AdvantageBaseline.SampledAction
                     else
                         AdvantageBaseline.MeanAction),
                clipActions = case.Hyper("clamp_samples").GetBoolean(),
                discount = case.Number "discount",
                polyakStep = case.Number "polyak",
                criticLearningRate = case.Number "lr_critic",
                policyLearningRate = case.Number "lr_actor",
                weightDecay = case.Number "weight_decay",
                weightDecayKind =
                    (if case.Text "weight_decay_kind" = "coupled" then
                         WeightDecay.Coupled
                     else
                         WeightDecay.Decoupled),
                meanTanh = case.Hyper("mean_tanh").GetBoolean(),
                logStdMin = case.Number "log_std_min",
                logStdMax = case.Number "log_std_max"
            )

    let rows, size = case.Dim "batch", case.Dim "act"

    let noises = [
        $"noise{Awac.TargetNoise}", "target"
        if config.Baseline = AdvantageBaseline.SampledAction then
            $"noise{Awac.BaselineNoise}", "actor"
    ]

    {
        Learner =
            Awac.Learner(config, case.Dim "obs", size, recorded)
            |> withColumns [ for column, _ in noises -> column, [ rows; size ] ]
        Nets = nets case
        Others = logStd case
        Statistics =
            Map [
                "target_mean", "tdTargetMean"
                "q1_mean", "q1Mean"
                "q2_mean", "q2Mean"
                "critic_loss", "criticLoss"
                "advantage_mean", "advantageMean"
                "baseline_mean", "baselineMean"
                "weight_mean", "0:weightMean"
                "weight_max", "0:weightMax"
                "weight_clipped", "0:weightCapped"
                "log_prob_mean", "0:logProbabilityMean"
                "actor_loss", "0:policyLoss"
            ]
        Noise =
            fun step -> [
                for column, field in noises -> $"batch/{column}", noise case step field (rows * size)
            ]
    }

[<Fact>]
let ``AWAC follows every golden trace in double precision`` () =
    every "awac-*.json" reading inDoublePrecision

[<Fact>]
let ``compiled AWAC follows every golden trace in single precision`` () = compiledEvery "awac-*.json" reading
