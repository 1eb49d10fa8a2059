namespace Iql.Scripts

open System.IO
open Iql.Environments
open Iql.Environments.Tasks

/// A policy that acts in a task, as a command names it.
type Policy = {
    /// "random", or the path of a run's folder or a policy file.
    Name: string
    /// What it is, in a line.
    Description: string
    /// Null acts at random.
    Make: RolloutData.MakePolicy
    /// Whether it only walks where it is told to, and is to be steered through a maze.
    Walks: bool
    /// A trained run's values.
    Values: ValueFunction option
}

[<RequireQualifiedAccess>]
module Policy =

    /// Numbers of an observation that a walker takes: an ant's, and where to go.
    let private walkerSize = 29

    let private ofFile (card: TaskCard) (mean: bool) (path: string) : Result<Policy, string> =
        Attempt.reading (fun () ->
            let file = PolicyFile path
            let walks = not (isNull card.AntMaze)

            let size = if walks then walkerSize else card.Environment.ObservationSize

            if file.ObservationSize <> size || file.ActionSize <> card.Environment.ActionSize then
                Error(
                    $"{path}: expected a policy for observations of {size} numbers and actions of "
                    + $"{card.Environment.ActionSize}, as in {card.Name}, got {file.ObservationSize} and \
                        {file.ActionSize}."
                )
            else
                let kind = if mean then "its mean" else "sampled actions"

                Ok {
                    Name = path
                    Description = $"{Path.GetFileNameWithoutExtension path}: a policy file, {kind}"
                    Make = RolloutData.MakePolicy(fun episodes -> file.Actor(episodes, not mean))
                    Walks = walks
                    Values = None
                })

    let private ofFolder (card: TaskCard) (folder: string) : Result<Policy, string> =
        TrainedPolicy.load card.Environment folder
        |> Result.map (fun trained ->
            let run = Path.GetFileName(Path.TrimEndingDirectorySeparator folder)
            let learned = $"{trained.Config.Algorithm} on {trained.Config.Dataset.Name}"

            {
                Name = folder
                Description = $"{run}: {learned}, seed {trained.Config.Seed}, {trained.State.Step} steps"
                Make = RolloutData.MakePolicy(fun episodes -> trained.Act episodes)
                Walks = false
                Values = trained.Values
            })

    /// Uniformly random actions.
    let random: Policy = {
        Name = "random"
        Description = "random: U(-1, 1)"
        Make = null
        Walks = false
        Values = None
    }

    /// The policies that a word names: "random", a policy file NAME.json, a run's folder, or a sweep's, which is all
    /// its runs.
    let find (card: TaskCard) (mean: bool) (word: string) : Result<Policy list, string> =
        match word with
        | "random" -> Ok [ random ]
        | path when (Path.GetExtension path).ToLowerInvariant() = ".json" ->
            ofFile card mean path |> Result.map List.singleton
        | path -> TrainedPolicy.folders path |> Result.bind (Attempt.each (ofFolder card))
