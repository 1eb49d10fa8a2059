namespace Iql.Scripts

open Iql.Algorithms
open Iql.Training

/// TD3+BC's entry.
[<RequireQualifiedAccess>]
module Regularised =

    let private at get set word : Setting<TD3BCConfig> = Setting.at get set word

    let private settings: Setting<TD3BCConfig> list = [
        Word.number
            "alpha"
            "ALPHA"
            "Weight of the critic against cloning, in units of the mean |Q|, at least 0: 0 is behaviour cloning"
            (Read.atLeast 0)
        |> at _.Alpha (fun x config -> config.With(alpha = x))
        Word.number
            "policyNoise"
            "SIGMA"
            "Deviation of the noise on the target policy's action, at least 0"
            (Read.atLeast 0)
        |> at _.PolicyNoise (fun x config -> config.With(policyNoise = x))
        Word.number "noiseClip" "BOUND" "That noise is held within plus and minus this, at least 0" (Read.atLeast 0)
        |> at _.NoiseClip (fun x config -> config.With(noiseClip = x))
        Word.count "policyDelay" "N" "The policy and all targets learn at every N-th step" 1
        |> at _.PolicyDelay (fun x config -> config.With(policyDelay = x))
        Word.discount |> at _.Discount (fun x config -> config.With(discount = x))
        Word.polyakStep |> at _.PolyakStep (fun x config -> config.With(polyakStep = x))
        Word.hiddenSizes
        |> at (fun config -> List.ofSeq config.HiddenSizes) (fun x config -> config.With(hiddenSizes = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.criticLearningRate
        |> at _.CriticLearningRate (fun x config -> config.With(criticLearningRate = x))
        Word.policyLearningRate
        |> at _.PolicyLearningRate (fun x config -> config.With(policyLearningRate = x))
        Word.initialisation
        |> at _.Initialisation (fun x config -> config.With(initialisation = x))
    ]

    let entry: AlgorithmEntry<TD3BCConfig> = {
        Name = "td3bc"
        Title = "TD3+BC"
        Paper = "Fujimoto and Gu 2021, arXiv:2106.06860"
        Standard = TD3BCConfig()
        Variants = []
        Settings = settings
        Grid = [ "alpha", [ "0"; "1"; "2.5"; "4"; "10" ] ]
        UsesRewards = true
        RunName = fun _ -> "td3bc"
        ForSteps = fun _ config -> config
        ForActions = AlgorithmEntry.continuous
        ContinuousOnly = []
        Written = fun config -> RunJson.Element config
        Extra = fun _ -> []
        Read = fun written -> RunJson.Parse<TD3BCConfig> written
        Remarks = fun _ _ -> []
        BatchSize = _.BatchSize
        Selection = fun _ -> None
        Shared = fun _ -> None
        Learner = fun configs s a -> TD3BC.Learner(List.exactlyOne configs, s, a)
    }
