namespace Iql.Scripts

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Iql.Algorithms
open Iql.Training

/// How one run of a sweep came out; without a result it was interrupted and can go on.
type CellOutcome = {
    Cell: SweepCell
    Result: RunResult option
}

/// A group of runs that share a learner, while it is trained.
type GroupProgress = {
    Name: string
    Runs: int
    Latest: TrainingProgress
}

/// How far a sweep is.
type SweepProgress = {
    /// Runs in all.
    Runs: int
    /// Runs with a result, diverged ones too.
    Done: int
    Diverged: int
    /// Training steps made, of all runs, and what they will be.
    Steps: int64
    TotalSteps: int64
    /// Training steps a second since the launch, counting each run's own.
    StepsPerSecond: float
    Elapsed: TimeSpan
    /// Groups that are being trained.
    Training: GroupProgress list
}

/// What a launch has to tell besides how far it is.
type LaunchNote =
    /// How the groups that are still to be trained share the cores.
    | Chosen of Split
    /// Too many threads want the cores; the text says what it costs and the mend.
    | Oversubscribed of string

/// Where and how a sweep runs.
type LaunchOptions = {
    Folder: string
    /// What a person types to start this sweep, for the report to show.
    Command: string option
    /// Cores to use, at most those the machine has; results do not depend on it.
    Threads: int
    /// Called at train lines and evaluations, by one thread at a time.
    Watch: SweepProgress -> unit
    /// Called when there is something to tell, by one thread at a time.
    Say: LaunchNote -> unit
    /// Asks to stop; what was trained is saved first.
    Cancellation: CancellationToken
}

