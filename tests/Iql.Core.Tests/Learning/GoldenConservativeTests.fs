/// Conservative Q-learning against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenConservativeTests

open Iql.Algorithms
open Iql.Losses
open Xunit
open Iql.Core.Tests.Learning.Replay

let private reading (case: Golden.Case) : Reading =
    let rows, size, samples =
        case.Dim "batch", case.Dim "act", case.Hyper("samples").GetInt32()

    let is name = case.Hyper(name).GetBoolean()

    let config =
        ConservativeQLearningConfig()
            .With(
                hiddenSizes = case.Hidden,
                batchSize = rows,
                actionSamples = samples,
                conservativeWeight = case.Number "conservative_weight",
                conservativeTerm =
                    (if is "importance" then
                         ConservativeTerm.ImportanceWeighted
                     else
                         ConservativeTerm.Plain),
                softmaxTemperature = case.Number "softmax_temperature",
                differenceMin = case.Number "diff_clip_min",
                differenceMax = case.Number "diff_clip_max",
                lagrange =
                    (if is "lagrange" then
                         Lagrange.WeightOutside
                     else
                         Lagrange.Off),
                lagrangeGap = case.Number "lagrange_gap",
                initialLogMultiplier = case.Number "log_alpha_prime_init",
                automaticTemperature = is "auto_temperature",
                entropyTemperature = case.Number "alpha",
                initialLogTemperature = case.Number "log_alpha_init",
                targetEntropy = case.Number "target_entropy" / float size,
                backup =
                    (if is "max_backup" then
                         SampledBackup.MaxOfLeast
                     else
                         SampledBackup.Sample),
                entropyInBackup = is "entropy_in_backup",
                conservativeOrder =
                    (match case.Text "order" with
                     | "sequential" -> ConservativeOrder.Sequential
                     | "simultaneous" -> ConservativeOrder.Simultaneous
                     | other -> failwith $"order {other}"),
                logStdMin = case.Number "log_std_min",
                logStdMax = case.Number "log_std_max",
                discount = case.Number "discount",
                polyakStep = case.Number "polyak",
                criticLearningRate = case.Number "lr_critic",
                policyLearningRate = case.Number "lr_actor"
            )

    // Our streams, their fields, and how many samples each has.
    let fields = [
        ConservativeQLearning.PolicyNoise, "actor", 1
        ConservativeQLearning.TargetNoise, "target", (if is "max_backup" then samples else 1)
        ConservativeQLearning.CurrentNoise, "current", samples
        ConservativeQLearning.NextNoise, "next", samples
        ConservativeQLearning.UniformActions, "random", samples
    ]

    let extents field count =
        if count > 1 || field = "current" || field = "next" || field = "random" then
            [ count; rows; size ]
        else
            [ rows; size ]

    let nets =
        nets case
        |> List.map (fun net ->
            if net.Theirs = "actor" then
                {
                    net with
                        Sizes = [ case.Dim "obs" ] @ case.Hidden @ [ 2 * size ]
                }
            else
                net)

    let alone theirs ours = {
        Theirs = theirs
        Ours = ours
        Source = theirs
        Sizes = []
    }

    {
        Learner =
            ConservativeQLearning.Learner(config, case.Dim "obs", size, recorded, recorded)
            |> withColumns [ for stream, field, count in fields -> $"noise{stream}", extents field count ]
        Nets =
            nets
            @ [
                alone "log_alpha" "shared/temperature/log"
                alone "log_alpha_prime" "shared/multiplier/log"
            ]
        Others = [
            "policy0/logStdScale", [| 1.0 |]
            "policy0/logStdOffset", [| -1.0 |]
            "shared/temperature/log", [| case.Number "log_alpha_init" |]
            "shared/multiplier/log", [| case.Number "log_alpha_prime_init" |]
        ]
        Statistics =
            Map [
                "alpha", "temperature"
                "alpha_loss", "temperatureLoss"
                "alpha_in_actor", "0:policyTemperature"
                "log_prob_mean", "0:sampledLogProbabilityMean"
                "actor_loss", "0:policyLoss"
                "target_mean", "tdTargetMean"
                "q1_mean", "q1Mean"
                "q2_mean", "q2Mean"
                "mse1", "tdErrorSquareMean"
                "mse2", "tdErrorSquareMean2"
                "lse1_mean", "softMaximum1Mean"
                "lse2_mean", "softMaximum2Mean"
                "difference1", "difference1"
                "difference2", "difference2"
                "clipped1", "differenceClipped1"
                "clipped2", "differenceClipped2"
                "alpha_prime", "multiplier"
                "alpha_prime_loss", "multiplierLoss"
                "critic_loss", "criticLoss"
            ]
        Noise =
            fun step -> [
                for stream, field, count in fields do
                    let values =
                        if field = "random" then
                            Golden.uniform $"{case.Seed}/noise/{step}/random" (count * rows * size) 1.0
                        else
                            noise case step field (count * rows * size)

                    $"batch/noise{stream}", values
            ]
    }

[<Fact>]
let ``conservative Q-learning follows every golden trace in double precision`` () =
    every "cql-*.json" reading inDoublePrecision

[<Fact>]
let ``compiled conservative Q-learning follows every golden trace in single precision`` () =
    compiledEvery "cql-*.json" reading
