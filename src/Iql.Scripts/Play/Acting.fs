namespace Iql.Scripts

open System.IO
open Iql.Environments
open Iql.Environments.Mujoco

/// Somebody who acts in a task, as a command names them.
type Acting = {
    /// "random", or the path of a run's folder or a policy file.
    Name: string
    /// A line on who it is.
    Says: string
    /// Null acts at random.
    Policy: RolloutData.MakePolicy
    /// Whether it only walks where it is told to, and is to be steered through a maze.
    Walks: bool
    /// What a trained run makes of states.
    Values: Valuation option
}

[<RequireQualifiedAccess>]
module Acting =

    /// The maze of an ant's task.
    let antMaze (environment: IEnvironment) : AntMaze option =
        match environment with
        | :? MujocoEnvironment as robot ->
            match robot.World.Task with
            | :? AntMaze as maze -> Some maze
            | _ -> None
        | _ -> None

    let private ofFile (environment: IEnvironment) (mean: bool) (path: string) : Acting =
        let file = PolicyFile path
        let walks = (antMaze environment).IsSome
        let sees = if walks then 29 else environment.ObservationSize

        if file.ObservationSize <> sees || file.ActionSize <> environment.ActionSize then
            raise (
                Refusal
                    $"{path}: expected a policy that sees {sees} numbers and acts with {environment.ActionSize}, as {environment.Name} asks for, got {file.ObservationSize} and {file.ActionSize}."
            )

        {
            Name = path
            Says =
                $"""{Path.GetFileNameWithoutExtension path}: a policy file, {if mean then "its mean" else "drawn actions"}"""
            Policy = RolloutData.MakePolicy(fun episodes -> file.Actor(episodes, not mean))
            Walks = walks
            Values = None
        }

    let private ofFolder (environment: IEnvironment) (folder: string) : Acting =
        let trained = TrainedPolicy.load environment folder
        let run = Path.GetFileName(Path.TrimEndingDirectorySeparator folder)

        {
            Name = folder
            Says =
                $"{run}: {trained.Config.Algorithm} on {trained.Config.Dataset.Name}, seed {trained.Config.Seed}, {trained.State.Step} steps"
            Policy = RolloutData.MakePolicy(fun episodes -> trained.Act episodes)
            Walks = false
            Values = trained.Values
        }

    /// Whom a word names: "random", a policy file NAME.json, a run's folder, or a sweep's, which is all its runs.
    let find (environment: IEnvironment) (mean: bool) (word: string) : Acting list =
        match word with
        | "random" -> [
            {
                Name = "random"
                Says = "random: U(-1, 1)"
                Policy = null
                Walks = false
                Values = None
            }
          ]
        | path when (Path.GetExtension path).ToLowerInvariant() = ".json" -> [ ofFile environment mean path ]
        | path -> TrainedPolicy.folders path |> List.map (ofFolder environment)
