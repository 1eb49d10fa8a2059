namespace Iql.Scripts

open Iql.Data

/// Hyperparameters that somebody published for a family of tasks.
type Preset = {
    Name: string
    /// Which tasks it is for, and where the numbers come from.
    Source: string
    Expectile: float
    InverseTemperature: float
    Dropout: float
    /// None: as the built-in task has it.
    Rewards: RewardRule option
    /// How names of its datasets begin.
    Prefixes: string list
}

/// The presets; everything they do not name is the same for all: see `Trial.standard`.
[<RequireQualifiedAccess>]
module Preset =

    let private paper = "Kostrikov, Nair and Levine 2021, arXiv:2110.06169"

    /// Every preset, by name.
    let all: Preset list = [
        {
            Name = "adroit"
            Source = $"pen, hammer, door, relocate: {paper}, and the authors' code"
            Expectile = 0.7
            InverseTemperature = 0.5
            Dropout = 0.1
            Rewards = Some RewardRule.None
            Prefixes = [ "pen"; "hammer"; "door"; "relocate"; "adroit" ]
        }
        {
            Name = "antmaze"
            Source = $"antmaze-*: {paper}, and the authors' code"
            Expectile = 0.9
            InverseTemperature = 10.0
            Dropout = 0.0
            Rewards = Some RewardRule.AntMaze
            Prefixes = [ "antmaze" ]
        }
        {
            Name = "kitchen"
            Source = $"kitchen-*: {paper}, and the authors' code"
            Expectile = 0.7
            InverseTemperature = 0.5
            Dropout = 0.1
            Rewards = Some RewardRule.None
            Prefixes = [ "kitchen" ]
        }
        {
            Name = "locomotion"
            Source = $"halfcheetah, hopper, walker2d, ant: {paper}, and the authors' code"
            Expectile = 0.7
            InverseTemperature = 3.0
            Dropout = 0.0
            Rewards = Some RewardRule.ReturnRange
            Prefixes = [ "halfcheetah"; "hopper"; "walker2d"; "ant-" ]
        }
        {
            Name = "pointmaze"
            Source = "Iql's own mazes: the antmaze setting; no publication"
            Expectile = 0.9
            InverseTemperature = 10.0
            Dropout = 0.0
            Rewards = None
            Prefixes = [ "pointmaze" ]
        }
    ]

    /// The preset whose tasks have names like this one; the file name of a dataset will do.
    let forTask (name: string) : Preset option =
        all
        |> List.tryFind (fun preset ->
            preset.Prefixes
            |> List.exists (fun prefix -> name.ToLowerInvariant().StartsWith prefix))

    /// A trial with the preset's numbers.
    let apply (preset: Preset) (trial: Trial) : Trial = {
        trial with
            Hyperparameters =
                trial.Hyperparameters.With(
                    expectile = preset.Expectile,
                    inverseTemperature = preset.InverseTemperature,
                    dropout = preset.Dropout
                )
    }

    /// The preset as text: "τ 0.9, β 10, dropout 0, rewards − 1".
    let describe (preset: Preset) : string =
        let rewards =
            match preset.Rewards with
            | None -> "the task's rewards"
            | Some RewardRule.AntMaze -> "rewards − 1"
            | Some RewardRule.ReturnRange -> "rewards × 1000 / return range"
            | Some _ -> "rewards as they are"

        $"τ {Json.numberText preset.Expectile}, β {Json.numberText preset.InverseTemperature}, dropout {Json.numberText preset.Dropout}, {rewards}"
