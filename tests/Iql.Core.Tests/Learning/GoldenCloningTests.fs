/// Behaviour cloning against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenCloningTests

open Iql.Algorithms
open Iql.Optimizers
open Expecto
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private reading (case: Golden.Case) : Reading =
    let cosine = case.Number "cosine_steps"

    let config =
        BehaviourCloningConfig(
            HiddenSizes = Widths case.Hidden,
            BatchSize = case.Dim "batch",
            PolicyKind = (if case.Text "actor" = "gaussian" then PolicyKind.Gaussian else PolicyKind.Deterministic),
            MeanTanh = case.Hyper("mean_tanh").GetBoolean(),
            LogStdMin = case.Number "log_std_min",
            LogStdMax = case.Number "log_std_max",
            PolicyLearningRate = case.Number "lr_actor",
            PolicySchedule = (if cosine > 0.0 then LearningRateSchedule.Cosine else LearningRateSchedule.Constant),
            CosineSteps = max 1.0 cosine
        )

    {
        Learner = BehaviourCloning.Learner(config, case.Dim "obs", case.Dim "act")
        Nets = nets case
        Others = logStd case
        Statistics =
            Map [
                "actor_loss", "0:policyLoss"
                "lr_actor", "0:policyLearningRate"
                "log_prob_mean", "0:logProbabilityMean"
            ]
        Noise = fun _ -> []
    }

[<Tests>]
let tests = testList "GoldenCloningTests" (follows ways "behaviour cloning" "bc-*.json" reading)
