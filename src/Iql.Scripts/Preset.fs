namespace Iql.Scripts

open Iql.Data

/// Tasks that are published together.
type Domain = {
    Name: string
    /// Which tasks these are.
    Tasks: string
    /// How names of their datasets begin.
    Prefixes: string list
}

/// A hyperparameter's published value, and where it is from.
type PresetValue = {
    Name: string
    Value: string
    Source: string
}

/// Hyperparameters that somebody published for an algorithm on a domain. What it does not name is the algorithm's standard.
type Preset = {
    /// The algorithm's short name.
    Algorithm: string
    /// The domain's name.
    Domain: string
    Values: PresetValue list
    /// What is done to rewards, and where that is from; None: as the built-in task has it.
    Rewards: (RewardRule * string) option
    /// Whether observations are standardised, and where that is from.
    NormalizeObservations: bool * string
    /// In which points it differs from the algorithm's paper.
    Differences: string list
}

/// The presets, as data: a row for each algorithm and domain.
[<RequireQualifiedAccess>]
module Presets =

    let domains: Domain list = [
        {
            Name = "adroit"
            Tasks = "pen, hammer, door, relocate"
            Prefixes = [ "pen"; "hammer"; "door"; "relocate"; "adroit" ]
        }
        {
            Name = "antmaze"
            Tasks = "antmaze-*"
            Prefixes = [ "antmaze" ]
        }
        {
            Name = "kitchen"
            Tasks = "kitchen-*"
            Prefixes = [ "kitchen" ]
        }
        {
            Name = "locomotion"
            Tasks = "halfcheetah, hopper, walker2d, ant"
            Prefixes = [ "halfcheetah"; "hopper"; "walker2d"; "ant-" ]
        }
        {
            Name = "maze2d"
            Tasks = "maze2d-*"
            Prefixes = [ "maze2d" ]
        }
        {
            Name = "pointmaze"
            Tasks = "Iql's own mazes"
            Prefixes = [ "pointmaze" ]
        }
    ]

    let private corl = "corl-team/CORL @eeeeef2"

    let private value source name value = {
        Name = name
        Value = value
        Source = source
    }

    let private preset algorithm domain rewards observations values differences = {
        Algorithm = algorithm
        Domain = domain
        Values = values
        Rewards = rewards
        NormalizeObservations = observations
        Differences = differences
    }

    let private iql =
        let code = "ikostrikov/implicit_q_learning @09d7002, configs and train_offline.py"
        let ours = "the authors' code for antmaze, taken over; no publication"

        let of' source expectile inverseTemperature dropout = [
            value source "expectile" expectile
            value source "inverseTemperature" inverseTemperature
            value source "dropout" dropout
        ]

        let raw = false, code

        [
            preset "iql" "adroit" (Some(RewardRule.None, code)) raw (of' code "0.7" "0.5" "0.1") []
            preset "iql" "antmaze" (Some(RewardRule.AntMaze, code)) raw (of' code "0.9" "10" "0") []
            preset "iql" "kitchen" (Some(RewardRule.None, code)) raw (of' code "0.7" "0.5" "0.1") []
            preset "iql" "locomotion" (Some(RewardRule.ReturnRange, code)) raw (of' code "0.7" "3" "0") []
            preset "iql" "maze2d" (Some(RewardRule.None, corl)) (true, corl) (of' corl "0.7" "3" "0") [
                "the paper has no maze2d; τ, β and standardised observations are CORL's, the rest is the paper's"
            ]
            preset "iql" "pointmaze" None (false, ours) (of' ours "0.9" "10" "0") [ "the paper has no such task" ]
        ]

    let private bc =
        let all = [
            value corl "policyKind" "deterministic"
            value corl "policyLearningRate" "0.0003"
            value corl "policySchedule" "constant"
            value corl "initialisation" "torch"
        ]

        let row domain =
            preset "bc" domain (Some(RewardRule.None, corl)) (true, corl) all []

        [
            row "adroit"
            row "antmaze"
            {
                row "kitchen" with
                    Differences = [ "CORL has no kitchen; its setting of the other domains" ]
            }
            row "locomotion"
            row "maze2d"
            {
                row "pointmaze" with
                    Differences = [ "no publication; CORL's setting of the other domains" ]
            }
        ]

    let private td3bc =
        let code = "sfujim/TD3_BC @8791ad7"

        let all = [
            value code "alpha" "2.5"
            value code "policyNoise" "0.2"
            value code "noiseClip" "0.5"
            value code "policyDelay" "2"
        ]

        let standardised = true, code

        [
            preset "td3bc" "adroit" (Some(RewardRule.None, corl)) (true, corl) all [
                "the paper has no such task; the paper's numbers, which CORL takes too"
            ]
            preset
                "td3bc"
                "antmaze"
                (Some(RewardRule.AntMaze, corl))
                (false, "the paper's author in sfujim/TD3_BC, issue 2")
                all
                [
                    "rewards - 1 as in CORL, which standardises observations too; the author leaves rewards alone"
                ]
            preset "td3bc" "kitchen" (Some(RewardRule.None, "as adroit")) standardised all [
                "neither the paper nor CORL has kitchen; the paper's numbers"
            ]
            preset "td3bc" "locomotion" (Some(RewardRule.None, code)) standardised all []
            preset "td3bc" "maze2d" (Some(RewardRule.None, corl)) (true, corl) all [
                "the paper has no maze2d; the paper's numbers, which CORL takes too"
            ]
            preset "td3bc" "pointmaze" None standardised all [ "the paper has no such task; its locomotion numbers" ]
        ]

    /// Every preset.
    let all: Preset list = iql @ bc @ td3bc

/// Choosing, applying and describing presets.
[<RequireQualifiedAccess>]
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

    /// An algorithm's preset for a task or a dataset of this name.
    let forTask (algorithm: Algorithm) (name: string) : Preset option =
        domainOf name |> Option.bind (fun domain -> find algorithm domain.Name)

    /// A trial with the preset's numbers, whose algorithm must be the preset's.
    let apply (preset: Preset) (trial: Trial) : Trial =
        let changed =
            (trial, preset.Values)
            ||> List.fold (fun trial value -> Hyperparameter.set value.Name value.Value trial)

        {
            changed with
                Rewards = preset.Rewards |> Option.map fst |> Option.orElse trial.Rewards
                NormalizeObservations = Some(fst preset.NormalizeObservations)
        }

    let private rewards (preset: Preset) =
        match preset.Rewards with
        | None -> "the task's rewards"
        | Some(RewardRule.AntMaze, _) -> "rewards - 1"
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

    /// The preset in full, for a list: what each number is and where it is from, and where it differs from the paper.
    let lines (preset: Preset) : string list =
        let domain =
            Presets.domains |> List.find (fun domain -> domain.Name = preset.Domain)

        let sourced =
            [ for value in preset.Values -> value.Source, $"{value.Name} {value.Value}" ]
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
