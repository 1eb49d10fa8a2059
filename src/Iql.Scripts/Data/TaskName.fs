namespace Iql.Scripts

open Iql.Data.Download
open Iql.Environments.Tasks

/// Tasks by their names.
[<RequireQualifiedAccess>]
module TaskName =

    /// The task when nobody names one.
    let standard = DataSource.name DataSource.standard

    /// The nearest name of a task or of a data set of D4RL, as a question; nothing where none is near. D4RL's data sets
    /// without an environment here can be learned from by name, but without scores.
    let nearest (name: string) : string =
        Spelling.didYouMean
            [
                for card in Tasks.All -> card.Name
                for card in MujocoTasks.All -> card.Name
                for file in D4rlFile.All -> file.Task
            ]
            name

    /// A task that has an environment here; whether its library is installed is not checked.
    let card (name: string) : Result<TaskCard, string> =
        match Tasks.Find name with
        | null ->
            let own = [ for card in Tasks.All -> card.Name ] |> String.concat ", "

            Error
                $"task: expected one of {own}, or one of MuJoCo's ({MujocoTasks.Names}; `iql tasks` lists them), \
                  got {name}.{nearest name}"
        | card -> Ok card

    /// A task whose environment can be made here: one on MuJoCo needs its library.
    let installed (name: string) : Result<TaskCard, string> = result {
        let! card = card name
        do! Attempt.run card.Environment.Require
        return card
    }

    let private first (name: string) : string =
        let words = name.ToLowerInvariant().Replace('_', '-').Split '-'
        let count = if words[0].Contains "maze" then 2 else 1
        words |> Seq.truncate count |> String.concat "-"

    /// The robot or the maze that a name is of, "hopper" or "pointmaze-umaze"; None where it is of no task.
    let world (name: string) : string option =
        Seq.append Tasks.All MujocoTasks.All
        |> Seq.map (fun card -> first card.Name)
        |> Seq.tryFind ((=) (first name))
