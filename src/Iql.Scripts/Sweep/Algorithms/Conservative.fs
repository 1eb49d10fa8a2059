namespace Iql.Scripts

open Iql.Algorithms
open Iql.Losses
open Iql.Networks
open Iql.Training

/// Conservative Q-learning's entry; the authors' setting and young-geng's are variants of it.
[<RequireQualifiedAccess>]
module Conservative =

    let private at get set word : Setting<ConservativeQLearningConfig> = Setting.at get set word

    let private anyNumber = Read.numberWhere "a number" (fun _ -> true)

    /// A number, or none, which is an infinity of that sign.
    let private bound name none doc : Word<float> = {
        Name = name
        Hint = "NUMBER"
        Doc = doc + ", or none"
        Parse =
            function
            | "none" -> Ok none
            | word -> anyNumber word |> Result.mapError (fun expected -> expected + " or none")
        Print = fun x -> if x = none then "none" else Json.numberText x
    }

    let private criticHiddenSizes: Word<int list> = {
        Name = "criticHiddenSizes"
        Hint = "WIDTHS"
        Doc = "Widths of the critics' hidden layers, such as 256x256, or same: those of the policy"
        Parse =
            function
            | "same" -> Ok []
            | word -> Read.sizes word |> Result.mapError (fun expected -> expected + " or same")
        Print =
            function
            | [] -> "same"
            | sizes -> Word.hiddenSizes.Print sizes
    }

    let private settings: Setting<ConservativeQLearningConfig> list = [
        Word.number
            "conservativeWeight"
            "W"
            "Weight of the conservative term, at least 0: 0 is soft actor-critic"
            (Read.atLeast 0)
        |> at _.ConservativeWeight (fun x config -> config.With(conservativeWeight = x))
        Word.choice
            "lagrange"
            "Whether a multiplier holds the term at a gap, the weight outside the bracket (CORL) or inside (the authors)"
            [
                "off", Lagrange.Off
                "weight-outside", Lagrange.WeightOutside
                "weight-inside", Lagrange.WeightInside
            ]
        |> at _.Lagrange (fun x config -> config.With(lagrange = x))
        Word.number "lagrangeGap" "GAP" "Gap that the multiplier holds, at least 0" (Read.atLeast 0)
        |> at _.LagrangeGap (fun x config -> config.With(lagrangeGap = x))
        Word.number "initialLogMultiplier" "NUMBER" "Logarithm of the multiplier at the start" anyNumber
        |> at _.InitialLogMultiplier (fun x config -> config.With(initialLogMultiplier = x))
        Word.choice
            "conservativeTerm"
            "Logits of the term: Q less the samples' log-density (version 3), or Q alone with the data's (version 2)"
            [
                "importance-weighted", ConservativeTerm.ImportanceWeighted
                "plain", ConservativeTerm.Plain
            ]
        |> at _.ConservativeTerm (fun x config -> config.With(conservativeTerm = x))
        Word.count "actionSamples" "N" "Actions of each of three kinds a state in the term, and in a maximum backup" 1
        |> at _.ActionSamples (fun x config -> config.With(actionSamples = x))
        Word.number "softmaxTemperature" "C" "Temperature of the term's soft maximum, above 0" Read.positive
        |> at _.SoftmaxTemperature (fun x config -> config.With(softmaxTemperature = x))
        bound "differenceMin" -infinity "Least that a row's soft maximum less Q counts"
        |> at _.DifferenceMin (fun x config -> config.With(differenceMin = x))
        bound "differenceMax" infinity "Most that a row's soft maximum less Q counts"
        |> at _.DifferenceMax (fun x config -> config.With(differenceMax = x))
        Word.yesOrNo "automaticTemperature" "Whether the entropy's temperature learns to hold an entropy"
        |> at _.AutomaticTemperature (fun x config -> config.With(automaticTemperature = x))
        Word.number
            "entropyTemperature"
            "ALPHA"
            "Temperature of the entropy where it does not learn, at least 0"
            (Read.atLeast 0)
        |> at _.EntropyTemperature (fun x config -> config.With(entropyTemperature = x))
        Word.number
            "initialLogTemperature"
            "NUMBER"
            "Logarithm of the entropy's temperature at the start, where it learns"
            anyNumber
        |> at _.InitialLogTemperature (fun x config -> config.With(initialLogTemperature = x))
        Word.number "targetEntropy" "NATS" "Entropy held, a dimension of an action" anyNumber
        |> at _.TargetEntropy (fun x config -> config.With(targetEntropy = x))
        Word.choice
            "backup"
            "What follows in the critics' target: one sample, or the best of N with the critics' minimum inside or outside"
            [
                "sample", SampledBackup.Sample
                "max-of-least", SampledBackup.MaxOfLeast
                "least-of-max", SampledBackup.LeastOfMax
            ]
        |> at _.Backup (fun x config -> config.With(backup = x))
        Word.yesOrNo "entropyInBackup" "Whether the critics' target counts the entropy"
        |> at _.EntropyInBackup (fun x config -> config.With(entropyInBackup = x))
        Word.count "cloningSteps" "N" "Steps at the start in which the policy clones the data" 0
        |> at _.CloningSteps (fun x config -> config.With(cloningSteps = x))
        Word.choice
            "conservativeOrder"
            "Which networks a part of a step sees: those new before it, old ones but for the temperature, or old ones"
            [
                "sequential", ConservativeOrder.Sequential
                "temperature-first", ConservativeOrder.TemperatureFirst
                "simultaneous", ConservativeOrder.Simultaneous
            ]
        |> at _.ConservativeOrder (fun x config -> config.With(conservativeOrder = x))
        Word.number
            "actionLimit"
            "LIMIT"
            "The data's actions are held within plus and minus this, in (0, 1]"
            (Read.numberWhere "a number in (0, 1]" (fun x -> x > 0 && x <= 1))
        |> at _.ActionLimit (fun x config -> config.With(actionLimit = x))
        Word.discount |> at _.Discount (fun x config -> config.With(discount = x))
        Word.polyakStep |> at _.PolyakStep (fun x config -> config.With(polyakStep = x))
        Word.hiddenSizes
        |> at (fun config -> List.ofSeq config.HiddenSizes) (fun x config -> config.With(hiddenSizes = x))
        criticHiddenSizes
        |> at (fun config -> List.ofSeq config.CriticHiddenSizes) (fun x config -> config.With(criticHiddenSizes = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.criticLearningRate
        |> at _.CriticLearningRate (fun x config -> config.With(criticLearningRate = x))
        Word.policyLearningRate
        |> at _.PolicyLearningRate (fun x config -> config.With(policyLearningRate = x))
        Word.yesOrNo "learnedLogStd" "Whether scale and offset of ln σ learn"
        |> at _.LearnedLogStd (fun x config -> config.With(learnedLogStd = x))
        Word.logStdMin |> at _.LogStdMin (fun x config -> config.With(logStdMin = x))
        Word.logStdMax |> at _.LogStdMax (fun x config -> config.With(logStdMax = x))
        {
            Word.initialisation with
                Name = "policyInitialisation"
                Doc = Word.initialisation.Doc.Replace("weights", "the policy's weights")
        }
        |> at _.PolicyInitialisation (fun x config -> config.With(policyInitialisation = x))
        {
            Word.initialisation with
                Name = "criticInitialisation"
                Doc = Word.initialisation.Doc.Replace("weights", "the critics' weights")
        }
        |> at _.CriticInitialisation (fun x config -> config.With(criticInitialisation = x))
    ]

    /// CORL's, for locomotion.
    let private standard = ConservativeQLearningConfig()

    /// aviralkumar2907/CQL @d67dbe9: its README's and its defaults.
    let authors: ConservativeQLearningConfig =
        standard.With(
            conservativeWeight = 5.0,
            cloningSteps = 40_000,
            policyLearningRate = 1e-4,
            initialLogMultiplier = 0.0,
            lagrangeGap = 5.0,
            conservativeOrder = ConservativeOrder.TemperatureFirst,
            learnedLogStd = false,
            logStdMin = -5.0,
            policyInitialisation = Initialisation.TorchSmallOutput,
            criticInitialisation = Initialisation.TorchSmallOutput
        )

    /// young-geng/CQL @21efac4: its defaults.
    let youngGeng: ConservativeQLearningConfig =
        standard.With(
            conservativeWeight = 5.0,
            policyLearningRate = 3e-4,
            hiddenSizes = [ 256; 256 ],
            lagrangeGap = 1.0,
            actionLimit = 0.999,
            conservativeOrder = ConservativeOrder.Simultaneous,
            criticInitialisation = Initialisation.TorchSmallOutput
        )

    let entry: AlgorithmEntry<ConservativeQLearningConfig> = {
        Name = "cql"
        Title = "Conservative Q-learning"
        Paper = "Kumar et al. 2020, arXiv:2006.04779"
        Standard = standard
        Variants = [ "cql-authors", authors; "cql-young-geng", youngGeng ]
        Settings = settings
        Grid = [ "conservativeWeight", [ "0"; "1"; "5"; "10" ] ]
        UsesRewards = true
        RunName = fun _ -> "cql"
        ForSteps = fun _ config -> config
        ForActions = fun kind config -> Ok(config.With(actions = kind))
        ContinuousOnly = [
            "conservativeTerm"
            "actionSamples"
            "automaticTemperature"
            "entropyTemperature"
            "initialLogTemperature"
            "targetEntropy"
            "backup"
            "entropyInBackup"
            "cloningSteps"
            "conservativeOrder"
            "actionLimit"
            "policyLearningRate"
            "learnedLogStd"
            "logStdMin"
            "logStdMax"
            "policyInitialisation"
        ]
        Written = fun config -> RunJson.Element config
        Extra = fun _ -> []
        Read = fun written -> RunJson.Parse<ConservativeQLearningConfig> written
        Remarks =
            fun steps config -> [
                if config.CloningSteps >= steps then
                    $"the policy clones in its first {config.CloningSteps} steps, and this run has {steps}; to let it climb earlier: --cloning-steps"
            ]
        BatchSize = _.BatchSize
        Selection = fun _ -> None
        Shared = fun _ -> None
        Learner = fun configs s a -> ConservativeQLearning.Learner(List.exactlyOne configs, s, a)
    }
