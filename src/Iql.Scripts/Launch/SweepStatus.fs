namespace Iql.Scripts

open System
open System.IO
open Iql.Training

/// How a group stands, seen from outside.
[<RequireQualifiedAccess>]
type Standing =
    /// Nobody began it.
    | Waiting
    | Running
    /// Its process gave no sign of life for five minutes: it was killed, or its machine is gone.
    | Silent
    /// It was asked to stop, and saved what it had.
    | Stopped
    | Done
    | Failed

/// A group of runs as a sweep's folder shows it.
type GroupLine = {
    /// From 0 on, in the plan's order.
    Number: int
    /// "expectile=0.7,seed=0"
    Name: string
    Runs: PlannedRun list
    Standing: Standing
    /// What its last process wrote; None where there is nothing, or nothing about these runs.
    Status: GroupStatus option
}

/// A sweep as its folder shows it, whoever trains it.
[<StructuredFormatDisplay("{Line}")>]
type SweepStatus = {
    Plan: SweepPlan
    Groups: GroupLine list
    /// Time to the end with as many groups at once as now, and whether each pace was measured; None without a pace.
    Left: (TimeSpan * bool) option
} with

    /// Groups of a standing.
    member own.Count(standing: Standing) : int =
        own.Groups |> List.filter (fun group -> group.Standing = standing) |> List.length

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        $"SweepStatus {own.Plan.Name}: {own.Count Standing.Done} of {own.Groups.Length} groups done"

    override own.ToString() = own.Line

/// Reads how far a sweep is, from one small file a group.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SweepStatus =

    let private labels (run: PlannedRun) = [ for label in run.Labels -> label.Key, label.Value ]

    /// The runs of each group.
    let private planned (plan: SweepPlan) : (int * PlannedRun list) list =
        // A plan of an older version has no groups: each run stands for itself.
        List.ofSeq plan.Runs
        |> List.indexed
        |> List.groupBy (fun (place, run) -> run.Group.GetValueOrDefault place)
        |> List.map (fun (number, runs) -> number, List.map snd runs)

    let private line
        (folder: string)
        (now: DateTimeOffset)
        (statuses: Map<int, GroupStatus>)
        (number, runs)
        : GroupLine =
        let name = Sweep.groupName (List.map labels runs)

        // A file of a sweep that had other axes is no news of this one.
        let status =
            statuses.TryFind number
            |> Option.filter (fun status -> status.Name = name && status.Runs = runs.Length)

        let hasResult (run: PlannedRun) = File.Exists(SweepPlan.RunFolder(folder, run.Folder).ResultPath)

        let standing =
            match status with
            | None when List.forall hasResult runs -> Standing.Done
            | None -> Standing.Waiting
            | Some status when status.IsSilent now -> Standing.Silent
            | Some status ->
                match status.State with
                | GroupState.Running -> Standing.Running
                | GroupState.Stopped -> Standing.Stopped
                | GroupState.Done -> Standing.Done
                | _ -> Standing.Failed

        { Number = number; Name = name; Runs = runs; Standing = standing; Status = status }

    let private left (groups: GroupLine list) : (TimeSpan * bool) option =
        let known =
            groups |> List.choose (fun group -> group.Status |> Option.map (fun status -> group, status))

        let kind (group: GroupLine) =
            let labels = labels group.Runs.Head
            let value name = labels |> List.tryFind (fst >> (=) name) |> Option.map snd |> Option.defaultValue ""
            value "algorithm", value "task"

        let paces = [
            for group, status in known do
                if status.StepsPerSecond.HasValue then
                    kind group, status.StepsPerSecond.Value
        ]

        let steps = (1L, known) ||> List.fold (fun most (_, status) -> max most status.Steps)

        let running = groups |> List.filter (fun group -> group.Standing = Standing.Running)

        TimeLeft.estimate running.Length paces [
            for group in groups do
                if group.Standing <> Standing.Done && group.Standing <> Standing.Failed then
                    let status = group.Status

                    {
                        Kind = kind group
                        Steps = status |> Option.map (fun now -> now.Steps - now.Step) |> Option.defaultValue steps
                        Pace = status |> Option.bind (_.StepsPerSecond >> Option.ofNullable)
                        Guess = None
                    }
        ]

    /// The standing of every group in a sweep's folder.
    let read (folder: string) : Result<SweepStatus, string> =
        Attempt.run (fun () ->
            let plan = SweepPlan.Read folder
            let statuses = Map [ for status in GroupStatus.ReadAll folder -> status.Key, status.Value ]
            let groups = planned plan |> List.map (line folder DateTimeOffset.UtcNow statuses)
            { Plan = plan; Groups = groups; Left = left groups })

    /// Numbers of the groups that are neither done nor in training.
    let missing (status: SweepStatus) : int list = [
        for group in status.Groups do
            if group.Standing <> Standing.Done && group.Standing <> Standing.Running then
                group.Number
    ]
