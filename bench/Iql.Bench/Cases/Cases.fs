namespace Iql.Bench

open System
open System.Diagnostics
open System.Globalization
open System.IO
open System.Reflection
open System.Threading
open Iql.Data
open Iql.Scripts

/// What is to be measured.
type Plan = {
    Quick: bool
    /// The most threads.
    Threads: int
    /// Rows of the data.
    Rows: int
    Windows: StepWindows
    Cases: Case list
    /// MB of the triad's arrays.
    Megabytes: int
}

/// Measures the cases of implicit Q-learning, and the machine.
[<RequireQualifiedAccess>]
module Cases =

    /// Everything, or the headline rows in some twenty seconds.
    let plan (quick: bool) (threads: int) (rows: int) : Plan = {
        Quick = quick
        Threads = threads
        Rows = rows
        Windows = if quick then { StepRate.windows with Count = 20 } else StepRate.windows
        Cases = if quick then Case.headline threads else Case.all threads
        Megabytes = 256
    }

    let private data (rows: int) (case: Case) = Uniform.transitions rows case.Observations case.Actions

    let private measure (windows: StepWindows) (data: Transitions) (case: Case) : CaseRate list = [
        for rate in Rate.measure windows case.Threads case.Runs 0L (Case.learner case) data ->
            { Case = case; Rate = rate }
    ]

    let private kernels () : KernelTime list = [
        for kernel in (Case.learner Case.standard |> Explain.step "standard").Kernels ->
            {
                Kind = KernelKind.name kernel.Info
                Kernels = 1
                Microseconds = Option.defaultValue nan kernel.Microseconds
                Flop = KernelKind.flop kernel.Info
                Bytes = KernelKind.bytes kernel.Info
            }
    ]

    /// Steps a second of several threads beside one that does nothing all the time, as another process would.
    let private crowded (windows: StepWindows) (data: Transitions) (threads: int) : float =
        use ended = new CancellationTokenSource()

        let busy =
            Thread(
                (fun () ->
                    while not ended.IsCancellationRequested do
                        Thread.SpinWait 100),
                IsBackground = true
            )

        busy.Start()

        let rate =
            StepRate.measure windows threads 1 0L (Case.learner Case.standard) data |> StepRate.quantile 0.5

        ended.Cancel()
        busy.Join()
        rate

    /// Makes one step from nothing, as a fresh process does; seconds since that process started.
    let firstStep () : float =
        use training = new Training(Case.learner Case.standard, data 10_000 Case.standard)
        training.Advance()
        (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds

    /// The same in a process of its own; None where that cannot be started.
    let private freshProcess () : float option =
        let library = Assembly.GetExecutingAssembly().Location

        let start = ProcessStartInfo("dotnet", [ library; "--first-step" ], RedirectStandardOutput = true)

        try
            use child = Process.Start start
            let printed = child.StandardOutput.ReadToEnd()
            child.WaitForExit()

            match Double.TryParse(printed, CultureInfo.InvariantCulture) with
            | true, seconds when child.ExitCode = 0 -> Some seconds
            | _ -> None
        with :? ComponentModel.Win32Exception ->
            None

    /// Measures a plan. `next` hears what is measured next, `found` every row when it is known.
    let run (next: string -> unit) (found: CaseRate -> unit) (plan: Plan) : Report =
        let session = Session.start plan.Rows
        let mutable known = data plan.Rows Case.standard

        let dataOf (case: Case) =
            if (known.ObservationSize, known.ActionSize) <> (case.Observations, case.Actions) then
                known <- data plan.Rows case

            known

        let roundTrip () =
            next "how far the cores are from each other"

            if plan.Threads > 1 then Some(CoreDistance.nanoseconds ()) else None

        let before = roundTrip ()

        let cases = [
            for case in plan.Cases do
                next case.Name

                for row in measure plan.Windows (dataOf case) case do
                    found row
                    row
        ]

        next "the time of every kernel"
        let kernels = kernels ()

        let crowded =
            match cases |> List.tryFind (fun row -> row.Case = Case.standard) with
            | Some one when plan.Threads > 1 && not plan.Quick ->
                next "beside another process"
                let rate = crowded plan.Windows (dataOf Case.standard) plan.Threads
                Some(plan.Threads, rate / one.Rate.StepsPerSecond)
            | _ -> None

        next "the memory's bandwidth"

        let bandwidth = [
            for threads in List.distinct [ 1; plan.Threads ] ->
                threads, MemoryBandwidth.measure plan.Megabytes 5 threads
        ]

        next "the first step of a fresh process"

        {
            Session = session
            Quick = plan.Quick
            FirstStep = freshProcess ()
            RoundTrip = Option.map2 (fun before after -> before, after) before (roundTrip ())
            Bandwidth = bandwidth
            Cases = cases
            Kernels = kernels
            Crowded = crowded
        }
