namespace Iql.Bench

open System
open System.Diagnostics
open Iql.Cpu
open Iql.Cpu.Emit
open Iql.Graph
open Iql.Scripts

/// The time of one call of a kernel: the middle window, and those that a tenth and nine tenths stay below.
type KernelRate = {
    Case: GraphCase
    /// Microseconds of a call.
    Middle: float
    Low: float
    High: float
}

/// Times kernels on one thread, with their numbers in the cache.
[<RequireQualifiedAccess>]
module KernelRate =

    let private prepare (case: GraphCase) =
        let compiled = CompiledGraph.Compile case.Function
        let inputs = [| for layout in case.Function.Inputs -> new TensorBlock(layout) |]
        let outputs = [| for group in case.Function.Outputs -> new TensorBlock(group.Layout) |]
        let random = Random 1

        // Whole numbers, so that they are indices too; no result of them is infinite.
        for i in 0 .. inputs[0].Layout.Length - 1 do
            inputs[0].Storage[ i ] <- float32 (random.Next GraphCase.tableRows)

        let call () = compiled.Run(ReadOnlySpan inputs, ReadOnlySpan.Empty, ReadOnlySpan outputs, Span.Empty)

        let free () =
            (compiled :> IDisposable).Dispose()

            for block in Array.append inputs outputs do
                block.Dispose()

        call, free

    /// Microseconds of a call in a window of so many seconds.
    let private window (seconds: float) (call: unit -> unit) : float =
        let clock = Stopwatch.StartNew()
        let mutable calls = 0

        while calls = 0 || clock.Elapsed.TotalSeconds < seconds do
            for _ in 1..8 do
                call ()

            calls <- calls + 8

        clock.Elapsed.TotalMicroseconds / float calls

    /// Kernels take turns, a window each in every round, so that other work on the machine meets all of them alike.
    let measure (rounds: int) (seconds: float) (cases: GraphCase list) : KernelRate list =
        let calls, frees = cases |> List.map prepare |> List.unzip

        try
            // The runtime compiles what runs often again, better, a moment later.
            for call in calls do
                window (10.0 * seconds) call |> ignore

            let times = [ for _ in 1..rounds -> calls |> List.map (window seconds) ]

            [
                for case, times in List.zip cases (List.transpose times) ->
                    let sorted = List.sort times

                    let at share = sorted[min (int (share * float rounds)) (rounds - 1)]

                    { Case = case; Middle = at 0.5; Low = at 0.1; High = at 0.9 }
            ]
        finally
            frees |> List.iter (fun free -> free ())

    /// The table as lines of text. `peak`: GFLOP/s of multiply-adds on one thread.
    let lines (peak: float) (rates: KernelRate list) : string list =
        TextTable.lines [
            [ "kernel"; "µs"; "10 %"; "90 %"; "GFLOP/s"; "share"; "GB/s" ]
            for rate in rates do
                let perSecond amount = amount / rate.Middle / 1e3

                [
                    rate.Case.Name
                    Rate.digits 2 rate.Middle
                    Rate.digits 2 rate.Low
                    Rate.digits 2 rate.High
                    if rate.Case.Flop > 0.0 then
                        Rate.digits 1 (perSecond rate.Case.Flop)
                        Rate.percent (perSecond rate.Case.Flop / peak)
                    else
                        yield! [ "–"; "–" ]
                    Rate.digits 1 (perSecond rate.Case.Bytes)
                ]
        ]

    /// Prints the table of the kernels whose name contains a text, next to the FMA peak.
    let print (part: string) (quick: bool) : unit =
        let cases = GraphCase.all |> List.filter _.Name.Contains(part, StringComparison.OrdinalIgnoreCase)

        let peak = FmaPeak.measure InstructionSets.Default 1

        measure (if quick then 10 else 40) 0.01 cases |> lines peak |> List.iter (printfn "%s")

        printfn "\nFMA peak %.0f GFLOP/s on one thread" peak
