namespace Iql.Scripts

open Iql.Algorithms
open Iql.Networks
open Iql.Training

/// The decision transformer's entry.
[<RequireQualifiedAccess>]
module Conditioned =

    let private at get set word : Setting<DecisionTransformerConfig> = Setting.at get set word

    /// A transformer's blocks are all of one width: 128x128x128 is three of 128.
    let private widths = {
        Word.hiddenSizes with
            Parse =
                Read.sizes
                >> Result.bind (fun widths ->
                    if List.forall ((=) widths.Head) widths then
                        Ok widths
                    else
                        Error "one width for all blocks of the transformer, such as 128x128x128")
    }

    let private settings: Setting<DecisionTransformerConfig> list = [
        Word.number
            "targetReturn"
            "RETURN"
            "The return the decision transformer asks for; values that differ in it alone share one training"
            (Read.numberWhere "a number" (fun _ -> true))
        |> at _.TargetReturn (fun x config -> config.With(targetReturn = x))
        Word.number "returnScale" "NUMBER" "Returns are divided by this, above 0" Read.positive
        |> at _.ReturnScale (fun x config -> config.With(returnScale = x))
        Word.count "context" "STEPS" "Steps the decision transformer looks back" 1
        |> at _.Context (fun x config -> config.With(context = x))
        widths
        |> at (fun config -> List.replicate config.Layers config.EmbeddingSize) (fun x config ->
            config.With(layers = x.Length, embeddingSize = x.Head))
        Word.count "heads" "N" "Heads of attention, a divisor of the width" 1
        |> at _.Heads (fun x config -> config.With(heads = x))
        Word.count "maxTimesteps" "STEPS" "Steps of an episode that have an embedding, at least the longest episode" 1
        |> at _.MaxTimesteps (fun x config -> config.With(maxTimesteps = x))
        Word.choice "activation" "Inside the transformer's blocks" [
            "rectifier", TransformerActivation.Rectifier
            "gelu", TransformerActivation.Gelu
        ]
        |> at _.Activation (fun x config -> config.With(activation = x))
        Word.dropout |> at _.Dropout (fun x config -> config.With(dropout = x))
        Word.yesOrNo "countPadding" "Whether padding counts in the loss's denominator (CORL)"
        |> at _.CountPadding (fun x config -> config.With(countPadding = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.policyLearningRate
        |> at _.PolicyLearningRate (fun x config -> config.With(policyLearningRate = x))
        Word.number
            "warmUpSteps"
            "STEPS"
            "Steps over which the learning rate climbs, at least 1: 1 is no warm-up"
            (Read.atLeast 1)
        |> at _.WarmUpSteps (fun x config -> config.With(warmUpSteps = x))
        Word.number "weightDecay" "RATE" "AdamW's decay of the policy's parameters, at least 0" (Read.atLeast 0)
        |> at _.WeightDecay (fun x config -> config.With(weightDecay = x))
        Word.number "maxGradientNorm" "NORM" "The policy's gradient is held to this norm, above 0" Read.positive
        |> at _.MaxGradientNorm (fun x config -> config.With(maxGradientNorm = x))
    ]

    let entry: AlgorithmEntry<DecisionTransformerConfig> = {
        Name = "dt"
        Title = "Decision transformer"
        Paper = "Chen et al. 2021, arXiv:2106.01345"
        Standard = DecisionTransformerConfig()
        Variants = []
        Settings = settings
        Grid = [ "context", [ "1"; "5"; "20" ] ]
        UsesRewards = false
        RunName = fun _ -> "dt"
        ForSteps = fun _ config -> config
        ForActions = AlgorithmEntry.continuous
        ContinuousOnly = []
        Written = fun config -> RunJson.Element config
        Extra = fun _ -> []
        Read = fun written -> RunJson.Parse<DecisionTransformerConfig> written
        Remarks = fun _ _ -> []
        BatchSize = _.BatchSize
        Selection = fun _ -> None
        // Training never looks at the return asked for.
        Shared = fun config -> Some(config.With(targetReturn = 0.0))
        Learner =
            fun configs s a ->
                DecisionTransformer.Learner(List.head configs, s, a, [| for config in configs -> config.TargetReturn |])
    }
