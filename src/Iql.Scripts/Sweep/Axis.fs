namespace Iql.Scripts

open Iql.Algorithms
open Iql.Data

/// One dimension of an ablation, as data: its name and, for each value, a label and what the value does to a trial.
[<StructuredFormatDisplay("{Line}")>]
type Axis = {
    Name: string
    Values: (string * (Trial -> Trial)) list
    /// Whether it applies to a trial: a hyperparameter's axis leaves alone the algorithms that have it not.
    Fits: Trial -> bool
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"""Axis {own.Name}: {own.Values |> List.map fst |> String.concat ", "}"""

    override own.ToString() = own.Line

/// Axes over the hyperparameters, and over the options of the online phase.
[<RequireQualifiedAccess>]
module Axis =

    /// An axis over the hyperparameter of a name: `Axis.along "alpha" [ 1.0; 2.5 ]`, or over an option of the online
    /// phase, as its option on the command line: `Axis.along "dataShare" [ 0.25; 0.5 ]`. Words are read as on the
    /// command line; 3.0, "3.0" and 3 have the same label.
    let along (name: string) (values: 'value seq) : Axis =
        let online = OnlineOption.find name

        let labelled: obj -> string * (Trial -> Trial) =
            match online with
            | Some online ->
                fun given ->
                    let value = OnlineOption.value online given
                    OnlineOption.print online value, OnlineOption.set online value
            | None ->
                let hyperparameter = Hyperparameter.find name

                fun value ->
                    let value = hyperparameter.Value value
                    hyperparameter.Print value, Hyperparameter.set name value

        {
            Name = name
            Values = [ for value in values -> labelled (box value) ]
            Fits = fun trial -> online.IsSome || not (isNull (trial.Config.Find name))
        }

    /// Several names that are varied together, a value of each a point. Such an axis is called by its names and "&".
    let together (names: string list) (points: string list list) : Axis =
        let axes = [
            for place, name in List.indexed names -> along name [ for point in points -> List.item place point ]
        ]

        {
            Name = String.concat "&" names
            Values = [
                for point in 0 .. points.Length - 1 ->
                    let values = [ for axis in axes -> List.item point axis.Values ]
                    let set trial = (trial, values) ||> List.fold (fun trial (_, set) -> set trial)
                    values |> List.map fst |> String.concat "&", set
            ]
            Fits = fun trial -> axes |> List.forall (fun axis -> axis.Fits trial)
        }

    /// An axis of one's own: what each value does to a trial, by name.
    let own (name: string) (values: (string * (Trial -> Trial)) list) : Axis = {
        Name = name
        Values = values
        Fits = fun _ -> true
    }

    /// Repetitions.
    let seed (values: int seq) : Axis =
        own "seed" [ for seed in values -> string<int> seed, fun trial -> { trial with Seed = seed } ]

    /// τ of the value loss, each in (0, 1).
    let expectile (values: float seq) : Axis = along "expectile" values

    /// β of the policy's weights, each at least 0. Cells that differ in β alone share a value function.
    let inverseTemperature (values: float seq) : Axis = along "inverseTemperature" values

    /// Value losses of implicit Q-learning: built-in ones such as `ValueLoss.Expectile`, and `ValueLoss("mine", loss)`.
    let valueLoss (values: ValueLoss seq) : Axis = along "valueLoss" values

    /// Policy weights of implicit Q-learning: built-in ones such as `PolicyWeight.Exponential`, and
    /// `PolicyWeight("mine", weight)`.
    let policyWeight (values: PolicyWeight seq) : Axis = along "policyWeight" values

    /// Data to learn from, each by the task that its policies are scored in.
    let task (sources: DataSource seq) : Axis =
        own "task" [ for source in sources -> DataSource.task source, (fun trial -> { trial with Data = source }) ]

    /// Algorithms and variants by name: each in its standard setting, changed by `start`, by the preset that it has for
    /// the task's name, and by `change`. Comes after the axis of tasks.
    let algorithm (start: Trial -> Trial) (change: Trial -> Trial) (names: string seq) : Axis =
        own "algorithm" [
            for name in names ->
                let algorithm = Preset.algorithm name

                let set (trial: Trial) =
                    start { trial with Config = algorithm.Standard; Preset = None }
                    |> Preset.applyFor name (DataSource.task trial.Data)
                    |> change

                name, set
        ]

    /// How actions are scaled to ±1 before training.
    let actionScaling (values: ActionScaling seq) : Axis =
        own "actionScaling" [
            for rule in values ->
                (string rule).ToLowerInvariant(), fun trial -> { trial with ActionScaling = Some rule }
        ]
