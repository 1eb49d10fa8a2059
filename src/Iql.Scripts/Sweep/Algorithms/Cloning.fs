namespace Iql.Scripts

open Iql.Algorithms
open Iql.Data
open Iql.Training

/// Behaviour cloning's entry; 10%BC is a variant of it.
[<RequireQualifiedAccess>]
module Cloning =

    let private at get set word : Setting<BehaviourCloningConfig> = Setting.at get set word

    let private settings: Setting<BehaviourCloningConfig> list = [
        Word.number
            "bestShare"
            "SHARE"
            "Share of the data that is cloned, that of the highest returns, in (0, 1]"
            (Read.numberWhere "a number in (0, 1]" (fun x -> x > 0 && x <= 1))
        |> at _.BestShare (fun x config -> config.With(bestShare = x))
        Word.choice "bestBy" "What that share counts" [
            "trajectories", ShareOf.Trajectories
            "time-steps", ShareOf.TimeSteps
        ]
        |> at _.BestBy (fun x config -> config.With(bestBy = x))
        Word.hiddenSizes
        |> at (fun config -> List.ofSeq config.HiddenSizes) (fun x config -> config.With(hiddenSizes = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.policyLearningRate
        |> at _.PolicyLearningRate (fun x config -> config.With(policyLearningRate = x))
        Word.policySchedule
        |> at _.PolicySchedule (fun x config -> config.With(policySchedule = x))
        Word.dropout |> at _.Dropout (fun x config -> config.With(dropout = x))
        Word.policyKind |> at _.PolicyKind (fun x config -> config.With(policyKind = x))
        Word.choice "actionChoice" "What an evaluated policy takes: its mean or likeliest action, or a draw" [
            "greedy", ActionChoice.Greedy
            "sampled", ActionChoice.Sampled
        ]
        |> at _.ActionChoice (fun x config -> config.With(actionChoice = x))
        Word.meanTanh |> at _.MeanTanh (fun x config -> config.With(meanTanh = x))
        Word.logStdMin |> at _.LogStdMin (fun x config -> config.With(logStdMin = x))
        Word.logStdMax |> at _.LogStdMax (fun x config -> config.With(logStdMax = x))
        Word.initialisation
        |> at _.Initialisation (fun x config -> config.With(initialisation = x))
    ]

    let entry: AlgorithmEntry<BehaviourCloningConfig> = {
        Name = "bc"
        Title = "Behaviour cloning"
        Paper = "Pomerleau 1989; 10%BC: Chen et al. 2021, arXiv:2106.01345"
        Standard = BehaviourCloningConfig()
        Variants = [ "10%bc", BehaviourCloningConfig().With(bestShare = 0.1) ]
        Settings = settings
        Grid = [ "bestShare", [ "0.1"; "0.25"; "0.5"; "1" ] ]
        UsesRewards = false
        RunName = fun _ -> "bc"
        ForSteps = fun steps config -> config.With(cosineSteps = float steps)
        ForActions = fun kind config -> Ok(config.With(actions = kind))
        ContinuousOnly = [ "policyKind"; "meanTanh"; "logStdMin"; "logStdMax" ]
        Written = fun config -> RunJson.Element config
        Extra = fun _ -> []
        Read = fun written -> RunJson.Parse<BehaviourCloningConfig> written
        Remarks = fun _ _ -> []
        BatchSize = _.BatchSize
        Selection =
            fun config ->
                if config.BestShare < 1.0 then
                    Some {
                        Share = config.BestShare
                        Of = config.BestBy
                    }
                else
                    None
        Shared = fun _ -> None
        Learner = fun configs s a -> BehaviourCloning.Learner(List.exactlyOne configs, s, a)
    }
