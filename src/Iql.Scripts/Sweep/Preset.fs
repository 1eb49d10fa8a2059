namespace Iql.Scripts

open Iql.Data

/// Choosing, applying and describing presets.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Preset =

    /// The domain whose tasks have names like this one; the file name of a dataset will do.
    let domainOf (name: string) : Domain option =
        Presets.domains
        |> List.tryFind (fun domain ->
            domain.Prefixes
            |> List.exists (fun prefix -> name.ToLowerInvariant().StartsWith prefix))

    /// An algorithm's preset for a domain.
    let find (algorithm: Algorithm) (domain: string) : Preset option =
        Presets.all
        |> List.tryFind (fun preset -> preset.Algorithm = Algorithm.name algorithm && preset.Domain = domain)

    /// The preset for a domain of what `--algorithm` calls so: a variant that has presets of its own has no others.
    let named (name: string) (domain: string) : Preset option =
        match Presets.all |> List.filter (fun preset -> preset.Algorithm = name) with
        | [] -> Algorithm.find name |> Option.bind (fun algorithm -> find algorithm domain)
        | own -> own |> List.tryFind (fun preset -> preset.Domain = domain)

    /// A preset with the values that it has for one task or dataset.
    let ofTask (name: string) (preset: Preset) : Preset =
        let own =
            preset.PerTask
            |> List.tryFind (fun (prefix, _) -> name.ToLowerInvariant().StartsWith prefix)
            |> Option.map snd
            |> Option.defaultValue []

        {
            preset with
                Values = preset.Values @ own
        }

    /// The preset of what `--algorithm` calls so for a task or a dataset of this name.
    let forTask (algorithm: string) (name: string) : Preset option =
        domainOf name
        |> Option.bind (fun domain -> named algorithm domain.Name)
        |> Option.map (ofTask name)

    let private rewards (preset: Preset) =
        match preset.Rewards with
        | None -> "the task's rewards"
        | Some(RewardRule.AntMaze, _) -> "rewards - 1"
        | Some(RewardRule.AntMazeTimes4, _) -> "4 (rewards - 1/2)"
        | Some(RewardRule.AntMazeTimes10, _) -> "10 rewards - 5"
        | Some(RewardRule.ReturnRange, _) -> "rewards × 1000 / return range"
        | Some _ -> "rewards as they are"

    let private observations (preset: Preset) =
        if fst preset.NormalizeObservations then
            "observations standardised"
        else
            "observations as they are"

    /// The preset as text: "expectile 0.9, inverseTemperature 10, dropout 0, rewards - 1, observations as they are".
    let describe (preset: Preset) : string =
        [ for value in preset.Values -> $"{value.Name} {value.Value}" ]
        @ [ rewards preset; observations preset ]
        |> String.concat ", "

    /// A trial with the preset's numbers, whose algorithm must be the preset's.
    let apply (preset: Preset) (trial: Trial) : Trial =
        let changed =
            (trial, preset.Values)
            ||> List.fold (fun trial value -> Hyperparameter.set value.Name value.Value trial)

        {
            changed with
                Preset = Some $"{preset.Domain}: {describe preset}"
                Rewards = preset.Rewards |> Option.map fst |> Option.orElse trial.Rewards
                NormalizeObservations = Some(fst preset.NormalizeObservations)
        }

    /// The standard trial of an algorithm or a variant by its name, with its preset for a task or a dataset where it has one.
    let trial (algorithm: string) (name: string) : Trial =
        match Algorithm.find algorithm with
        | None -> invalidArg (nameof algorithm) $"algorithm: expected one of {Algorithm.names}, got {algorithm}."
        | Some found ->
            {
                Trial.standard with
                    Algorithm = found
            }
            |> (forTask algorithm name |> Option.map apply |> Option.defaultValue id)

    /// The preset in full, for a list: what each number is and where it is from, and where it differs from the paper.
    let lines (preset: Preset) : string list =
        let domain =
            Presets.domains |> List.find (fun domain -> domain.Name = preset.Domain)

        let sourced =
            [ for value in preset.Values -> value.Source, $"{value.Name} {value.Value}" ]
            @ [
                for task, values in preset.PerTask do
                    for value in values -> value.Source, $"{value.Name} {value.Value} for {task}"
            ]
            @ [
                match preset.Rewards with
                | Some(_, source) -> source, rewards preset
                | None -> "the built-in task", rewards preset
                snd preset.NormalizeObservations, observations preset
            ]

        [
            $"{preset.Algorithm} on {preset.Domain} ({domain.Tasks})"
            for source, values in List.groupBy fst sourced do
                $"""    {values |> List.map snd |> String.concat ", "}"""
                $"        from {source}"
            match preset.Differences with
            | [] -> "    no difference from the code named"
            | differences ->
                for difference in differences do
                    $"    differs from the paper: {difference}"
        ]
