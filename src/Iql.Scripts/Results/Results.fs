namespace Iql.Scripts

open System
open System.IO
open Iql.Training

/// A run's folder, read.
type Run = Iql.Training.Run

/// What is drawn and compared: normalised scores where every run has them, else plain returns.
type Measure =
    | Score
    | Return

/// A sweep's folder, read.
type SweepResults = {
    Plan: SweepPlan
    /// The runs that were begun, as far as they are, in the plan's order. Each has its values by axis as labels.
    Runs: Run list
    /// Folders of the plan's other runs.
    Missing: string list
}

/// Reading run folders and sweep folders. What can go wrong comes back as an Error that names the file and line.
[<RequireQualifiedAccess>]
module Results =

    let private reading (read: unit -> 'T) : Result<'T, string> =
        try
            Ok(read ())
        with
        | :? InvalidDataException
        | :? IOException
        | :? UnauthorizedAccessException as problem -> Error problem.Message

    /// One run folder.
    let readRun (folder: string) : Result<Run, string> =
        reading (fun () -> RunFolder(folder).Read())

    /// A sweep's folder: its plan, and every run as far as it is.
    let readSweep (folder: string) : Result<SweepResults, string> =
        reading (fun () ->
            let plan = SweepPlan.Read folder
            let runs = List.ofSeq (plan.Begun folder)
            let begun = set [ for run in runs -> run.Name ]

            {
                Plan = plan
                Runs = runs
                Missing = [
                    for planned in plan.Runs do
                        if not (begun.Contains planned.Folder) then
                            planned.Folder
                ]
            })
