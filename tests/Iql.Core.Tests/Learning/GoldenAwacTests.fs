/// AWAC against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenAwacTests

open Iql.Algorithms
open Iql.Optimizers
open Expecto
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private reading (case: Golden.Case) : Reading =
    let config =
        AwacConfig(
            HiddenSizes = Widths case.Hidden,
            BatchSize = case.Dim "batch",
            InverseTemperature = 1.0 / case.Number "temperature",
            Weighting =
                (if case.Text "weights" = "exp" then
                     AdvantageWeighting.Exponential
                 else
                     AdvantageWeighting.Softmax),
            MaxAdvantageWeight = case.Number "weight_clip",
            Baseline =
                (if case.Text "baseline" = "sample" then
                     AdvantageBaseline.Sample
                 else
                     AdvantageBaseline.Mean),
            ClipActions = case.Hyper("clamp_samples").GetBoolean(),
            Discount = case.Number "discount",
            PolyakStep = case.Number "polyak",
            CriticLearningRate = case.Number "lr_critic",
            PolicyLearningRate = case.Number "lr_actor",
            WeightDecay = case.Number "weight_decay",
            WeightDecayKind =
                (if case.Text "weight_decay_kind" = "coupled" then
                     WeightDecay.Coupled
                 else
                     WeightDecay.Decoupled),
            MeanTanh = case.Hyper("mean_tanh").GetBoolean(),
            LogStdMin = case.Number "log_std_min",
            LogStdMax = case.Number "log_std_max"
        )

    let rows, size = case.Dim "batch", case.Dim "act"

    let noises = [
        $"noise{Awac.TargetNoise}", "target"
        if config.Baseline = AdvantageBaseline.Sample then
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
        Noise = fun step -> [ for column, field in noises -> $"batch/{column}", noise case step field (rows * size) ]
    }

[<Tests>]
let tests = testList "GoldenAwacTests" (follows ways "AWAC" "awac-*.json" reading)
