namespace Iql.Scripts

open System
open System.IO
open Iql
open Iql.Algorithms
open Iql.Data

/// Tasks that are published together.
type Domain = {
    Name: string
    /// Which tasks these are.
    Tasks: string
    /// How names of their datasets begin.
    Prefixes: string list
    /// What their actions are: algorithms that do not learn of these have no presets there.
    Actions: ActionKind
}

/// A hyperparameter's published value, and where it is from.
type PresetValue = { Name: string; Value: string; Source: string }

/// Hyperparameters that somebody published for an algorithm on a domain. What it does not name is the algorithm's
/// standard.
[<StructuredFormatDisplay("{Line}")>]
type Preset = {
    /// The name that `--algorithm` takes: the algorithm's own, or that of a variant with presets of its own.
    Algorithm: string
    /// The domain's name.
    Domain: string
    Values: PresetValue list
    /// Values that differ from task to task, by how names of a task's datasets begin; the first that fits counts.
    PerTask: (string * PresetValue list) list
    /// What is done to rewards, and where that is from; None: as the built-in task has it.
    Rewards: (RewardRule * string) option
    /// Whether observations are standardised, and where that is from.
    NormalizeObservations: bool * string
    /// In which points it differs from the algorithm's paper.
    Differences: string list
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"Preset {own.Algorithm} on {own.Domain}: {own.Values.Length} values"

    override own.ToString() = own.Line

/// The presets. Those of an algorithm or variant are the file of its name under Presets; its form is that of the others
/// there: a line names a source, or the domains that the lines below it are of. "code: alpha 2.5, rewards none" are
/// values and their source, "pen, corl: targetReturn 3100" values of one task, and "differs: …" a point in which the
/// preset differs from the paper.
[<RequireQualifiedAccess>]
module Presets =

    let domains: Domain list = [
        for name, tasks, prefixes in
            [
                "adroit", "pen, hammer, door, relocate", [ "pen"; "hammer"; "door"; "relocate"; "adroit" ]
                "antmaze", "antmaze-*", [ "antmaze" ]
                "gridmaze", "Iql's own mazes of cells", [ "gridmaze" ]
                "kitchen", "kitchen-*", [ "kitchen" ]
                "locomotion", "halfcheetah, hopper, walker2d, ant", [ "halfcheetah"; "hopper"; "walker2d"; "ant-" ]
                "maze2d", "maze2d-*", [ "maze2d" ]
                "pointmaze", "Iql's own mazes", [ "pointmaze" ]
            ] ->
            {
                Name = name
                Tasks = tasks
                Prefixes = prefixes
                Actions = (if name = "gridmaze" then ActionKind.Discrete else ActionKind.Continuous)
            }
    ]

    /// What may be done to rewards: the word of `--rewards`, and what it means.
    let rewardRules: (string * RewardRule * string) list = [
        "none", RewardRule.None, "raw rewards"
        "antmaze", RewardRule.AntMaze, "rewards - 1"
        "antmaze-4", RewardRule.AntMazeTimes4, "4 (rewards - 1/2)"
        "antmaze-10", RewardRule.AntMazeTimes10, "10 rewards - 5"
        "return-range", RewardRule.ReturnRange, "rewards × 1000 / return range"
    ]

    let internal split (separator: string) (text: string) : string list =
        text.Split(separator, StringSplitOptions.TrimEntries ||| StringSplitOptions.RemoveEmptyEntries)
        |> List.ofArray

    let private wrong expected got = raise (InvalidDataException $"presets: expected '{expected}', got '{got}'.")

    /// The sources that lines name: "code = author/repository @commit".
    let internal sources (lines: string list) : Map<string, string> =
        Map [
            for line in lines do
                if not (line.StartsWith ' ') && line.Contains " = " then
                    let parts = line.Split(" = ", 2)
                    parts[0], parts[1]
        ]

    /// The key of a line "key: text", and its text.
    let internal keyed (line: string) : string * string =
        match line.Split(": ", 2) with
        | [| key; text |] -> key.Trim(), text
        | _ -> wrong "source: values" line

    /// Values with their source: "alpha 2.5, rewards none".
    let internal values (sources: Map<string, string>) (text: string) (source: string) : PresetValue list = [
        for each in split "," text do
            match split " " each with
            | [ name; value ] -> { Name = name; Value = value; Source = Map.find source sources }
            | _ -> wrong "name value" each
    ]

    let private put (sources: Map<string, string>) (preset: Preset) (line: string) : Preset =
        let key, text = keyed line
        let values = values sources text

        let take (preset: Preset) (value: PresetValue) =
            match value.Name with
            | "rewards" ->
                let _, rule, _ = rewardRules |> List.find (fun (word, _, _) -> word = value.Value)

                { preset with Rewards = Some(rule, value.Source) }
            | "observations" -> { preset with NormalizeObservations = (value.Value = "standardised"), value.Source }
            | _ -> { preset with Values = preset.Values @ [ value ] }

        match split "," key with
        | [ "differs" ] -> { preset with Differences = preset.Differences @ [ text ] }
        | [ source ] -> List.fold take preset (values source)
        | parts -> { preset with PerTask = preset.PerTask @ [ parts.Head, values parts[1] ] }

    /// The presets of a file's lines.
    let read (algorithm: string) (lines: string list) : Preset list =
        let lines = lines |> List.filter (fun line -> line.Trim() <> "")

        let sources = sources lines

        let empty domain = {
            Algorithm = algorithm
            Domain = domain
            Values = []
            PerTask = []
            Rewards = None
            NormalizeObservations = false, ""
            Differences = []
        }

        // Which domains a line is of, and the line.
        let owned =
            ([], lines)
            ||> List.scan (fun domains line -> if line.StartsWith ' ' then domains else split "," line)
            |> List.tail
            |> List.zip lines

        [
            for domain in domains do
                match
                    [
                        for line, of' in owned do
                            if line.StartsWith ' ' && List.contains domain.Name of' then
                                line
                    ]
                with
                | [] -> ()
                | lines -> List.fold (put sources) (empty domain.Name) lines
        ]

    /// Every preset.
    let all: Preset list = [
        for algorithm in Algorithm.Named do
            use stream = typeof<Preset>.Assembly.GetManifestResourceStream $"presets/{algorithm.Name}.txt"

            if not (isNull stream) then
                use reader = new StreamReader(stream)
                yield! read algorithm.Name (List.ofArray (reader.ReadToEnd().Split '\n'))
    ]
