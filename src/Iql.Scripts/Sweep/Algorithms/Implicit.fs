namespace Iql.Scripts

open System
open Iql
open Iql.Algorithms
open Iql.Training

/// What the critics learn from.
type Objective =
    /// Implicit Q-learning: V by the expectile loss, Q towards r + γ V(s').
    | Implicit
    /// Q towards r + γ Q(s', a'), with the data's next action: the value of the policy that made the data.
    | Sarsa
    /// The expectile loss on the temporal-difference error of Q alone.
    | ExpectileTemporalDifference
    /// Q towards r + γ max Q(s', a') over actions drawn from all: Q-learning, which asks about actions that nobody took.
    | MaximumTemporalDifference
    /// The same maximum over samples of a model of the data's policy.
    | SupportedMaximum

/// Implicit Q-learning, and what it improves upon.
type ImplicitConfig = {
    Objective: Objective
    /// A value loss of one's own and the name it goes by; None is the expectile loss.
    ValueLoss: (string * ValueLoss) option
    /// Actions that a maximum is taken over.
    Candidates: int
    /// Least density, as a share of its largest, that counts as support.
    SupportThreshold: float
    /// Its CosineSteps are not read: the cosine ends with the run.
    Config: ImplicitQLearningConfig
}

/// Implicit Q-learning's entry.
[<RequireQualifiedAccess>]
module ImplicitConfig =

    /// The paper's locomotion setting.
    let standard: ImplicitConfig = {
        Objective = Implicit
        ValueLoss = None
        Candidates = TemporalDifferenceConfig().Candidates
        SupportThreshold = TemporalDifferenceConfig().SupportThreshold
        Config = ImplicitQLearningConfig()
    }

    let private at (get: ImplicitQLearningConfig -> 'value) set word =
        Setting.at
            (fun implicit -> get implicit.Config)
            (fun value implicit -> {
                implicit with
                    Config = set value implicit.Config
            })
            word

    let private objective =
        Word.choice "objective" "What the critics learn from" [
            "iql", Implicit
            "sarsa", Sarsa
            "expectile-td", ExpectileTemporalDifference
            "maximum-td", MaximumTemporalDifference
            "supported-maximum-td", SupportedMaximum
        ]

    let private settings: Setting<ImplicitConfig> list = [
        Word.number
            "expectile"
            "TAU"
            "Expectile of the value loss, in (0, 1): 0.5 values the data's policy, towards 1 its best actions"
            (Read.between 0 1)
        |> at _.Expectile (fun x config -> config.With(expectile = x))
        Word.number
            "inverseTemperature"
            "BETA"
            "Inverse temperature of the policy's weights, at least 0: 0 is behaviour cloning, larger is greedier"
            (Read.atLeast 0)
        |> at _.InverseTemperature (fun x config -> config.With(inverseTemperature = x))
        Word.discount |> at _.Discount (fun x config -> config.With(discount = x))
        Word.polyakStep |> at _.PolyakStep (fun x config -> config.With(polyakStep = x))
        Word.maxAdvantageWeight
        |> at _.MaxAdvantageWeight (fun x config -> config.With(maxAdvantageWeight = x))
        Word.hiddenSizes
        |> at (fun config -> List.ofSeq config.HiddenSizes) (fun x config -> config.With(hiddenSizes = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.valueLearningRate
        |> at _.ValueLearningRate (fun x config -> config.With(valueLearningRate = x))
        Word.criticLearningRate
        |> at _.CriticLearningRate (fun x config -> config.With(criticLearningRate = x))
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
        objective
        |> Setting.at _.Objective (fun x implicit -> { implicit with Objective = x })
        Word.candidates
        |> Setting.at _.Candidates (fun x implicit -> { implicit with Candidates = x })
        Word.number
            "supportThreshold"
            "SHARE"
            "Least density, as a share of its largest, at which an action is in the data's support (supported-maximum-td), in [0, 1)"
            (Read.numberWhere "a number in [0, 1)" (fun x -> x >= 0 && x < 1))
        |> Setting.at _.SupportThreshold (fun x implicit -> { implicit with SupportThreshold = x })
        Word.choice
            "updateOrder"
            "Which V policy and critics see, the new one as in the paper's code or the old one as in CORL"
            [
                "value-policy-critic", UpdateOrder.ValuePolicyCritic
                "value-critic-policy-old", UpdateOrder.ValueCriticPolicyOld
            ]
        |> at _.UpdateOrder (fun x config -> config.With(updateOrder = x))
        Word.yesOrNo "halveCriticLoss" "Whether the critics' loss is their mean (CORL) instead of their sum"
        |> at _.HalveCriticLoss (fun x config -> config.With(halveCriticLoss = x))
        Word.initialisation
        |> at _.Initialisation (fun x config -> config.With(initialisation = x))
    ]

    let private learner (members: ImplicitConfig list) (observations: int) (actions: int) : Learner =
        let first = List.head members
        let config = first.Config
        let betas = [| for each in members -> each.Config.InverseTemperature |]

        let temporalDifference objective =
            let config =
                TemporalDifferenceConfig()
                    .With(
                        objective = Nullable objective,
                        critics = 2,
                        candidates = first.Candidates,
                        supportThreshold = first.SupportThreshold,
                        common = config
                    )

            TemporalDifferenceLearning.Learner(config, observations, actions, betas)

        match first.Objective with
        | Implicit ->
            let loss = first.ValueLoss |> Option.map snd |> Option.toObj
            ImplicitQLearning.Learner(config, observations, actions, betas, loss)
        | Sarsa -> temporalDifference TemporalDifferenceObjective.Squared
        | ExpectileTemporalDifference -> temporalDifference TemporalDifferenceObjective.Expectile
        | MaximumTemporalDifference -> temporalDifference TemporalDifferenceObjective.Maximum
        | SupportedMaximum -> temporalDifference TemporalDifferenceObjective.SupportedMaximum

    let entry: AlgorithmEntry<ImplicitConfig> = {
        Name = "iql"
        Title = "Implicit Q-learning"
        Paper = "Kostrikov, Nair and Levine 2021, arXiv:2110.06169"
        Standard = standard
        Variants = []
        Settings = settings
        Grid = [
            "expectile", [ "0.5"; "0.7"; "0.9"; "0.95" ]
            "inverseTemperature", [ "0"; "1"; "3"; "10" ]
        ]
        UsesRewards = true
        RunName =
            fun implicit ->
                match implicit.Objective with
                | Implicit -> "iql"
                | Sarsa
                | ExpectileTemporalDifference
                | MaximumTemporalDifference
                | SupportedMaximum -> "td"
        ForSteps =
            fun steps implicit -> {
                implicit with
                    Config = implicit.Config.With(cosineSteps = float steps)
            }
        ForActions =
            fun kind implicit ->
                match kind, implicit.Objective with
                | ActionKind.Discrete, (MaximumTemporalDifference | SupportedMaximum) ->
                    Error $"continuous actions for --objective {objective.Print implicit.Objective}"
                | _ ->
                    Ok {
                        implicit with
                            Config = implicit.Config.With(actions = kind)
                    }
        ContinuousOnly = [ "policyKind"; "meanTanh"; "logStdMin"; "logStdMax" ]
        Written = fun implicit -> RunJson.Element implicit.Config
        Extra =
            fun implicit -> [
                yield "objective", Json.Text(objective.Print implicit.Objective)
                match implicit.ValueLoss with
                | Some(name, _) -> yield "valueLoss", Json.Text name
                | None -> ()
                match implicit.Objective with
                | MaximumTemporalDifference -> yield "candidates", Json.Number(float implicit.Candidates)
                | SupportedMaximum ->
                    yield "candidates", Json.Number(float implicit.Candidates)
                    yield "supportThreshold", Json.Number implicit.SupportThreshold
                | Implicit
                | Sarsa
                | ExpectileTemporalDifference -> ()
            ]
        // A value loss of one's own is code; a policy acts without it.
        Read =
            fun written -> {
                Objective =
                    (match written.TryGetProperty "objective" with
                     | true, word ->
                         objective.Parse(word.GetString() |> Option.ofObj |> Option.defaultValue "")
                         |> Result.defaultValue Implicit
                     | _ -> Implicit)
                ValueLoss = None
                Candidates =
                    (match written.TryGetProperty "candidates" with
                     | true, count -> count.GetInt32()
                     | _ -> standard.Candidates)
                SupportThreshold =
                    (match written.TryGetProperty "supportThreshold" with
                     | true, share -> share.GetDouble()
                     | _ -> standard.SupportThreshold)
                Config =
                    RunJson.Parse<ImplicitQLearningConfig>(
                        written,
                        "objective",
                        "valueLoss",
                        "candidates",
                        "supportThreshold"
                    )
            }
        Remarks = fun _ _ -> []
        BatchSize = _.Config.BatchSize
        Selection = fun _ -> None
        // V and the critics never see the inverse temperature.
        Shared =
            fun implicit ->
                Some {
                    implicit with
                        Config = implicit.Config.With(inverseTemperature = 0.0)
                }
        Learner = learner
    }
