/// Onestep RL against traces of an independent reference.
module Iql.Core.Tests.Learning.GoldenOnestepTests

open Iql.Algorithms
open Expecto
open Iql.Core.Tests.Learning.Replay
open Iql.Core.Tests.Learning.Ways

let private reading (case: Golden.Case) : Reading =
    let phase = case.Dim "steps"
    let soft = case.Text "policy" = "soft-clamped"

    let config =
        OnestepConfig(
            Improvement = PolicyImprovement.ExponentialWeights,
            HiddenSizes = Widths case.Hidden,
            BatchSize = case.Dim "batch",
            InverseTemperature = case.Number "temperature",
            MaxAdvantageWeight = case.Number "weight_clip",
            BaselineSamples = case.Hyper("baseline_samples").GetInt32(),
            SampleBound = case.Number "sample_bound",
            Phases = Phases(phase, phase, phase),
            Discount = case.Number "discount",
            PolyakStep = case.Number "polyak",
            PolyakEvery = case.Hyper("polyak_every").GetInt32(),
            BehaviourLearningRate = case.Number "lr_behaviour",
            CriticLearningRate = case.Number "lr_critic",
            PolicyLearningRate = case.Number "lr_actor",
            StateDependentStd = soft,
            LogStdMin = case.Number "log_std_min",
            LogStdMax = case.Number "log_std_max"
        )

    let rows, s, a = case.Dim "batch", case.Dim "obs", case.Dim "act"
    let column = $"noise{Onestep.BehaviourNoise}"

    let policy ours theirs = {
        Theirs = theirs
        Ours = ours
        Source = "behaviour"
        Sizes = [ s ] @ case.Hidden @ [ (if soft then 2 * a else a) ]
    }

    let logStd =
        if soft then
            []
        else
            [
                for place in [ "shared/behaviour"; "policy0" ] ->
                    $"{place}/logStd", Golden.uniform $"{case.Seed}/init/behaviour/log_std" a 0.5
            ]

    {
        Learner =
            Onestep.Learner([ config ], s, a, recorded)
            |> withColumns [ column, [ config.BaselineSamples; rows; a ] ]
        Nets = [
            policy "shared/behaviour" "behaviour"
            policy "policy0" "actor"
            for net in nets case do
                if net.Theirs.StartsWith "critic1" then
                    net
        ]
        Others = logStd
        Statistics =
            Map [
                "behaviour_loss", "behaviourLoss"
                "target_mean", "tdTargetMean"
                "q1_mean", "q1Mean"
                "critic_loss", "criticLoss"
                "baseline_mean", "baselineMean"
                "advantage_mean", "advantageMean"
                "weight_mean", "0:weightMean"
                "weight_max", "0:weightMax"
                "log_prob_mean", "0:logProbabilityMean"
                "actor_loss", "0:policyLoss"
            ]
        Noise = fun step -> [ $"batch/{column}", noise case step "behaviour" (config.BaselineSamples * rows * a) ]
    }

[<Tests>]
let tests = testList "GoldenOnestepTests" (follows ways "Onestep RL" "onestep-*.json" reading)
