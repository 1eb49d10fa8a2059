/// Implicit Q-learning and temporal-difference learning against traces of an independent reference, step by step.
module Iql.Core.Tests.Learning.GoldenLearningTests

open Iql.Algorithms
open Iql.Optimizers
open Expecto
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private implicitConfig (case: Golden.Case) =
    let number, text = case.Number, case.Text
    let old = text "order" = "value-critic-policy-old"

    ImplicitQLearningConfig(
        HiddenSizes = Widths case.Hidden,
        BatchSize = case.Dim "batch",
        Expectile = number "expectile",
        InverseTemperature = number "inverse_temperature",
        MaxAdvantageWeight = number "weight_clip",
        Discount = number "discount",
        PolyakStep = number "polyak",
        ValueLearningRate = number "lr_value",
        CriticLearningRate = number "lr_critic",
        PolicyLearningRate = number "lr_actor",
        PolicySchedule =
            (if number "cosine_steps" > 0.0 then
                 LearningRateSchedule.Cosine
             else
                 LearningRateSchedule.Constant),
        CosineSteps = max 1.0 (number "cosine_steps"),
        LogStdMin = number "log_std_min",
        LogStdMax = number "log_std_max",
        PolicyKind = (if text "actor" = "gaussian" then PolicyKind.Gaussian else PolicyKind.Deterministic),
        MeanTanh = case.Hyper("mean_tanh").GetBoolean(),
        UpdateOrder = (if old then UpdateOrder.ValueCriticPolicyOld else UpdateOrder.ValuePolicyCritic),
        HalveCriticLoss = old
    )

let private temporalDifferenceConfig (case: Golden.Case) =
    ImplicitQLearningConfig(
        Objective = (if case.Text "loss" = "expectile" then Objective.ExpectileTD else Objective.Sarsa),
        Critics = case.Hyper("critics").GetInt32(),
        HiddenSizes = Widths case.Hidden,
        BatchSize = case.Dim "batch",
        Expectile = case.Number "expectile",
        Discount = case.Number "discount",
        PolyakStep = case.Number "polyak",
        CriticLearningRate = case.Number "lr_critic"
    )

let private statistics =
    Map [
        "value_loss", "valueLoss"
        "value_mean", "valueMean"
        "value_mean_after", "valueMeanAfter"
        "target_q_mean", "targetQMean"
        "advantage_mean", "advantageMean"
        "actor_loss", "0:policyLoss"
        "weight_mean", "0:weightMean"
        "weight_max", "0:weightMax"
        "weight_clipped", "0:weightCapped"
        "log_prob_mean", "0:logProbabilityMean"
        "lr_actor", "0:policyLearningRate"
        "critic_loss", "criticLoss"
        "q1_mean", "q1Mean"
        "q2_mean", "q2Mean"
        "target_mean", "tdTargetMean"
        "error_mean", "tdErrorMean"
        "error_square_mean", "tdErrorSquareMean"
    ]

let private reading (case: Golden.Case) : Reading =
    let s, a = case.Dim "obs", case.Dim "act"

    let learner, positive =
        match case.Part("algorithm").GetString() with
        | "iql" -> (implicitConfig case).Learner(s, a), "residualPositive"
        | _ -> (temporalDifferenceConfig case).Learner(s, a), "tdErrorPositive"

    {
        Learner = learner
        Nets = nets case
        Others = logStd case
        Statistics = statistics.Add("positive", positive)
        Noise = fun _ -> []
    }

[<Tests>]
let tests =
    testList "GoldenLearningTests" [
        yield! follows ways "implicit Q-learning" "iql-*.json" reading
        yield! follows ways "temporal-difference learning" "td-*.json" reading
    ]
