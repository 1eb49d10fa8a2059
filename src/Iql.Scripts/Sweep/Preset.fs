namespace Iql.Scripts

open Iql.Algorithms

/// Choosing, applying and describing presets.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Preset =

    /// The domain whose tasks have names like this one; the file name of a dataset will do.
    let domainOf (name: string) : Domain option =
        let name = name.ToLowerInvariant()

        // A "pendulum" is no "pen".
        let begins (prefix: string) =
            name.StartsWith prefix
            && (name.Length = prefix.Length || prefix.EndsWith '-' || not (System.Char.IsLetter name[prefix.Length]))

        Presets.domains |> List.tryFind (fun domain -> domain.Prefixes |> List.exists begins)

    let private ofName (name: string) (domain: string) =
        Presets.all |> List.tryFind (fun preset -> preset.Algorithm = name && preset.Domain = domain)

    /// The preset for a domain of what `--algorithm` calls so: a variant that has presets of its own has no others.
    let named (name: string) (domain: string) : Preset option =
        if Presets.all |> List.exists (fun preset -> preset.Algorithm = name) then
            ofName name domain
        else
            Option.ofObj (Algorithm.Find name)
            |> Option.bind (fun algorithm -> ofName (Algorithm.Of algorithm.Standard).Name domain)

    /// A preset with the values that it has for one task or dataset.
    let ofTask (name: string) (preset: Preset) : Preset =
        let own =
            preset.PerTask
            |> List.tryFind (fun (prefix, _) -> name.ToLowerInvariant().StartsWith prefix)
            |> Option.map snd
            |> Option.defaultValue []

        { preset with Values = preset.Values @ own }

    /// The preset of what `--algorithm` calls so for a task or a dataset of this name.
    let forTask (algorithm: string) (name: string) : Preset option =
        domainOf name |> Option.bind (fun domain -> named algorithm domain.Name) |> Option.map (ofTask name)

    let private rewards (preset: Preset) =
        match preset.Rewards with
        | None -> "the task's rewards"
        | Some(rule, _) ->
            Presets.rewardRules |> List.pick (fun (_, each, text) -> if each = rule then Some text else None)

    let private observations (preset: Preset) =
        if fst preset.NormalizeObservations then
            "observations standardised"
        else
            "raw observations"

    /// The preset as text: "expectile 0.9, inverseTemperature 10, dropout 0, rewards - 1, raw observations".
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

    /// A trial of what `--algorithm` calls so with its preset for a task or a dataset, where it has one.
    let applyFor (algorithm: string) (name: string) : Trial -> Trial =
        forTask algorithm name |> Option.map apply |> Option.defaultValue id

    /// The algorithm or variant of a name; an ArgumentException with the nearest one where there is none.
    let algorithm (name: string) : Algorithm =
        match Algorithm.Find name with
        | null ->
            let known = [ for each in Algorithm.Named -> each.Name ]
            let names, meant = String.concat ", " known, Spelling.didYouMean known name
            raise (Iql.InputException $"algorithm: expected one of {names}, got {name}.{meant}")
        | found -> found

    /// The standard trial of an algorithm or a variant by its name, with its preset for a task or a dataset.
    let trial (name: string) (task: string) : Trial =
        { Trial.standard with Config = (algorithm name).Standard } |> applyFor name task

    /// The preset in full, for a list: what each number is and where it is from, and where it differs from the paper.
    let lines (preset: Preset) : string list =
        let domain = Presets.domains |> List.find (fun domain -> domain.Name = preset.Domain)

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
            | [] -> "    no difference to the code"
            | differences ->
                for difference in differences do
                    $"    differs from the paper: {difference}"
        ]
