namespace Iql.Scripts

open System.Collections.Generic
open System.Diagnostics
open Iql.Training

/// What is known of a sweep's runs while it goes on, put together from all threads. Every member may be called by any
/// of them.
type internal Board(cells: SweepCell list, left: int, say: SweepEvent -> unit) =
    let clock = Stopwatch.StartNew()
    let gate = obj ()
    let total = cells |> List.sumBy (fun cell -> int64 cell.Trial.Steps)
    let results = Dictionary<string, RunResult>()
    let training = Dictionary<string, GroupProgress>()
    let mutable trained = 0
    // Steps of others, and of this process before this launch.
    let mutable before = 0L

    let report () =
        let steps =
            (cells
             |> List.filter (fun cell -> results.ContainsKey cell.Name)
             |> List.sumBy (fun cell -> int64 cell.Trial.Steps))
            + (training.Values |> Seq.sumBy (fun group -> group.Latest.Step * int64 group.Runs))

        say (
            Advanced {
                Runs = cells.Length
                Done = results.Count
                Diverged = results.Values |> Seq.filter (fun result -> result.Status = RunStatus.Diverged) |> Seq.length
                Steps = steps
                TotalSteps = total
                StepsPerSecond = float (max 0L (steps - before)) / clock.Elapsed.TotalSeconds
                Elapsed = clock.Elapsed
                Training = List.ofSeq training.Values
            }
        )

    /// Tells of something else.
    member _.Say(event: SweepEvent) = lock gate (fun () -> say event)

    /// A run had its result already, or has it from another process.
    member _.Found (cell: SweepCell) (result: RunResult) =
        lock gate (fun () ->
            if results.TryAdd(cell.Name, result) then
                before <- before + int64 cell.Trial.Steps)

    /// A group goes on from a step.
    member _.Begin (runs: int) (step: int64) = lock gate (fun () -> before <- before + step * int64 runs)

    member _.Advance (group: string) (runs: int) (progress: TrainingProgress) =
        lock gate (fun () ->
            training[group] <- { Name = group; Runs = runs; Latest = progress }

            report ())

    /// A group is over here, with the results that it has.
    member _.End (group: string) (ended: (SweepCell * RunResult) list) =
        lock gate (fun () ->
            training.Remove group |> ignore

            for cell, result in ended do
                if results.TryAdd(cell.Name, result) then
                    trained <- trained + 1

            if not ended.IsEmpty then
                report ())

    member _.Outcome(elsewhere: (string * ClaimHolder) list) : SweepOutcome =
        lock gate (fun () -> {
            Runs = [ for cell in cells -> cell, results.GetValueOrDefault cell.Name |> Option.ofObj ]
            Left = left
            Trained = trained
            Elsewhere = elsewhere
        })
