namespace Iql.Scripts

open System

/// What a scheduler tells its tasks by environment variables.
[<RequireQualifiedAccess>]
module Scheduler =

    /// Reads a variable; None where it is absent or empty.
    type private Variables = string -> string option

    /// The variables of this process.
    let variables: string -> string option =
        fun name ->
            match Environment.GetEnvironmentVariable name with
            | null
            | "" -> None
            | value -> Some value

    let private whole (word: string) : int option =
        match Int32.TryParse word with
        | true, number when number >= 0 -> Some number
        | _ -> None

    /// Variables with a task's number in its array, and the number of the first task.
    let private numbers = [
        "SLURM_ARRAY_TASK_ID", 0
        // Grid Engine counts from 1, and writes "undefined" outside of arrays.
        "SGE_TASK_ID", 1
        "PBS_ARRAY_INDEX", 0
        "JOB_COMPLETION_INDEX", 0
    ]

    /// The number of this task in its array, from 0 on; None outside of an array.
    let index (read: Variables) : int option =
        numbers
        |> List.tryPick (fun (name, first) ->
            read name |> Option.bind whole |> Option.map (fun number -> number - first))
        |> Option.filter (fun number -> number >= 0)

    /// Cores that a task may use: those of its scheduler, else those that the system or the container gives.
    let cores (read: Variables) : int =
        [ "SLURM_CPUS_PER_TASK"; "SLURM_CPUS_ON_NODE"; "NSLOTS"; "NCPUS" ]
        |> List.tryPick (read >> Option.bind whole)
        // The processor count obeys a container's limit and a process's own cores.
        |> Option.map (min Environment.ProcessorCount)
        |> Option.defaultValue Environment.ProcessorCount
        |> max 1

    /// The exit code with which a task asks to be started again: 99 in Grid Engine, 75 in Slurm (RequeueExit) and
    /// elsewhere; None outside of a scheduler.
    let again (read: Variables) : int option =
        let has name = (read name).IsSome

        if has "SGE_ROOT" && has "JOB_ID" then Some 99
        elif List.exists has [ "SLURM_JOB_ID"; "PBS_JOBID"; "JOB_COMPLETION_INDEX" ] then Some 75
        else None
