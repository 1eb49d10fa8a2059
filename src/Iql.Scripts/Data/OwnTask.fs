namespace Iql.Scripts

open Iql.Environments.Own
open Iql.Environments.Tasks

/// Environments of one's own.
[<RequireQualifiedAccess>]
module OwnTask =

    /// What FILE.dll:TYPE or FILE.py:NAME names is a task from here on, by the environment's name.
    let load (address: string) : Result<TaskCard, string> =
        Attempt.run (fun () -> Tasks.Add(OwnEnvironment.Load address))

    /// The task that is meant: one by its name, or an environment by its address.
    let chosen (task: string option) (address: string option) : Result<TaskCard option, string> =
        match task, address with
        | Some task, Some address -> Error $"--environment: expected no --task beside it, got {task} and {address}."
        | None, None -> Ok None
        | Some task, None -> TaskName.installed task |> Result.map Some
        | None, Some address -> load address |> Result.map Some
