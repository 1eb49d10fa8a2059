namespace Iql.Cli

open Iql.Scripts

/// `iql sweep run`
module SweepWork =

    type private Request = {
        Folder: string
        /// The group that was asked for.
        Index: int option
        /// Free groups, also within an array.
        Next: bool
        Offset: int
        Threads: int
        Device: DeviceRequest
        RetrainDamaged: bool
    }

    let private empty: Request = {
        Folder = ""
        Index = None
        Next = false
        Offset = 0
        Threads = Scheduler.cores Scheduler.variables
        Device = DeviceOptions.standard
        RetrainDamaged = false
    }

    /// A line a minute: there are many logs.
    let private watch () : SweepEvent -> unit =
        let print = Progress.lines 60.0

        function
        | Advanced progress -> print progress
        | event -> Progress.say event

    let private finished (outcomes: SweepOutcome list) : int =
        for outcome in outcomes do
            for name, message in SweepOutcome.failures outcome do
                printfn "diverged: %s: %s" name message

        if outcomes |> List.exists (fun outcome -> not outcome.Damaged.IsEmpty) then
            Shell.refused
        else
            Shell.success

    let private stopped () : int =
        let code = Shell.interrupted ()
        eprintfn "Stopped: the runs are saved. Exit code %d asks for another start; the same command continues." code
        code

    /// Plans the next rung of a halving when this one is done.
    let private advance (options: LaunchOptions) (work: PlannedSweep) : bool =
        match Worker.advance options work |> Command.orRefuse with
        | Some next ->
            printfn "Rung %d is planned: %s." (work.Rung + 1) (Plural.count next.Runs.Length "run")
            true
        | None -> false

    let private one (options: LaunchOptions) (work: PlannedSweep) (number: int) : int =
        match Worker.group options work number |> Command.orRefuse with
        | None ->
            printfn "Group %d is done already." number
            Shell.success
        | Some outcome when SweepOutcome.isWhole outcome ->
            printfn "Group %d is done: %s." number (Plural.count outcome.Runs.Length "run")
            advance options work |> ignore
            finished [ outcome ]
        | Some _ when options.Cancellation.IsCancellationRequested -> stopped ()
        | Some outcome ->
            for group, holder in outcome.Elsewhere do
                eprintfn "%s is trained by %O. This process leaves it alone." group holder

            Shell.interrupted ()

    let rec private next (options: LaunchOptions) (work: PlannedSweep) : int =
        let options = { options with Folder = work.Folder }
        let outcomes = Worker.free options work |> Command.orRefuse

        if options.Cancellation.IsCancellationRequested then
            stopped ()
        else
            printfn "%s trained here. No group is free." (Plural.count (outcomes |> List.sumBy _.Trained) "run")

            match finished outcomes with
            | 0 when advance options work -> Worker.read work.Root |> Command.orRefuse |> next options
            | code -> code

    let private run (request: Request) : int =
        Scheduler.again Scheduler.variables |> Option.iter Interrupt.leavingWith

        let number =
            match request.Index, request.Next with
            | Some _, true -> Command.refuse "--next: expected it without --index, got both. Leave one out."
            | _, true -> None
            | asked, _ -> asked |> Option.orElse (Scheduler.index Scheduler.variables)

        let work = Worker.read request.Folder |> Command.orRefuse

        let options = {
            Launch.into work.Folder with
                Threads = request.Threads
                Places = DeviceOptions.places request.Threads request.Device
                RetrainDamaged = request.RetrainDamaged
                Watch = watch ()
        }

        Interrupt.saving (fun cancellation ->
            let options = { options with Cancellation = cancellation }

            match number with
            | Some number -> one options work (number + request.Offset)
            | None -> next options work)

    let command: Command =
        Command.create
            "sweep run"
            "Train one group of a planned sweep, or all free groups"
            "In an array job of Slurm, Grid Engine, PBS or Kubernetes, each task trains the group of its number. \
             Elsewhere the command trains free groups until none is left. TERM, USR1 and USR2 save the runs. The \
             exit code then requests a restart: 99 in Grid Engine, 75 in others, 130 without a scheduler. The same \
             command continues to the same bits."
            [
                Parameter.text "FOLDER" "The folder of `iql sweep plan`" (fun folder (request: Request) -> {
                    request with
                        Folder = folder
                })
            ]
            [
                Parameter.value "--index N" "Number of the group, from 0 on" (Read.whole 0) (fun number request -> {
                    request with
                        Index = Some number
                })
                |> Parameter.showing "from the scheduler"
                Parameter.switch "--next" "Train free groups, also in an array job" (fun request -> {
                    request with
                        Next = true
                })
                Parameter.value
                    "--offset N"
                    "Added to the number, for a sweep in several array jobs"
                    (Read.whole 0)
                    (fun offset request -> { request with Offset = offset })
                |> Parameter.showing "0"
                Parameter.value
                    "--threads N"
                    "Cores to use; they do not change the results"
                    (Read.whole 1)
                    (fun threads (request: Request) -> { request with Threads = threads })
                |> Parameter.showing "from the scheduler, else all"
                for option in DeviceOptions.parameters "all groups of the plan, at most 64" do
                    option
                    |> Parameter.within _.Device (fun device (request: Request) -> { request with Device = device })
                Parameter.switch
                    "--retrain-damaged"
                    "Delete runs whose files are damaged, and train them again"
                    (fun (request: Request) -> { request with RetrainDamaged = true })
            ]
            [
                "iql sweep run sweeps/hopper", "in a task of an array, or on any machine"
                "iql sweep run sweeps/hopper --index 7", "one group"
            ]
            empty
            run
