namespace Iql.Bench

/// A case and its rate.
type CaseRate = { Case: Case; Rate: Rate }

/// One kernel of a step, or all of one kind together.
type KernelTime = {
    Kind: string
    /// How many.
    Kernels: int
    /// Microseconds a step that one thread spends there.
    Microseconds: float
    /// Floating-point operations a step.
    Flop: float
    /// Bytes read and written a step, every array counted once.
    Bytes: float
}

/// Everything that is found out about implicit Q-learning's step on a machine.
type Report = {
    Session: Session
    Quick: bool
    /// Nanoseconds of a cache line's round trip between two cores, before and after; None with one thread.
    RoundTrip: (float * float) option
    /// Threads, and GB/s of a triad.
    Bandwidth: (int * float) list
    Cases: CaseRate list
    /// Every kernel of the standard step.
    Kernels: KernelTime list
    /// Threads, and their rate while another process takes a core, as a share of one thread's on a quiet machine.
    Crowded: (int * float) option
    /// Seconds from a process's start to its first step.
    FirstStep: float option
}

/// Figures that follow from others, and the file.
[<RequireQualifiedAccess>]
module Report =

    let private find (rows: CaseRate list) (row: CaseRate) (case: Case) : CaseRate option =
        rows
        |> List.tryFind (fun other ->
            { other.Case with Name = "" } = { case with Name = "" } && other.Rate.Cores = row.Rate.Cores)

    /// The rate per FLOP against that of the standard case on as many threads, as far from each other.
    let relative (rows: CaseRate list) (row: CaseRate) : float option =
        find rows row { Case.standard with Threads = row.Case.Threads }
        |> Option.map (fun standard -> Rate.gflops row.Rate / Rate.gflops standard.Rate)

    /// How many times as fast several policies on one value function are as separate runs on as many threads.
    let speedUp (rows: CaseRate list) (row: CaseRate) : float option =
        find rows row { row.Case with Policies = 1 }
        |> Option.map (fun one -> float row.Case.Policies * row.Rate.StepsPerSecond / one.Rate.StepsPerSecond)

    /// A row's case and its cores: "2 threads, far".
    let label (row: CaseRate) : string = Rate.label row.Case.Name row.Rate

    /// Kernels together, under a name.
    let together (kind: string) (kernels: KernelTime list) : KernelTime = {
        Kind = kind
        Kernels = kernels |> List.sumBy _.Kernels
        Microseconds = kernels |> List.sumBy _.Microseconds
        Flop = kernels |> List.sumBy _.Flop
        Bytes = kernels |> List.sumBy _.Bytes
    }

    /// The kernels by kind, the kind that takes longest first.
    let kinds (report: Report) : KernelTime list =
        report.Kernels
        |> List.groupBy _.Kind
        |> List.map (fun (kind, kernels) -> together kind kernels)
        |> List.sortByDescending _.Microseconds

    /// What makes figures doubtful.
    let doubts (report: Report) : string list =
        Session.doubts [ for row in report.Cases -> row.Case.Name, row.Rate ] report.Session

    let private ofRow (rows: CaseRate list) (row: CaseRate) =
        let case = row.Case

        dict [
            "name", box case.Name
            "threads", box case.Threads
            "runs", box case.Runs
            "observations", box case.Observations
            "actions", box case.Actions
            "batch", box case.Batch
            "hidden", box case.Hidden
            "policies", box case.Policies
            yield! Rate.fields row.Rate
            "relativeToStandard", relative rows row |> Option.map (Rate.rounded 3) |> Option.toObj
            "speedUpOverSeparateRuns",
            (if case.Policies > 1 then speedUp rows row else None)
            |> Option.map (Rate.rounded 3)
            |> Option.toObj
        ]

    let private ofKernel (kernel: KernelTime) =
        dict [
            "kind", box kernel.Kind
            "kernels", box kernel.Kernels
            "microsecondsPerStep", Rate.rounded 1 kernel.Microseconds
            "megaflopPerStep", Rate.rounded 3 (kernel.Flop / 1e6)
            "megabytesPerStep", Rate.rounded 3 (kernel.Bytes / 1e6)
        ]

    /// Every figure, for programs.
    let json (report: Report) : string =
        Session.json [
            yield! Session.fields "iql-bench-1" report.Session
            "quick", box report.Quick
            "pingPongNanoseconds",
            box (
                report.RoundTrip
                |> Option.map (fun (before, after) -> {|
                    before = Rate.rounded 1 before
                    after = Rate.rounded 1 after
                |})
            )
            "bandwidth",
            box [
                for threads, rate in report.Bandwidth ->
                    {| threads = threads; gigabytesPerSecond = Rate.rounded 2 rate |}
            ]
            "cases", box [ for row in report.Cases -> ofRow report.Cases row ]
            "kernels", box [ for kind in kinds report -> ofKernel kind ]
            "crowded",
            box (
                report.Crowded
                |> Option.map (fun (threads, share) -> {| threads = threads; shareOfOneThread = Rate.rounded 3 share |})
            )
            "firstStepSeconds", box report.FirstStep
        ]
