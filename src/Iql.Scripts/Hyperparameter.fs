namespace Iql.Scripts

open Iql.Algorithms
open Iql.Networks
open Iql.Optimizers

/// What the critics learn from.
type Objective =
    /// Implicit Q-learning: V by the expectile loss, Q towards r + γ V(s').
    | Implicit
    /// Q towards r + γ Q(s', a'), with the data's next action: the value of the policy that made the data.
    | Sarsa
    /// The expectile loss on the temporal-difference error of Q alone.
    | ExpectileTemporalDifference

/// Everything that decides a run's numbers, but for the data it learns from.
type Trial = {
    Objective: Objective
    /// A value loss of one's own and the name it goes by; None is the expectile loss.
    ValueLoss: (string * ValueLoss) option
    /// Its CosineSteps are not read: the cosine ends with the run.
    Hyperparameters: ImplicitQLearningConfig
    Seed: int
    /// Training steps.
    Steps: int
    /// Steps from one evaluation, and checkpoint, to the next.
    EvaluateEvery: int
    /// Episodes an evaluation.
    Episodes: int
}

/// The trial that everything else is a change of.
[<RequireQualifiedAccess>]
module Trial =

    /// The paper's locomotion setting, a million steps on two layers of 256, with an evaluation every 50,000.
    let standard: Trial = {
        Objective = Implicit
        ValueLoss = None
        Hyperparameters = ImplicitQLearningConfig()
        Seed = 0
        Steps = 1_000_000
        EvaluateEvery = 50_000
        Episodes = 20
    }

/// One number or word of a trial: how it is called, read, shown and set. The command line makes an option of each.
type Hyperparameter = {
    /// "inverseTemperature"
    Name: string
    /// What a value is called in the help, "BETA".
    Hint: string
    /// One sentence for the help.
    Doc: string
    /// A change to a trial out of the text of a value, or what was expected.
    Read: string -> Result<Trial -> Trial, string>
    /// The value a trial has, as text that Read takes.
    Show: Trial -> string
}

