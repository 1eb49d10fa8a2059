namespace Iql.Cli

open Iql.Scripts

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Reflection
open Iql.Cpu.Emit
open Iql.Data
open Iql.Measurement
open Iql.Training

/// What `iql bench` is asked for.
type BenchPlan = {
    Quick: bool
    /// The most threads.
    Threads: int
    /// Rows of the data.
    Rows: int
    Windows: StepWindows
    Cases: BenchCase list
    /// MB of the triad's arrays.
    Megabytes: int
}

/// Measures.
[<RequireQualifiedAccess>]
module BenchRun =

    /// Everything, or the headline rows in some twenty seconds.
    let plan (quick: bool) (threads: int) (rows: int) : BenchPlan = {
        Quick = quick
        Threads = threads
        Rows = rows
        Windows = (if quick then StepWindows(Count = 20) else StepWindows())
        Cases =
            (if quick then
                 BenchCase.headline threads
             else
                 BenchCase.all threads)
        Megabytes = 256
    }

    /// Data of any size whose numbers mean nothing: uniform in [−1, 1), episodes of 1,000 steps.
    let transitions (rows: int) (observations: int) (actions: int) : Transitions =
        let random = Random 1

        let numbers count =
            let values = GC.AllocateUninitializedArray<float32> count

            for i in 0 .. count - 1 do
                values[i] <- random.NextSingle() * 2.0f - 1.0f

            values

        Transitions(
            "uniform",
            observations,
            actions,
            numbers (rows * observations),
            numbers (rows * actions),
            numbers rows,
            Array.zeroCreate rows,
            Array.init rows (fun i -> i % 1_000 = 999),
            numbers (rows * observations)
        )

    /// A case's rate between two probes of the peak; a row for each distance that its cores were at.
    let rows (windows: StepWindows) (data: Transitions) (case: BenchCase) : BenchRow list = [
        for rate in BenchRate.measure windows case.Threads case.Runs 0L (BenchCase.learner case) data ->
            { Case = case; Rate = rate }
    ]

    /// Several threads' rate beside a busy loop that takes one core.
    let crowded (windows: StepWindows) (data: Transitions) (threads: int) (oneThread: float) : CrowdedRate =
        use _ = new BusyLoop()

        let rate =
            StepRate.Measure(BenchCase.learner BenchCase.standard, data, threads, 1, windows)

        {
            Threads = threads
            StepsPerSecond = rate.Median
            OneThread = oneThread
        }

    /// Makes one step from nothing, as a fresh process does; seconds since that process started.
    let firstStep () : float =
        let case = BenchCase.standard
        let learner = BenchCase.learner case

        use trainer =
            new Trainer(
                learner,
                transitions 10_000 case.Observations case.Actions,
                Trainer.Start(learner, Iql.Seed 0UL)
            )

        trainer.Advance()
        (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds

    /// The same in a process of its own; None where that cannot be started.
    let private freshProcess () : float option =
        let library = Assembly.GetExecutingAssembly().Location

        let program =
            Path.ChangeExtension(library, (if OperatingSystem.IsWindows() then ".exe" else null))

        let start =
            if File.Exists program then
                ProcessStartInfo(program, [ "bench"; "--first-step" ])
            else
                ProcessStartInfo("dotnet", [ library; "bench"; "--first-step" ])

        start.RedirectStandardOutput <- true

        try
            use child = Process.Start start
            let said = child.StandardOutput.ReadToEnd()
            child.WaitForExit()

            match Read.positive (said.Trim()) with
            | Ok seconds when child.ExitCode = 0 -> Some seconds
            | _ -> None
        with :? ComponentModel.Win32Exception ->
            None

    /// Measures a plan. `say` hears what is measured next, `tell` every case's row when it is known.
    let run (say: string -> unit) (tell: BenchRow -> unit) (plan: BenchPlan) : BenchResult =
        let load () =
            SystemLoad.Now().Average |> Option.ofNullable

        let loadBefore = load ()
        let known = Dictionary<int * int, Transitions>()

        let data (case: BenchCase) =
            let size = case.Observations, case.Actions

            match known.TryGetValue size with
            | true, data -> data
            | _ ->
                known.Clear()
                let data = transitions plan.Rows case.Observations case.Actions
                known[size] <- data
                data

        let pingPong () =
            if plan.Threads > 1 then
                Some(PingPong.Nanoseconds())
            else
                None

        say "how far the cores are from each other"
        let pingPongBefore = pingPong ()

        let cases =
            ([], plan.Cases)
            ||> List.fold (fun known case ->
                say case.Name
                let rows = rows plan.Windows (data case) case
                List.iter tell rows
                known @ rows)

        say "the time of every kernel"

        let kernels = [
            for struct (kernel, microseconds) in
                StepRate.Kernels(
                    BenchCase.learner BenchCase.standard,
                    data BenchCase.standard,
                    1,
                    (if plan.Quick then 20 else 60)
                ) ->
                {
                    Kind = KernelKind.name kernel
                    Kernels = 1
                    Microseconds = microseconds
                    Flop = KernelKind.flop kernel
                    Bytes = KernelKind.bytes kernel
                }
        ]

        let oneThread =
            cases
            |> List.tryFind (fun row -> row.Case = BenchCase.standard)
            |> Option.map _.Rate.StepsPerSecond

        let crowded =
            match oneThread with
            | Some rate when plan.Threads > 1 && not plan.Quick ->
                say "beside another process"
                Some(crowded plan.Windows (data BenchCase.standard) plan.Threads rate)
            | _ -> None

        say "the memory's bandwidth"

        let bandwidth = [
            for threads in List.distinct [ 1; plan.Threads ] -> threads, MemoryBandwidth.Triad(threads, plan.Megabytes)
        ]

        say "the first step of a fresh process"

        {
            Machine = Machine.Here
            InstructionSet = InstructionSets.Default
            Version = Machine.Version
            Commit = Machine.Commit
            Date = DateTime.UtcNow
            Quick = plan.Quick
            Rows = plan.Rows
            LoadBefore = loadBefore
            FirstStep = freshProcess ()
            PingPong = Option.map2 (fun before after -> before, after) pingPongBefore (pingPong ())
            Bandwidth = bandwidth
            Cases = cases
            Kernels = kernels
            Crowded = crowded
            LoadAfter = load ()
        }
