namespace Iql.Scripts

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Iql.Environments
open Iql.Execution
open Iql.Training

/// Trains the runs of a sweep: those that can share a learner as one, several such groups side by side. Other processes
/// that were started on the same folder, on this machine or others, train what nobody trains.
[<RequireQualifiedAccess>]
module Launch =

    /// Into a folder, on all cores, nobody watching.
    let into (folder: string) : LaunchOptions = {
        Folder = folder
        Command = None
        Last = 1
        Difference = None
        Threads = Scheduler.cores Scheduler.variables
        Places = None
        Lease = Claims.StandardLease
        RetrainDamaged = false
        Watch = ignore
        Cancellation = CancellationToken.None
    }

    let private groups (folder: string) (examined: ExaminedSweep) : LaunchGroup list =
        let configs = Map [ for cell, config in examined.Runs -> cell.Name, config ]
        let numbers = Map [ for run in examined.Plan.Runs -> run.Folder, run.Group ]

        [
            for group in Sweep.groups (List.map fst examined.Runs) ->
                {
                    Number = numbers[group.Head.Name].Value
                    Name = Sweep.groupName [ for cell in group -> cell.Labels ]
                    Size = group.Length
                    Runs = [ for cell in group -> cell, TrainingRun(Store.runFolder folder cell, configs[cell.Name]) ]
                }
        ]

    let private status (group: LaunchGroup) : GroupStatus =
        let steps = (snd group.Runs.Head).Config.Steps
        GroupStatus(Group = group.Number, Name = group.Name, Runs = group.Size, Steps = steps)

    /// How a group ended here, with what there is to say.
    let private ended (outcomes: TrainingOutcome list) : GroupState * string =
        let state =
            if outcomes |> List.exists (fun outcome -> not (isNull outcome.Problem)) then
                GroupState.Failed
            elif outcomes |> List.exists (fun outcome -> isNull outcome.Result) then
                GroupState.Stopped
            else
                GroupState.Done

        let reasons = [
            for outcome in outcomes do
                match outcome.Problem, outcome.Result with
                | null, null -> ()
                | null, result when result.Status <> RunStatus.Diverged -> ()
                | null, result -> $"{outcome.Run.Folder.Name} diverged: {result.Failure.Message}"
                | problem, _ -> problem
        ]

        state, (if reasons.IsEmpty then null else String.concat " " reasons)

    /// Says in the status of groups that nobody trains which of their runs are damaged.
    let private fail (folder: string) (claims: Claims) (groups: LaunchGroup list) (outcome: SweepOutcome) : unit =
        let damaged = Map [ for cell, problem in outcome.Damaged -> cell.Name, problem ]

        for group in groups do
            let isFree =
                group.Runs |> List.forall (fun (_, run) -> isNull (claims.Holder(run.Folder.Path, ref false)))

            match group.Runs |> List.choose (fun (cell, _) -> damaged.TryFind cell.Name) with
            | problems when isFree && not problems.IsEmpty && File.Exists(SweepPlan.PathIn folder) ->
                (status group).Failing(String.concat " " problems).Write folder
            | _ -> ()

    /// Trains a claimed group from where it stands: runs at one step together, the furthest first.
    let private trainGroup
        (folder: string)
        (shelf: Shelf)
        (board: Board)
        (lookAround: unit -> unit)
        (stop: CancellationToken)
        (threads: int, device: IDevice option)
        (group: LaunchGroup)
        (claims: Claim list)
        : unit =
        let data = shelf.For (fst group.Runs.Head).Trial |> Attempt.get

        DatasetNumbers.keep folder data.Dataset.Fingerprint (fun () ->
            DatasetNumbers.ofDataset (TrainingData.maze data) data.Raw)

        let cellOf = Map [ for cell, run in group.Runs -> run.Folder.Path, cell ]

        let claimOf = Map [ for (_, run), claim in List.zip group.Runs claims -> run.Folder.Path, claim ]
        use file = new StatusFile(folder, status group, claims.Head)
        let all = Collections.Generic.List<TrainingOutcome>()

        try
            for together in TrainingLoop.Groups(List.map snd group.Runs) do
                let runs = List.ofSeq together.Runs
                board.Begin runs.Length together.Step

                let trials = [ for run in runs -> cellOf[run.Folder.Path].Trial ]

                let plan =
                    TrainingPlan(
                        Learner = (Examine.learner data trials |> Attempt.get),
                        Transitions = data.Transitions,
                        Environment = (data.Task |> Option.map _.Environment |> Option.toObj),
                        Threads = threads,
                        Device = Option.toObj device
                    )

                let advance (progress: TrainingProgress) =
                    file.Advance progress.Step
                    board.Advance group.Name runs.Length progress
                    lookAround ()

                let outcomes =
                    TrainingLoop.Run(
                        plan,
                        List.toArray runs,
                        advance,
                        stop,
                        [| for run in runs -> claimOf[run.Folder.Path] |]
                    )

                all.AddRange outcomes

                for outcome in outcomes do
                    if not (isNull outcome.Problem) && File.Exists(SweepPlan.PathIn folder) then
                        board.Damage cellOf[outcome.Run.Folder.Path] outcome.Problem

                board.End group.Name [
                    for outcome in outcomes do
                        match outcome.Result with
                        | null -> ()
                        | result -> cellOf[outcome.Run.Folder.Path], result
                ]

            file.End(ended (List.ofSeq all))
        with error ->
            file.End(GroupState.Failed, error.Message)
            reraise ()

        match claims |> List.tryFind (fun claim -> claim.Lost && Directory.Exists folder) with
        | Some lost -> board.Say(Lost(group.Name, Option.ofObj lost.Taker))
        | None -> ()

    /// Trains what has no result yet of an examined part of a sweep, whose plan is in the folder.
    let part (options: LaunchOptions) (examined: ExaminedSweep) : Result<SweepOutcome, string> =
        let go () =
            use claims = new Claims(options.Lease)
            use stop = CancellationTokenSource.CreateLinkedTokenSource options.Cancellation
            let groups = groups options.Folder examined

            for group in groups do
                for _, run in group.Runs do
                    Claims.Sweep run.Folder.Path

            let isOpen (run: TrainingRun) =
                run.Folder.State <> RunFolderState.Finished
                || match Attempt.run (fun () -> run.Verified() |> Option.ofObj) with
                   | Ok result -> result.IsNone
                   | Error _ -> options.RetrainDamaged

            let openRuns (group: LaunchGroup) = [
                for cell, run in group.Runs do
                    if isOpen run then
                        cell
            ]

            let left = groups |> List.filter (openRuns >> List.isEmpty >> not)
            left |> List.iter (fun group -> GroupStatus.Reopen(options.Folder, group.Number))

            let board =
                Board(List.map fst examined.Runs, [ for group in left -> group.Name, openRuns group ], options.Watch)

            let queue = GroupQueue(options.Folder, groups, claims, board, options.RetrainDamaged)

            let split = Examine.split options (Examine.planned examined.Plan) left.Length

            // On a device, a group has a place of its own, so that it finds the same one again.
            let places =
                match options.Places with
                | None -> [ for threads in split -> (threads, None), (fun (_: LaunchGroup) -> true) ]
                | Some places ->
                    let count = Examine.placeCount places (Examine.planned examined.Plan)

                    [
                        for place, device in List.indexed (places.Open count) ->
                            (1, Some device), (fun group -> group.Number % count = place)
                    ]

            let lookAround = Crowding.watch (List.sum split) (Oversubscribed >> board.Say)

            let training = System.Collections.Generic.List<DataSource>()

            let shelve change =
                lock training (fun () ->
                    change ()
                    examined.Shelf.Keep(List.ofSeq training @ queue.Ahead))

            let rec work (place, isMine) =
                if not stop.IsCancellationRequested then
                    match queue.Next isMine with
                    | Stop -> ()
                    | Wait ->
                        stop.Token.WaitHandle.WaitOne(min claims.Pause (TimeSpan.FromSeconds 1.0)) |> ignore

                        work (place, isMine)
                    | Train(group, held) ->
                        try
                            shelve (fun () -> training.Add group.Data)
                            trainGroup options.Folder examined.Shelf board lookAround stop.Token place group held
                        finally
                            for claim in held do
                                claim.Dispose()

                            queue.Return group
                            shelve (fun () -> training.Remove group.Data |> ignore)

                        work (place, isMine)

            // What one group cannot do (a full disk, a damaged checkpoint), the others should not wait for.
            let mutable first: exn option = None

            let guarded place =
                try
                    work place
                with error ->
                    lock board (fun () -> first <- first |> Option.orElse (Some error))
                    stop.Cancel()

            if not left.IsEmpty then
                board.Say(Chosen split)

            Task.WaitAll [|
                for place in places -> Task.Factory.StartNew((fun () -> guarded place), TaskCreationOptions.LongRunning)
            |]

            first |> Option.iter (System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw)

            let outcome = board.Outcome queue.Elsewhere
            fail options.Folder claims groups outcome
            outcome

        Attempt.run go

    /// Trains what has no result yet of an examined sweep, each run from its checkpoint if it has one, and comes back
    /// when nothing is left but what other processes train. A run that diverges is a result; it stops nothing. What
    /// goes wrong with files is an Error, once the other groups are saved.
    let train (options: LaunchOptions) (examined: ExaminedSweep) : Result<SweepOutcome, string> = result {
        Store.damage options.Folder
        |> Option.iter (fun problem -> options.Watch(Restored $"{problem} This command writes it again."))

        do! Store.write options.Folder examined.Plan
        return! part options examined
    }

    /// Examines a sweep and trains it.
    let run (options: LaunchOptions) (sweep: Sweep) : Result<SweepOutcome, string> =
        Examine.sweep options sweep |> Result.bind (train options)
