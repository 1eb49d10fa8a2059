/// Conservative Q-learning against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenConservativeTests

open Iql.Algorithms
open Iql.Losses
open Expecto
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private reading (case: Golden.Case) : Reading =
    let rows, size, samples = case.Dim "batch", case.Dim "act", case.Hyper("samples").GetInt32()

    let is name = case.Hyper(name).GetBoolean()

    let term = if is "importance" then ConservativeTerm.ImportanceWeighted else ConservativeTerm.Plain

    let config =
        ConservativeQLearningConfig(
            HiddenSizes = Widths case.Hidden,
            BatchSize = rows,
            ActionSamples = samples,
            ConservativeWeight = case.Number "conservative_weight",
            ConservativeTerm = term,
            SoftmaxTemperature = case.Number "softmax_temperature",
            DifferenceMin = case.Number "diff_clip_min",
            DifferenceMax = case.Number "diff_clip_max",
            Lagrange = (if is "lagrange" then Lagrange.WeightOutside else Lagrange.Off),
            LagrangeGap = case.Number "lagrange_gap",
            InitialLogMultiplier = case.Number "log_alpha_prime_init",
            AutomaticTemperature = is "auto_temperature",
            EntropyTemperature = case.Number "alpha",
            InitialLogTemperature = case.Number "log_alpha_init",
            TargetEntropy = case.Number "target_entropy" / float size,
            Backup = (if is "max_backup" then SampledBackup.MaxOfLeast else SampledBackup.Sample),
            EntropyInBackup = is "entropy_in_backup",
            ConservativeOrder =
                (match case.Text "order" with
                 | "sequential" -> ConservativeOrder.Sequential
                 | "simultaneous" -> ConservativeOrder.Simultaneous
                 | other -> failwith $"order {other}"),
            LogStdMin = case.Number "log_std_min",
            LogStdMax = case.Number "log_std_max",
            Discount = case.Number "discount",
            PolyakStep = case.Number "polyak",
            CriticLearningRate = case.Number "lr_critic",
            PolicyLearningRate = case.Number "lr_actor"
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
                { net with Sizes = [ case.Dim "obs" ] @ case.Hidden @ [ 2 * size ] }
            else
                net)

    let alone theirs ours = { Theirs = theirs; Ours = ours; Source = theirs; Sizes = [] }

    {
        Learner =
            ConservativeQLearning.Learner(config, case.Dim "obs", size, recorded, recorded)
            |> withColumns [ for stream, field, count in fields -> $"noise{stream}", extents field count ]
        Nets =
            nets
            @ [ alone "log_alpha" "shared/temperature/log"; alone "log_alpha_prime" "shared/multiplier/log" ]
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

[<Tests>]
let tests =
    testList "GoldenConservativeTests" (follows ways "conservative Q-learning" "cql-*.json" reading)