/// Every hyperparameter that can be swept. A new one is one value here and one row in `all`.
[<RequireQualifiedAccess>]
module Hyperparameter =

    let private number name hint doc read (get: ImplicitQLearningConfig -> float) set = {
        Name = name
        Hint = hint
        Doc = doc
        Read =
            read
            >> Result.map (fun (value: float) trial -> {
                trial with
                    Hyperparameters = set value trial.Hyperparameters
            })
        Show = fun trial -> Json.numberText (get trial.Hyperparameters)
    }

    let private count name hint doc low get set = {
        Name = name
        Hint = hint
        Doc = doc
        Read = Read.whole low >> Result.map set
        Show = get >> string<int>
    }

    let private choice name doc (cases: (string * 'case) list) (get: Trial -> 'case) set = {
        Name = name
        Hint = "WORD"
        Doc = doc + ": " + (cases |> List.map fst |> String.concat " or ")
        Read =
            fun word ->
                match List.tryFind (fun (name, _) -> name = word) cases with
                | Some(_, case) -> Ok(set case)
                | None -> Error("one of " + String.concat ", " (List.map fst cases))
        Show =
            fun trial ->
                let case = get trial
                cases |> List.find (fun (_, each) -> each = case) |> fst
    }

    let private option name doc cases (get: ImplicitQLearningConfig -> 'case) set =
        choice name doc cases (fun trial -> get trial.Hyperparameters) (fun case trial -> {
            trial with
                Hyperparameters = set case trial.Hyperparameters
        })

    let expectile =
        number
            "expectile"
            "TAU"
            "Expectile of the value loss, in (0, 1): 0.5 values the data's policy, towards 1 its best actions"
            (Read.between 0 1)
            _.Expectile
            (fun x config -> config.With(expectile = x))

    let inverseTemperature =
        number
            "inverseTemperature"
            "BETA"
            "Inverse temperature of the policy's weights, at least 0: 0 is behaviour cloning, larger is greedier"
            (Read.atLeast 0)
            _.InverseTemperature
            (fun x config -> config.With(inverseTemperature = x))

    let seed =
        count "seed" "SEED" "Number of the repetition; all randomness comes from it" 0 _.Seed (fun x trial -> {
            trial with
                Seed = x
        })

    let discount =
        number "discount" "GAMMA" "Discount, in [0, 1]" (Read.within 0 1) _.Discount (fun x config ->
            config.With(discount = x))

    let polyakStep =
        number
            "polyakStep"
            "ALPHA"
            "Share of the critics that moves into their targets at each step, in (0, 1]"
            (Read.numberWhere "a number in (0, 1]" (fun x -> x > 0 && x <= 1))
            _.PolyakStep
            (fun x config -> config.With(polyakStep = x))

    let maxAdvantageWeight =
        number
            "maxAdvantageWeight"
            "WEIGHT"
            "Cap on the policy's weights, above 0"
            Read.positive
            _.MaxAdvantageWeight
            (fun x config -> config.With(maxAdvantageWeight = x))

    let valueLearningRate =
        number
            "valueLearningRate"
            "RATE"
            "Adam's learning rate of V"
            (Read.atLeast 0)
            _.ValueLearningRate
            (fun x config -> config.With(valueLearningRate = x))

    let criticLearningRate =
        number
            "criticLearningRate"
            "RATE"
            "Adam's learning rate of the critics"
            (Read.atLeast 0)
            _.CriticLearningRate
            (fun x config -> config.With(criticLearningRate = x))

    let policyLearningRate =
        number
            "policyLearningRate"
            "RATE"
            "Adam's learning rate of the policy at the first step"
            (Read.atLeast 0)
            _.PolicyLearningRate
            (fun x config -> config.With(policyLearningRate = x))

    let policySchedule =
        option
            "policySchedule"
            "How the policy's learning rate moves, the cosine to 0 at the last step"
            [
                "cosine", LearningRateSchedule.Cosine
                "constant", LearningRateSchedule.Constant
            ]
            _.PolicySchedule
            (fun x config -> config.With(policySchedule = x))

    let dropout =
        number
            "dropout"
            "SHARE"
            "Share of the policy's hidden activations dropped while training, in [0, 1)"
            (Read.numberWhere "a number in [0, 1)" (fun x -> x >= 0 && x < 1))
            _.Dropout
            (fun x config -> config.With(dropout = x))

    let hiddenSizes = {
        Name = "hiddenSizes"
        Hint = "WIDTHS"
        Doc = "Widths of the hidden layers of every network, such as 256x256"
        Read =
            Read.sizes
            >> Result.map (fun sizes trial -> {
                trial with
                    Hyperparameters = trial.Hyperparameters.With(hiddenSizes = sizes)
            })
        Show = fun trial -> trial.Hyperparameters.HiddenSizes |> Seq.map string<int> |> String.concat "x"
    }

    let batchSize =
        count "batchSize" "ROWS" "Transitions a step" 1 _.Hyperparameters.BatchSize (fun x trial -> {
            trial with
                Hyperparameters = trial.Hyperparameters.With(batchSize = x)
        })

    let policyKind =
        option
            "policyKind"
            "The policy; a deterministic one is trained by weighted squared error"
            [ "gaussian", PolicyKind.Gaussian; "deterministic", PolicyKind.Deterministic ]
            _.PolicyKind
            (fun x config -> config.With(policyKind = x))

    let meanTanh =
        option
            "meanTanh"
            "Whether the Gaussian's mean goes through tanh"
            [ "yes", true; "no", false ]
            _.MeanTanh
            (fun x config -> config.With(meanTanh = x))

    let logStdMin =
        number
            "logStdMin"
            "NUMBER"
            "Lower clip of the Gaussian's ln σ"
            (Read.numberWhere "a number" (fun _ -> true))
            _.LogStdMin
            (fun x config -> config.With(logStdMin = x))

    let logStdMax =
        number
            "logStdMax"
            "NUMBER"
            "Upper clip of the Gaussian's ln σ"
            (Read.numberWhere "a number" (fun _ -> true))
            _.LogStdMax
            (fun x config -> config.With(logStdMax = x))

    let objective =
        choice
            "objective"
            "What the critics learn from"
            [ "iql", Implicit; "sarsa", Sarsa; "expectile-td", ExpectileTemporalDifference ]
            _.Objective
            (fun x trial -> { trial with Objective = x })

    let updateOrder =
        option
            "updateOrder"
            "Which V policy and critics see, the new one as in the paper's code or the old one as in CORL"
            [
                "value-policy-critic", UpdateOrder.ValuePolicyCritic
                "value-critic-policy-old", UpdateOrder.ValueCriticPolicyOld
            ]
            _.UpdateOrder
            (fun x config -> config.With(updateOrder = x))

    let halveCriticLoss =
        option
            "halveCriticLoss"
            "Whether the critics' loss is their mean (CORL) instead of their sum"
            [ "yes", true; "no", false ]
            _.HalveCriticLoss
            (fun x config -> config.With(halveCriticLoss = x))

    let initialisation =
        option
            "initialisation"
            "How weights start, as in the paper's code or as in PyTorch"
            [ "orthogonal", Initialisation.Orthogonal; "torch", Initialisation.Torch ]
            _.Initialisation
            (fun x config -> config.With(initialisation = x))

    /// All of them, the two of the title first.
    let all = [
        expectile
        inverseTemperature
        seed
        discount
        polyakStep
        maxAdvantageWeight
        hiddenSizes
        batchSize
        valueLearningRate
        criticLearningRate
        policyLearningRate
        policySchedule
        dropout
        policyKind
        meanTanh
        logStdMin
        logStdMax
        objective
        updateOrder
        halveCriticLoss
        initialisation
    ]
