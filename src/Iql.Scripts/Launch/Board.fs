namespace Iql.Scripts

open System.Collections.Generic
open System.Diagnostics
open Iql.Training

/// What is known of a sweep's runs while it goes on, put together from all threads. Every member may be called by any
/// of them.
type internal Board(cells: SweepCell list, groups: (string * SweepCell list) list, say: SweepEvent -> unit) =
    let clock = Stopwatch.StartNew()
    let gate = obj ()
    let total = cells |> List.sumBy (fun cell -> int64 cell.Trial.Steps)
    let results = Dictionary<string, RunResult>()
    let training = Dictionary<string, GroupProgress>()
    // Of a group: its kind, and when it was at which step for the first time.
    let kinds =
        Map [
            for name, cells in groups ->
                name, ((Trial.algorithm cells.Head.Trial).Name, DataSource.name cells.Head.Trial.Data)
        ]

    let first = Dictionary<string, float * int64>()
    let paces = Dictionary<string * string, float>()
    let mutable lanes = 1
    let damaged = Dictionary<string, string>()
    let mutable trained = 0
    // Steps of others, and of this process before this launch.
    let mutable before = 0L

    let isSettled (cell: SweepCell) = results.ContainsKey cell.Name || damaged.ContainsKey cell.Name

    let pace (group: string) : float option =
        match first.TryGetValue group, training.TryGetValue group with
        | (true, (since, step)), (true, now) when now.Latest.Step > step ->
            Some(float (now.Latest.Step - step) / max 1e-9 (clock.Elapsed.TotalSeconds - since))
        | _ -> None

    let left (name: string) (steps: int64) : GroupLeft =
        match training.TryGetValue name with
        | true, now ->
            let guess = Some now.Latest.StepsPerSecond |> Option.filter (fun pace -> pace > 0.0)
            { Kind = kinds[name]; Steps = steps - now.Latest.Step; Pace = pace name; Guess = guess }
        | _ -> { Kind = kinds[name]; Steps = steps; Pace = None; Guess = None }

    let timeLeft () =
        TimeLeft.estimate lanes [ for each in paces -> each.Key, each.Value ] [
            for name, cells in groups do
                let isDone = List.forall isSettled cells

                if training.ContainsKey name || not isDone then
                    left name (int64 cells.Head.Trial.Steps)
        ]

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
                Left = timeLeft ()
                Training = List.ofSeq training.Values
            }
        )

    /// Tells of something else.
    member _.Say(event: SweepEvent) =
        lock gate (fun () ->
            match event with
            | Chosen split -> lanes <- split.Length
            | _ -> ()

            say event)

    /// A run had its result already, or has it from another process.
    member _.Found (cell: SweepCell) (result: RunResult) =
        lock gate (fun () ->
            if results.TryAdd(cell.Name, result) then
                before <- before + int64 cell.Trial.Steps)

    /// A run cannot continue. Said once.
    member _.Damage (cell: SweepCell) (problem: string) =
        lock gate (fun () ->
            if damaged.TryAdd(cell.Name, problem) then
                say (Damaged problem))

    /// Whether nothing is left to do for a run.
    member _.IsSettled(cell: SweepCell) : bool = lock gate (fun () -> isSettled cell)

    /// A group goes on from a step.
    member _.Begin (runs: int) (step: int64) = lock gate (fun () -> before <- before + step * int64 runs)

    member _.Advance (group: string) (runs: int) (progress: TrainingProgress) =
        lock gate (fun () ->
            training[group] <- { Name = group; Runs = runs; Latest = progress }
            first.TryAdd(group, (clock.Elapsed.TotalSeconds, progress.Step)) |> ignore
            pace group |> Option.iter (fun pace -> paces[kinds[group]] <- pace)
            report ())

    /// A group is over here, with the results that it has.
    member _.End (group: string) (ended: (SweepCell * RunResult) list) =
        lock gate (fun () ->
            training.Remove group |> ignore
            first.Remove group |> ignore

            for cell, result in ended do
                if results.TryAdd(cell.Name, result) then
                    trained <- trained + 1

            if not ended.IsEmpty then
                report ())

    member _.Outcome(elsewhere: (string * ClaimHolder) list) : SweepOutcome =
        lock gate (fun () -> {
            Runs = [ for cell in cells -> cell, results.GetValueOrDefault cell.Name |> Option.ofObj ]
            Left = groups |> List.sumBy (snd >> List.length)
            Trained = trained
            Elsewhere = elsewhere
            Damaged = [
                for cell in cells do
                    for problem in Option.ofObj (damaged.GetValueOrDefault cell.Name) |> Option.toList -> cell, problem
            ]
        })
