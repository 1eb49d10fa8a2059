namespace Iql.Bench

open System
open System.Diagnostics
open System.Runtime
open System.Threading
open Iql.Algorithms
open Iql.Cpu
open Iql.Data

/// How steps are timed: in many short windows, since machines are shared and a long one hides what disturbed it.
type StepWindows = {
    /// At least 1.
    Count: int
    /// About how long a window is; it holds at least one step.
    Seconds: float
    /// Seconds of steps before the first window, several times where the runtime goes on compiling.
    WarmUp: float
}

/// One window: its rate, and how far the cores of a training's threads were from each other then.
[<Struct>]
type StepWindow = {
    /// Of all trainings together.
    StepsPerSecond: float
    /// Known where the two threads of a training have the machine's two cores.
    Distance: CoreDistance
}

/// Steps a second of one training, or of several side by side, window by window.
type StepRate = {
    /// By ascending rate.
    Windows: StepWindow list
    /// Floating-point operations of the products in one step, two for each multiply-add.
    FlopPerStep: float
    /// Bytes of managed memory allocated a step.
    BytesPerStep: float
}

[<RequireQualifiedAccess>]
module StepRate =

    /// 40 windows of a tenth of a second.
    let windows: StepWindows = { Count = 40; Seconds = 0.1; WarmUp = 0.3 }

    /// How often metrics are asked for, as a run of default configuration does.
    let private logEvery = 1_000L

    let private mostWarmUps = 8

    /// The rate that a share of the windows stays below.
    let quantile (share: float) (rate: StepRate) : float =
        let count = rate.Windows.Length
        rate.Windows[min (int (share * float count)) (count - 1)].StepsPerSecond

    /// The mean over some steps: programs of a learner may take turns.
    let private flop (learner: Learner) (firstStep: int64) : float =
        let ofProgram (program: int) =
            use compiled = CompiledGraph.Compile(learner.Programs[program].WithoutMetrics())
            compiled.Kernels |> Seq.sumBy _.Flop

        let turns = [ for step in firstStep .. firstStep + 11L -> learner.Choose.Invoke step ]
        let known = Map [ for program in List.distinct turns -> program, ofProgram program ]
        turns |> List.averageBy (fun program -> known[program])

    let private steps (training: Training) (seconds: float) : float =
        let clock, first = Stopwatch.StartNew(), training.Step
        training.Advance()

        while clock.Elapsed.TotalSeconds < seconds do
            training.Advance()

        training.Finish()
        float (training.Step - first) / clock.Elapsed.TotalSeconds

    /// Steps a second at the end of it. The runtime compiles hot methods once more, on a thread that takes a core from
    /// one of several trainings. So it is repeated until nothing was compiled in it, or it has lasted long enough.
    let private warmUp (training: Training) (windows: StepWindows) : float =
        training.Advance true
        let mutable rate, compiled, left = steps training windows.WarmUp, -1, mostWarmUps

        while left > 0 && compiled <> int (JitInfo.GetCompiledMethodCount()) do
            compiled <- int (JitInfo.GetCompiledMethodCount())
            left <- left - 1
            rate <- steps training windows.WarmUp

        rate

    /// A host may move the processors of a virtual machine at any time.
    /// On a machine with more than two processors, nobody knows which ones two threads have.
    let private distance (training: Training) : CoreDistance =
        if training.Threads = 2 && Environment.ProcessorCount = 2 then
            CoreDistance.ofNanoseconds (CoreDistance.nanoseconds ())
        else
            Unknown

    /// Windows of one training and the bytes it allocated a step. All end with the first that has its windows, since a
    /// rate without company does not count; but each has one window at least.
    let private track (windows: StepWindows) (start: Barrier) (stop: CancellationTokenSource) (training: Training) =
        let count = int (Math.Clamp(warmUp training windows * windows.Seconds, 1.0, 1e6))
        let found = ResizeArray<StepWindow> windows.Count
        let mutable bytes = 0L
        start.SignalAndWait()
        let mutable before = distance training

        while found.Count = 0 || found.Count < windows.Count && not stop.IsCancellationRequested do
            let began = Stopwatch.GetTimestamp()
            let allocated = GC.GetAllocatedBytesForCurrentThread()

            for _ in 1..count do
                training.Advance(training.Step % logEvery = logEvery - 1L)

            training.Finish()
            let rate = float count / Stopwatch.GetElapsedTime(began).TotalSeconds
            bytes <- bytes + GC.GetAllocatedBytesForCurrentThread() - allocated
            let after = distance training

            found.Add { StepsPerSecond = rate; Distance = (if before = after then before else Changing) }

            before <- after

        stop.Cancel()
        found, float bytes / float (found.Count * count)

    /// Whole training steps, sampling and metrics included: `runs` trainings side by side of `threads` threads each.
    /// They share the source of their batches. A learner of several phases is in a later one from some `firstStep` on.
    let measure
        (windows: StepWindows)
        (threads: int)
        (runs: int)
        (firstStep: int64)
        (learner: Learner)
        (data: Transitions)
        : StepRate =
        if runs < 1 || windows.Count < 1 then
            invalidArg (nameof runs) $"runs and windows: expected at least 1, got {runs} and {windows.Count}."

        let source = learner.Source data

        let trainings = [ for i in 0 .. runs - 1 -> new Training(learner, source, uint64 i, threads, firstStep) ]

        try
            use start = new Barrier(runs)
            use stop = new CancellationTokenSource()
            let results = Array.create runs (ResizeArray(), 0.0)

            let run i = results[i] <- track windows start stop trainings[i]

            let others = [ for i in 1 .. runs - 1 -> Thread(fun () -> run i) ]

            for thread in others do
                thread.Start()

            run 0

            for thread in others do
                thread.Join()

            let tracks = [ for found, _ in results -> found ]
            let shared = tracks |> List.map _.Count |> List.min

            {
                Windows =
                    [
                        for i in 0 .. shared - 1 ->
                            {
                                tracks.Head[i] with
                                    StepsPerSecond = tracks |> List.sumBy (fun track -> track[i].StepsPerSecond)
                            }
                    ]
                    |> List.sortBy _.StepsPerSecond
                FlopPerStep = flop learner firstStep
                BytesPerStep = results |> Array.map snd |> Array.max
            }
        finally
            for training in trainings do
                (training :> IDisposable).Dispose()