/// Trains the runs of a sweep: those that can share a learner as one, several such groups side by side.
[<RequireQualifiedAccess>]
module Launch =

    /// Into a folder, on all cores, nobody watching.
    let into (folder: string) : LaunchOptions = {
        Folder = folder
        Command = None
        Threads = Environment.ProcessorCount
        Watch = ignore
        Say = ignore
        Cancellation = CancellationToken.None
    }

    /// How many of these runs diverged.
    let diverged (outcomes: CellOutcome list) : int =
        outcomes
        |> List.filter (fun outcome ->
            outcome.Result
            |> Option.exists (fun result -> result.Status = RunStatus.Diverged))
        |> List.length

    /// The learner of trials that are trained together: a member each.
    let learner (problem: Problem) (trials: Trial list) : Learner =
        Trial.learner problem.Transitions.ObservationSize problem.Transitions.ActionSpace trials

    /// Cells that are trained together from the same step on.
    type private Job = {
        Name: string
        Cells: SweepCell list
        Runs: TrainingRun list
        Step: int64
    }

    let private jobs (prepared: Trial -> Problem) (folder: string) (cells: SweepCell list) : Job list = [
        for group in Sweep.groups cells do
            let run (cell: SweepCell) =
                TrainingRun(Store.runFolder folder cell, Store.config (prepared cell.Trial) cell.Trial)

            let runs = group |> List.map (fun cell -> cell, run cell)

            // What all of them have in common.
            let name =
                (List.head group).Labels
                |> List.filter (fun label -> group |> List.forall (fun cell -> List.contains label cell.Labels))
                |> List.map (fun (axis, value) -> $"{axis}={value}")
                |> String.concat ","

            for together in TrainingLoop.Groups(List.map snd runs) do
                let members = runs |> List.filter (fun (_, run) -> together.Runs.Contains run)

                {
                    Name = (if name = "" then "run" else name)
                    Cells = List.map fst members
                    Runs = List.map snd members
                    Step = together.Step
                }
    ]

    /// What all threads together have done so far.
    type private Board(cells: SweepCell list, outcomes: CellOutcome list, jobs: Job list, watch: SweepProgress -> unit)
        =
        let clock = Stopwatch.StartNew()
        let gate = obj ()
        let total = cells |> List.sumBy (fun cell -> int64 cell.Trial.Steps)
        let latest = ConcurrentDictionary<Job, TrainingProgress>(HashIdentity.Reference)
        let resumed = jobs |> List.sumBy (fun job -> job.Step * int64 job.Cells.Length)
        let mutable finished = outcomes
        let skipped = outcomes |> List.sumBy (fun outcome -> int64 outcome.Cell.Trial.Steps)

        let report () =
            let closed = set [ for outcome in finished -> outcome.Cell.Name ]

            let going =
                [ for pair in latest -> pair.Key, pair.Value ]
                |> List.filter (fun (job, _) -> not (closed.Contains job.Cells.Head.Name))

            let waiting =
                jobs
                |> List.filter (fun job -> not (closed.Contains job.Cells.Head.Name) && not (latest.ContainsKey job))

            let steps =
                (finished |> List.sumBy (fun outcome -> int64 outcome.Cell.Trial.Steps))
                + (going
                   |> List.sumBy (fun (job, progress) -> progress.Step * int64 job.Cells.Length))
                + (waiting |> List.sumBy (fun job -> job.Step * int64 job.Cells.Length))

            watch {
                Runs = cells.Length
                Done = finished.Length
                Diverged = diverged finished
                Steps = steps
                TotalSteps = total
                StepsPerSecond = float (steps - skipped - resumed) / clock.Elapsed.TotalSeconds
                Elapsed = clock.Elapsed
                Training = [
                    for job, progress in going ->
                        {
                            Name = job.Name
                            Runs = job.Cells.Length
                            Latest = progress
                        }
                ]
            }

        member _.Outcomes = finished

        member _.Advance (job: Job) (progress: TrainingProgress) =
            lock gate (fun () ->
                latest[job] <- progress
                report ())

        member _.Finish(ended: CellOutcome list) =
            lock gate (fun () ->
                finished <- finished @ ended
                report ())

    /// Trains every run of the sweep that has no result yet; those with a checkpoint go on from it. The outcomes come in the order
    /// of the sweep's cells. A run that diverges is an outcome; it stops nothing.
    let run (options: LaunchOptions) (problem: Problem) (sweep: Sweep) : CellOutcome list =
        let cells = Sweep.cells sweep
        let prepared = Problem.preparing problem

        // Before any folder is made: an algorithm that has no head for the data's actions is refused.
        for cell in cells do
            Trial.configured problem.Transitions.ActionSpace cell.Trial |> ignore

        let cores = Split.cores Environment.ProcessorCount options.Threads

        Store.openSweep
            options.Folder
            options.Command
            prepared
            sweep
            cells
            (Split.share cores (Sweep.groups cells).Length)

        let finished = [
            for cell in cells do
                match (Store.runFolder options.Folder cell).ReadResult() with
                | null -> ()
                | result -> { Cell = cell; Result = Some result }
        ]

        let jobs = jobs prepared options.Folder cells
        let queue = ConcurrentQueue jobs
        let board = Board(cells, finished, jobs, options.Watch)
        use stop = CancellationTokenSource.CreateLinkedTokenSource options.Cancellation
        let split = Split.share cores jobs.Length

        if not jobs.IsEmpty then
            options.Say(Chosen split)

        let lookAround =
            Crowding.watch (Split.threads split) (Oversubscribed >> options.Say)

        let advance job progress =
            board.Advance job progress
            lookAround ()

        let train (threads: int) (job: Job) =
            let problem = prepared job.Cells.Head.Trial

            let plan =
                TrainingPlan(
                    Learner = learner problem [ for cell in job.Cells -> cell.Trial ],
                    Transitions = problem.Transitions,
                    Environment =
                        (match problem.Task with
                         | Some card -> card.Environment
                         | None -> null),
                    Threads = threads
                )

            let outcomes =
                TrainingLoop.Run(plan, List.toArray job.Runs, advance job, stop.Token)

            [
                for cell, outcome in Seq.zip job.Cells outcomes ->
                    {
                        Cell = cell
                        Result = Option.ofObj outcome.Result
                    }
            ]
            // Those that were interrupted are not done.
            |> List.filter (fun outcome -> outcome.Result.IsSome)
            |> board.Finish

        let rec work threads =
            match queue.TryDequeue() with
            | true, job when not stop.IsCancellationRequested ->
                // What one group cannot do (a full disk, a damaged checkpoint), the others should not wait for.
                try
                    train threads job
                with _ ->
                    stop.Cancel()
                    reraise ()

                work threads
            | _ -> ()

        let threads = [|
            for threads in split.ThreadsEach ->
                Task.Factory.StartNew((fun () -> work threads), TaskCreationOptions.LongRunning)
        |]

        try
            Task.WaitAll threads
        with :? AggregateException as errors ->
            // The first is the cause; the others were told to stop.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(errors.Flatten().InnerExceptions[0])

        let byName = Map [ for outcome in board.Outcomes -> outcome.Cell.Name, outcome ]

        [
            for cell in cells ->
                byName
                |> Map.tryFind cell.Name
                |> Option.defaultValue { Cell = cell; Result = None }
        ]
