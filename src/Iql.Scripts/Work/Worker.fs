namespace Iql.Scripts

open System
open System.IO
open Iql.Training

/// A sweep whose plan is written, as a process sees it that trains some of its groups.
[<RequireQualifiedAccess>]
type PlannedSweep = {
    /// The folder of `iql sweep plan`.
    Root: string
    /// Which rung of a halving it is, from 1 on, and the folder of that.
    Rung: int
    Folder: string
    Plan: SweepPlan
    /// The runs of each group, by its number.
    Groups: Map<int, SweepCell list>
}

/// Writes the plan of a sweep into its folder, and trains groups of it: one by its number, or those that are free.
[<RequireQualifiedAccess>]
module Worker =

    /// Examines a plan with all its data, and writes plan.json and sweep.json. Nothing is trained. The same plan with
    /// more values or seeds extends a folder.
    let plan (options: LaunchOptions) (plan: Plan) : Result<ExaminedSweep, string> = result {
        let! sweep = Plan.sweep plan
        let! examined = Examine.sweep { options with Last = plan.Last } sweep
        do! Store.write options.Folder examined.Plan
        // Last: who finds it finds the other too.
        do! PlanFile.write (PlanFile.pathIn options.Folder) plan
        return examined
    }

    /// The planned sweep of a folder, of a halving the rung that is trained now.
    let read (root: string) : Result<PlannedSweep, string> = result {
        let rung = Halving.current root
        let folder = Halving.folder root rung

        if not (File.Exists(PlanFile.pathIn folder)) then
            return!
                Error $"{PlanFile.pathIn folder}: expected a plan, found none. `iql sweep plan {folder}` writes one."
        else
            let! plan = PlanFile.read (PlanFile.pathIn folder)
            let! sweep = Plan.sweep plan
            let! stored = Attempt.run (fun () -> SweepPlan.Read folder)
            let numbers = Map [ for run in stored.Runs -> run.Folder, run.Group ]
            let cells = Sweep.cells sweep

            match cells |> List.tryFind (fun cell -> not (numbers.ContainsKey cell.Name)) with
            | Some other ->
                return!
                    Error
                        $"{folder}: expected the runs of sweep.json in plan.json, got {other.Name}. Edited plans are \
                          written by `iql sweep plan {folder} --from FILE`."
            | None ->
                let groups = cells |> List.groupBy (fun cell -> numbers[cell.Name].Value) |> Map
                return { PlannedSweep.Root = root; Rung = rung; Folder = folder; Plan = stored; Groups = groups }
    }

    let private isDone (work: PlannedSweep) (number: int) : bool =
        work.Groups[number]
        |> List.forall (fun cell -> (Store.runFolder work.Folder cell).State = RunFolderState.Finished)

    let private status (work: PlannedSweep) (number: int) : GroupStatus option =
        match Attempt.run (fun () -> GroupStatus.Read(work.Folder, number) |> Option.ofObj) with
        | Ok status -> status
        | Error _ -> None

    let private isTrained (work: PlannedSweep) (number: int) : bool =
        match status work number with
        | Some status -> status.State = GroupState.Running && not (status.IsSilent DateTimeOffset.UtcNow)
        | None -> false

    /// Says in the status of groups that nobody trains why they cannot begin.
    let private fail (work: PlannedSweep) (numbers: int list) (problem: string) : unit =
        for number in numbers do
            if not (isTrained work number || isDone work number) then
                let cells = work.Groups[number]
                let name = Sweep.groupName [ for cell in cells -> cell.Labels ]

                GroupStatus(
                    Group = number,
                    Name = name,
                    Runs = cells.Length,
                    Steps = int64 cells.Head.Trial.Steps,
                    State = GroupState.Failed,
                    Reason = problem
                )
                    .Write
                    work.Folder

    let private train (options: LaunchOptions) (work: PlannedSweep) (numbers: int list) : Result<SweepOutcome, string> =
        let cells = numbers |> List.collect (fun number -> work.Groups[number])

        Attempt.reading (fun () -> Examine.part options work.Plan cells)
        |> Result.mapError (fun problem ->
            Attempt.run (fun () -> fail work numbers problem) |> ignore
            problem)
        |> Result.bind (Launch.part options)

    /// Trains a group from where it stands; None where it is done already.
    let group (options: LaunchOptions) (work: PlannedSweep) (number: int) : Result<SweepOutcome option, string> =
        if not (work.Groups.ContainsKey number) then
            Error $"--index: expected a group from 0 to {work.Groups.Count - 1}, got {number}."
        elif isDone work number && not options.RetrainDamaged then
            Ok None
        else
            train options work [ number ] |> Result.map Some

    /// Workers that begin together begin at different places.
    let private scattered (numbers: int list) : int list =
        let first = if numbers.IsEmpty then 0 else Random.Shared.Next numbers.Length
        List.skip first numbers @ List.truncate first numbers

    /// Trains groups that nobody trains, several side by side, until none is left; those of silent processes last.
    let free (options: LaunchOptions) (work: PlannedSweep) : Result<SweepOutcome list, string> =
        // Enough that no core waits long for the last of a turn; few, because others want some too.
        let turn =
            match options.Places with
            | Some places -> Examine.placeCount places (Examine.planned work.Plan)
            | None -> 4 * Split.cores Environment.ProcessorCount options.Threads

        let rec go outcomes numbers =
            match numbers with
            | [] -> Ok(List.rev outcomes)
            | _ when options.Cancellation.IsCancellationRequested -> Ok(List.rev outcomes)
            | numbers ->
                let taken, rest = List.splitAt (min turn numbers.Length) numbers

                match taken |> List.filter (fun number -> not (isTrained work number || isDone work number)) with
                | [] -> go outcomes rest
                | taken -> train options work taken |> Result.bind (fun outcome -> go (outcome :: outcomes) rest)

        SweepStatus.read work.Folder
        |> Result.bind (fun status ->
            let of' standings = [
                for group in status.Groups do
                    if List.contains group.Standing standings then
                        group.Number
            ]

            let failed = if options.RetrainDamaged then [ Standing.Failed ] else []

            scattered (of' ([ Standing.Waiting; Standing.Stopped ] @ failed)) @ of' [ Standing.Silent ] |> go [])

    /// Plans the next rung of a halving once every group of this one is done; None where there is no more to do. All
    /// who find it done write the same.
    let advance (options: LaunchOptions) (work: PlannedSweep) : Result<ExaminedSweep option, string> = result {
        let! own = PlanFile.read (PlanFile.pathIn work.Folder)

        if own.Halving.IsNone || work.Groups.Keys |> Seq.exists (isDone work >> not) then
            return None
        else
            let! results = Results.readSweep work.Folder

            match Halving.next own results with
            | None -> return None
            | Some next ->
                let folder = Halving.folder work.Root (work.Rung + 1)
                let! examined = plan { options with Folder = folder } next
                return Some examined
    }
