namespace Iql.Scripts

open Iql.Algorithms
open Iql.Networks
open Iql.Optimizers

/// What a number or a word of a configuration is called, and which are allowed, whoever has it.
type Word<'value> = {
    /// "inverseTemperature"
    Name: string
    /// What a value is called in the help, "BETA".
    Hint: string
    /// One sentence for the help.
    Doc: string
    /// A value out of text, or what was expected.
    Parse: string -> Result<'value, string>
    /// A value as text that Parse takes.
    Print: 'value -> string
}

/// Building words, and those that algorithms share.
[<RequireQualifiedAccess>]
module Word =

    let number name hint doc parse : Word<float> = {
        Name = name
        Hint = hint
        Doc = doc
        Parse = parse
        Print = Json.numberText
    }

    let count name hint doc low : Word<int> = {
        Name = name
        Hint = hint
        Doc = doc
        Parse = Read.whole low
        Print = string<int>
    }

    let choice name doc (cases: (string * 'case) list) : Word<'case> = {
        Name = name
        Hint = "WORD"
        Doc = doc + ": " + (cases |> List.map fst |> String.concat " or ")
        Parse =
            fun word ->
                match List.tryFind (fun (name, _) -> name = word) cases with
                | Some(_, case) -> Ok case
                | None -> Error("one of " + String.concat ", " (List.map fst cases))
        Print = fun case -> cases |> List.find (fun (_, each) -> each = case) |> fst
    }

    let yesOrNo name doc : Word<bool> =
        choice name doc [ "yes", true; "no", false ]

    let rate name doc : Word<float> = number name "RATE" doc (Read.atLeast 0)

    let discount = number "discount" "GAMMA" "Discount, in [0, 1]" (Read.within 0 1)

    let polyakStep =
        number
            "polyakStep"
            "ALPHA"
            "Share of the networks that moves into their targets at each step, in (0, 1]"
            (Read.numberWhere "a number in (0, 1]" (fun x -> x > 0 && x <= 1))

    let maxAdvantageWeight =
        number "maxAdvantageWeight" "WEIGHT" "Cap on the policy's weights, above 0" Read.positive

    let valueLearningRate = rate "valueLearningRate" "Adam's learning rate of V"

    let behaviourLearningRate =
        rate "behaviourLearningRate" "Adam's learning rate of the model of the data's policy"

    let criticLearningRate =
        rate "criticLearningRate" "Adam's learning rate of the critics"

    let policyLearningRate =
        rate "policyLearningRate" "Adam's learning rate of the policy at the first step"

    let policySchedule =
        choice "policySchedule" "How the policy's learning rate moves, the cosine to 0 at the last step" [
            "cosine", LearningRateSchedule.Cosine
            "constant", LearningRateSchedule.Constant
        ]

    let dropout =
        number
            "dropout"
            "SHARE"
            "Share of the policy's hidden activations dropped while training, in [0, 1)"
            (Read.numberWhere "a number in [0, 1)" (fun x -> x >= 0 && x < 1))

    let hiddenSizes: Word<int list> = {
        Name = "hiddenSizes"
        Hint = "WIDTHS"
        Doc = "Widths of the hidden layers of every network, such as 256x256"
        Parse = Read.sizes
        Print = List.map string<int> >> String.concat "x"
    }

    let candidates =
        count
            "candidates"
            "N"
            "Actions drawn at a state to take the best of (maximum-td, supported-maximum-td; onestep's easy-bcq)"
            1

    let batchSize = count "batchSize" "ROWS" "Transitions a step" 1

    let policyKind =
        choice "policyKind" "The policy; a deterministic one is trained by squared error" [
            "gaussian", PolicyKind.Gaussian
            "deterministic", PolicyKind.Deterministic
        ]

    let meanTanh = yesOrNo "meanTanh" "Whether the Gaussian's mean goes through tanh"

    let logStdMin =
        number "logStdMin" "NUMBER" "Lower clip of the Gaussian's ln σ" (Read.numberWhere "a number" (fun _ -> true))

    let logStdMax =
        number "logStdMax" "NUMBER" "Upper clip of the Gaussian's ln σ" (Read.numberWhere "a number" (fun _ -> true))

    let initialisation =
        choice
            "initialisation"
            "How weights start, as in the paper's code or as in PyTorch, the last layer alike or small"
            [
                "orthogonal", Initialisation.Orthogonal
                "torch", Initialisation.Torch
                "orthogonal-small-output", Initialisation.OrthogonalSmallOutput
                "torch-small-output", Initialisation.TorchSmallOutput
            ]

/// One number or word of a configuration: how it is called, read, shown and set.
type Setting<'config> = {
    Name: string
    Hint: string
    Doc: string
    /// A change to a configuration out of the text of a value, or what was expected.
    Read: string -> Result<'config -> 'config, string>
    /// The value a configuration has, as text that Read takes.
    Show: 'config -> string
}

/// Words at their place in a configuration.
[<RequireQualifiedAccess>]
module Setting =

    /// A word where a configuration keeps it.
    let at (get: 'config -> 'value) (set: 'value -> 'config -> 'config) (word: Word<'value>) : Setting<'config> = {
        Name = word.Name
        Hint = word.Hint
        Doc = word.Doc
        Read = word.Parse >> Result.map set
        Show = get >> word.Print
    }

    /// A setting of a part as one of the whole: what a whole without the part is told is nothing.
    let lift (pick: 'whole -> 'part option) (wrap: 'part -> 'whole) (setting: Setting<'part>) : Setting<'whole> = {
        Name = setting.Name
        Hint = setting.Hint
        Doc = setting.Doc
        Read =
            setting.Read
            >> Result.map (fun set whole -> pick whole |> Option.map (set >> wrap) |> Option.defaultValue whole)
        Show = pick >> Option.map setting.Show >> Option.defaultValue ""
    }
