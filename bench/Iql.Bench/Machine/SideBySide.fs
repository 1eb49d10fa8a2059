namespace Iql.Bench

open System.Diagnostics
open System.Threading

/// Threads that begin every round at the same time.
[<RequireQualifiedAccess>]
module SideBySide =

    // About 4 ms. A waiting thread spins, so it has a core when the last one arrives. One that had given its core away
    // would begin late, and on a busy machine no round would be whole. In the end it yields: others may need its core.
    let private spinsBeforeYield = 100_000

    /// Runs rounds of `body worker round` on threads numbered from 0.
    /// Gives the seconds of each round, from the first thread's start to the last thread's end.
    let seconds (threads: int) (rounds: int) (body: int -> int -> unit) : float[] =
        if threads < 1 then
            invalidArg (nameof threads) $"threads: expected at least 1, got {threads}."

        let arrived = Array.zeroCreate<int> 64

        let starts, ends = Array2D.zeroCreate<int64> rounds threads, Array2D.zeroCreate<int64> rounds threads

        let work worker =
            for round in 0 .. rounds - 1 do
                Interlocked.Increment(&arrived[32]) |> ignore
                let mutable spins = 0

                while Volatile.Read(&arrived[32]) < threads * (round + 1) do
                    spins <- spins + 1

                    if spins < spinsBeforeYield then Thread.SpinWait 1 else Thread.Yield() |> ignore

                starts[round, worker] <- Stopwatch.GetTimestamp()
                body worker round
                ends[round, worker] <- Stopwatch.GetTimestamp()

        let others = [ for worker in 1 .. threads - 1 -> Thread((fun () -> work worker), IsBackground = true) ]

        for thread in others do
            thread.Start()

        work 0

        for thread in others do
            thread.Join()

        [|
            for round in 0 .. rounds - 1 ->
                float (Array.max ends[round, *] - Array.min starts[round, *]) / float Stopwatch.Frequency
        |]
