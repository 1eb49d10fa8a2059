namespace Iql.Scripts

open Iql.Scripts.Statistics

/// What an algorithm gains where its hyperparameters are tuned for each task apart.
type Tuning = {
    /// As in the runs' labels; "" where a sweep has one algorithm.
    Algorithm: string
    Tasks: int
    /// The hyperparameters that were varied.
    Axes: string list
    /// Scores of each task's best setting, and of the setting with the best mean over tasks.
    Sensitivity: Sensitivity
    /// Φ with an interval, in points of score.
    Lost: Estimate
    /// The setting with the best mean over tasks.
    Shared: (string * string) list
}

/// From runs to the sensitivity of algorithms.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Tuning =

    let private ofTasks (algorithm: string) (tasks: Grid list) : Tuning =
        let axes = tasks.Head.Axes
        let lengths = [ for _, values in axes -> values.Length ]

        let sensitivity = Sensitivity.ofTasks lengths [| for task in tasks -> task.Tukey.Means |]

        {
            Algorithm = algorithm
            Tasks = tasks.Length
            Axes = List.map fst axes
            Sensitivity = sensitivity
            Lost = Sensitivity.ofBlocks RunSummary.confidence [| for task in tasks -> task.Blocks |]
            Shared = tasks.Head.Cells[sensitivity.Shared].Values
        }

    /// The algorithms of a sweep that have scores of the same settings on at least two tasks, with two seeds or more.
    /// Returns of different tasks have different units, so they are not compared.
    let ofSweep (sweep: SweepResults) : Tuning list =
        let varying = ResultGroups.varying sweep
        let those names = varying |> List.filter (fun name -> List.contains name names)
        let axes = varying |> List.except [ "task"; "data"; "algorithm" ]

        [
            for algorithm in ResultGroups.ofRuns (those [ "algorithm" ]) sweep.Runs do
                let tasks = ResultGroups.ofRuns (those [ "task"; "data" ]) algorithm.Runs

                let grids =
                    tasks
                    |> List.choose (fun task ->
                        match Measure.ofRuns task.Runs with
                        | Some Score -> ResultGroups.ofRuns axes task.Runs |> Grid.ofGroups Score
                        | _ -> None)

                match List.distinct [ for grid in grids -> grid.Axes ] with
                | [ _ :: _ ] when grids.Length = tasks.Length && grids.Length > 1 ->
                    ofTasks (algorithm.Values |> List.map snd |> String.concat "") grids
                | _ -> ()
        ]
