namespace Iql.Scripts

open Iql.Algorithms
open Iql.Optimizers
open Iql.Training

/// AWAC's entry.
[<RequireQualifiedAccess>]
module Weighted =

    let private at get set word : Setting<AwacConfig> = Setting.at get set word

    let private settings: Setting<AwacConfig> list = [
        Word.number
            "temperature"
            "LAMBDA"
            "Temperature of the policy's weights e^(A/lambda), above 0: large is behaviour cloning, small is greedy"
            Read.positive
        |> at _.Temperature (fun x config -> config.With(temperature = x))
        Word.choice "weighting" "Exponentials with a cap, or their softmax over the batch" [
            "exponential", AdvantageWeighting.Exponential
            "softmax", AdvantageWeighting.BatchSoftmax
        ]
        |> at _.Weighting (fun x config -> config.With(weighting = x))
        Word.maxAdvantageWeight
        |> at _.MaxAdvantageWeight (fun x config -> config.With(maxAdvantageWeight = x))
        Word.choice "baseline" "The policy's action that advantages are measured from" [
            "sample", AdvantageBaseline.SampledAction
            "mean", AdvantageBaseline.MeanAction
        ]
        |> at _.Baseline (fun x config -> config.With(baseline = x))
        Word.yesOrNo "clipActions" "Whether the policy's actions are clipped to ±1 before a critic sees them"
        |> at _.ClipActions (fun x config -> config.With(clipActions = x))
        Word.discount |> at _.Discount (fun x config -> config.With(discount = x))
        Word.polyakStep |> at _.PolyakStep (fun x config -> config.With(polyakStep = x))
        Word.number "weightDecay" "DECAY" "Decay of the policy's weights, at least 0" (Read.atLeast 0)
        |> at _.WeightDecay (fun x config -> config.With(weightDecay = x))
        Word.choice "weightDecayKind" "Decay in the gradient, or beside Adam" [
            "coupled", WeightDecay.Coupled
            "decoupled", WeightDecay.Decoupled
        ]
        |> at _.WeightDecayKind (fun x config -> config.With(weightDecayKind = x))
        Word.hiddenSizes
        |> at (fun config -> List.ofSeq config.HiddenSizes) (fun x config -> config.With(hiddenSizes = x))
        {
            Word.hiddenSizes with
                Name = "policyHiddenSizes"
                Doc = "Widths of the policy's hidden layers where they differ from the critics'"
        }
        |> at
            (fun config ->
                config.PolicyHiddenSizes
                |> Option.ofNullable
                |> Option.defaultValue config.HiddenSizes
                |> List.ofSeq)
            (fun x config -> config.With(policyHiddenSizes = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.criticLearningRate
        |> at _.CriticLearningRate (fun x config -> config.With(criticLearningRate = x))
        Word.policyLearningRate
        |> at _.PolicyLearningRate (fun x config -> config.With(policyLearningRate = x))
        Word.meanTanh |> at _.MeanTanh (fun x config -> config.With(meanTanh = x))
        Word.logStdMin |> at _.LogStdMin (fun x config -> config.With(logStdMin = x))
        Word.logStdMax |> at _.LogStdMax (fun x config -> config.With(logStdMax = x))
        Word.initialisation
        |> at _.Initialisation (fun x config -> config.With(initialisation = x))
    ]

    let entry: AlgorithmEntry<AwacConfig> = {
        Name = "awac"
        Title = "AWAC"
        Paper = "Nair, Gupta, Dalal and Levine 2020, arXiv:2006.09359"
        Standard = AwacConfig()
        Variants = []
        Settings = settings
        Grid = [
            "temperature", [ "0.1"; "0.3"; "1"; "3" ]
            "weighting", [ "exponential"; "softmax" ]
        ]
        UsesRewards = true
        RunName = fun _ -> "awac"
        ForSteps = fun _ config -> config
        ForActions = AlgorithmEntry.continuous
        ContinuousOnly = []
        Written = fun config -> RunJson.Element config
        Extra = fun _ -> []
        Read = fun written -> RunJson.Parse<AwacConfig> written
        Remarks = fun _ _ -> []
        BatchSize = _.BatchSize
        Selection = fun _ -> None
        Shared = fun _ -> None
        Learner = fun configs s a -> Awac.Learner(List.exactlyOne configs, s, a)
    }
