namespace Iql.Scripts

open Iql.Training

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

    /// One run folder.
    let readRun (folder: string) : Result<Run, string> =
        Attempt.run (fun () -> RunFolder(folder).Read())

    /// A sweep's folder: its plan, and every run as far as it is.
    let readSweep (folder: string) : Result<SweepResults, string> =
        Attempt.run (fun () ->
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
