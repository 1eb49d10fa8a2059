namespace Iql.Scripts

open Iql.Algorithms

/// One run of a sweep.
[<StructuredFormatDisplay("{Line}")>]
type SweepCell = {
    /// "expectile=0.7,inverseTemperature=3,seed=0": its folder's name.
    Name: string
    /// Axis and value.
    Labels: (string * string) list
    Trial: Trial
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"SweepCell {own.Name}"

    override own.ToString() = own.Line

/// An ablation as data: a trial, and the axes along which it is varied.
[<StructuredFormatDisplay("{Line}")>]
type Sweep = {
    Name: string
    Base: Trial
    Axes: Axis list
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        let axes = own.Axes |> List.map (fun axis -> $"{axis.Values.Length} {axis.Name}")
        $"""Sweep {own.Name}: {String.concat " × " axes}"""

    override own.ToString() = own.Line

/// Grids, and which of their cells can be trained together.
[<RequireQualifiedAccess>]
module Sweep =

    /// The axes and values of a label: several of an axis over several names.
    let private named (axis: string) (label: string) : (string * string) list =
        if axis.Contains '&' then
            List.zip (List.ofArray (axis.Split '&')) (List.ofArray (label.Split '&'))
        else
            [ axis, label ]

    /// Every combination of axis values applied to a base trial, first axis slowest. What an axis does not fit stays as
    /// it is, without a value of it.
    let grid (axes: Axis list) (trial: Trial) : SweepCell list =
        (([ [], trial ], axes)
         ||> List.fold (fun cells axis -> [
             for labels, trial in cells do
                 if axis.Fits trial then
                     for label, set in axis.Values do
                         yield List.rev (named axis.Name label) @ labels, set trial
                 else
                     yield labels, trial
         ]))
        |> List.map (fun (labels, trial) ->
            let labels = List.rev labels

            {
                Name =
                    if labels.IsEmpty then
                        "run"
                    else
                        labels |> List.map (fun (axis, value) -> $"{axis}={value}") |> String.concat ","
                Labels = labels
                Trial = trial
            })

    let private twice (names: string list) : string option =
        names |> List.countBy id |> List.tryFind (fun (_, count) -> count > 1) |> Option.map fst

    /// The most runs of a sweep: each has its folder.
    let mostRuns = 10_000

    /// Two runs of a grid that would train the same, in words.
    let private alike (sweep: Sweep) : string option =
        grid sweep.Axes sweep.Base
        |> List.groupBy _.Trial
        |> List.tryPick (function
            | _, first :: second :: _ ->
                Some
                    $"axes: expected runs that differ, got the same for {first.Name} and {second.Name}. Does a later \
                      axis replace what an earlier one sets?"
            | _ -> None)

    /// An axis that no run has, in words.
    let private homeless (sweep: Sweep) : string option =
        let cells = grid sweep.Axes sweep.Base
        let names = cells |> List.collect (_.Labels >> List.map fst) |> Set.ofList
        let algorithms = cells |> List.map (fun cell -> (Trial.algorithm cell.Trial).Name) |> List.distinct

        sweep.Axes
        |> List.collect (_.Name >> _.Split('&') >> List.ofArray)
        |> List.tryFind (names.Contains >> not)
        |> Option.map (fun name ->
            $"{name}: belongs to {Plural.either (Hyperparameter.owners name)}, got {Plural.listed algorithms}.")

    /// What is wrong with a sweep before any data are looked at.
    let check (sweep: Sweep) : Result<unit, string> =
        let names = sweep.Axes |> List.collect (fun axis -> List.ofArray (axis.Name.Split '&'))
        let runs = (1.0, sweep.Axes) ||> List.fold (fun runs axis -> runs * float axis.Values.Length)

        let wrong (axis: Axis) =
            let labels = List.map fst axis.Values

            let unfit =
                labels
                |> List.tryFind (fun label -> label = "" || label |> Seq.exists (fun c -> Seq.contains c "/\\,="))

            match twice labels, unfit with
            | _ when labels.IsEmpty -> Some $"{axis.Name}: expected at least one value, got none."
            | Some label, _ -> Some $"{axis.Name}: expected each value once, got {label} twice."
            | _, Some label ->
                Some
                    $"{axis.Name}: expected values that are valid in a folder's name, got '{label}' with one of / \\ \
                      , = or nothing."
            | _ -> None

        match twice names, List.tryPick wrong sweep.Axes with
        | Some name, _ ->
            let values =
                sweep.Axes
                |> List.filter (fun axis -> axis.Name = name)
                |> List.map (fun axis -> axis.Values |> List.map fst |> String.concat ",")
                |> String.concat " and with "

            Error $"axes: expected each once, got {name} twice: with {values}. Put the values into one axis."
        | _, Some problem -> Error problem
        | _ when names |> List.skipWhile ((<>) "algorithm") |> List.contains "task" ->
            Error "axes: expected task before algorithm, because presets depend on the task, got algorithm first."
        | _ when runs > float mostRuns ->
            Error
                $"axes: expected at most {Plural.thousands mostRuns} runs, got {Plural.thousands (int64 runs)}. Ask \
                  for fewer values or seeds."
        | _ ->
            homeless sweep
            |> Option.orElseWith (fun () -> alike sweep)
            |> Option.map Error
            |> Option.defaultValue (Ok())

    /// The names of a sweep's axes, each with its values in order.
    let axes (sweep: Sweep) : (string * string list) list =
        sweep.Axes
        |> List.collect (fun axis -> axis.Values |> List.collect (fst >> named axis.Name))
        |> List.groupBy fst
        |> List.map (fun (name, values) -> name, values |> List.map snd |> List.distinct)

    /// The runs of a sweep.
    let cells (sweep: Sweep) : SweepCell list = grid sweep.Axes sweep.Base

    /// Cells that are trained together, by one learner: alike in everything but what its shared part never sees, such
    /// as the inverse temperature of implicit Q-learning. What goes on online acts on its own.
    let groups (cells: SweepCell list) : SweepCell list list =
        cells
        |> List.groupBy (fun cell ->
            if (Trial.algorithm cell.Trial).Shares && cell.Trial.Online.IsNone then
                { cell.Trial with Config = cell.Trial.Config.Shared() }, ""
            else
                cell.Trial, cell.Name)
        |> List.map snd

    /// What the labels of a group's runs have in common, as a name: "expectile=0.7,seed=0".
    let groupName (labels: (string * string) list list) : string =
        let shared =
            labels.Head
            |> List.filter (fun label -> List.forall (List.contains label) labels)
            |> List.map (fun (axis, value) -> $"{axis}={value}")
            |> String.concat ","

        if shared = "" then "run" else shared
