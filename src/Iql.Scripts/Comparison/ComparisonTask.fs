namespace Iql.Scripts

open System.IO
open Iql.Data
open Iql.Environments.Tasks

/// A row of a comparison: where policies are scored, and what they learn from.
type ComparisonTask = {
    /// The built-in task's name.
    Name: string
    /// The name that the data go by: the task's own, or that of a file.
    Data: string
    /// Makes or reads the data. They are loaded to be looked at, and once more when their turn comes.
    Load: unit -> Problem
    /// What the data file says of how it came about; None without a file, or where it says nothing.
    Origin: unit -> DataOrigin option
}

/// Rows out of built-in tasks and files.
[<RequireQualifiedAccess>]
module ComparisonTask =

    /// A built-in task with data collected on the spot, so many transitions or the task's own number.
    let builtIn (transitions: int option) (name: string) : ComparisonTask =
        let card = Problem.task name

        {
            Name = card.Name
            Data = card.Name
            Load = fun () -> Problem.collect card.Name transitions None false
            Origin = fun () -> None
        }

    /// A file's transitions, scored in the built-in task of a name; without one, in the task that the file is called after.
    let ofFile (mode: DatasetMode option) (task: string option) (path: string) : ComparisonTask =
        let called = DatasetName.ofPath path

        let card =
            match task with
            | Some name -> Problem.task name
            | None ->
                match Tasks.Find called with
                | null ->
                    raise (
                        Refusal
                            $"{path}: expected a task to score policies in, got none: no built-in task is called {called}.{Problem.meant called} Name one with --task (`iql tasks` lists them); `iql train --data` learns without scores."
                    )
                | card -> Problem.task card.Name

        if not (File.Exists path) then
            raise (Refusal $"{path}: expected a data set file, found none there.")

        {
            Name = card.Name
            Data = called
            Load = fun () -> Problem.ofFile path mode (Some card.Name) None false
            Origin = fun () -> DataOrigin.ofFile path
        }
