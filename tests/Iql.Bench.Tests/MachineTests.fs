/// Probes must measure something, and all of it; how fast this machine is, no test asks.
module Iql.Bench.Tests.MachineTests

open System
open System.Threading
open Iql.Algorithms
open Iql.Bench
open Iql.Cpu.Emit
open Expecto
open Iql.Tests

let private learner =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 16; 16 ], BatchSize = 32).Learner(5, 2)

let private windows = { Count = 3; Seconds = 0.01; WarmUp = 0.02 }

let private measure threads runs = StepRate.measure windows threads runs 0L learner (Uniform.transitions 200 5 2)

[<Tests>]
let tests =
    testSequenced
    <| testList "MachineTests" [
        testCase "a round lasts from the first thread's start to the last thread's end" (fun () ->
            let seconds =
                SideBySide.seconds 2 3 (fun worker round ->
                    if worker = 1 && round = 1 then
                        Thread.Sleep 50)

            Expect.hasLength seconds 3 "seconds"
            Expect.isGreaterThanOrEqual seconds[1] 0.05 $"%A{seconds}"
            Expect.isTrue (seconds[1] > seconds[0] && seconds[1] > seconds[2]) $"%A{seconds}")

        testCase "no thread is refused" (fun () ->
            Expect.refuses (fun () -> FmaPeak.measure InstructionSet.Scalar 0 |> ignore) "measure")

        testCase "wider vectors have a higher peak" (fun () ->
            let peaks = [ for set in InstructionSets.Available -> FmaPeak.measure set 1 ]
            // Eight lanes against one: no neighbour is as loud as that.
            Expect.isTrue (InstructionSets.Available.Count = 1 || peaks[1] > peaks[0]) $"%A{peaks}")

        testCase "a round trip between cores takes time, and tells whether they share a cache" (fun () ->
            Expect.equal
                (CoreDistance.nanoseconds () > 0.0)
                (Environment.ProcessorCount > 1)
                "Environment.ProcessorCount > 1"

            for nanoseconds, distance, name in
                [ 60.0, Near, "near"; 250.0, Between, "between"; 400.0, Far, "far"; nan, Unknown, "" ] do
                Expect.equal (CoreDistance.ofNanoseconds nanoseconds) distance "nanoseconds"
                Expect.equal (CoreDistance.name distance) name "name of distance")

        testCase "steps are timed in windows, ascending, and allocate nothing" (fun () ->
            for threads, runs in [ 1, 1; 2, 1; 1, 2 ] do
                let rate = measure threads runs
                Expect.between 1 3 rate.Windows.Length "length of windows of rate"
                let rates = [ for window in rate.Windows -> window.StepsPerSecond ]
                Expect.equal rates (List.sort rates) "rates"
                Expect.equal (StepRate.quantile 0.5 rate) rates[rates.Length / 2] "quantile 0.5 rate"
                Expect.equal rate.BytesPerStep 0.0 "bytes per step of rate"

                for window in rate.Windows do
                    Expect.equal
                        (window.Distance <> Unknown)
                        (threads = 2 && Environment.ProcessorCount = 2)
                        "threads = 2 && Environment.ProcessorCount = 2")

        testCase "the work of a step is that of its products, counted by hand" (fun () ->
            let batch, hidden = 32.0, 16.0
            // Hidden to hidden: 8 evaluations, 4 backward passes, 4 gradients. The other layers add to it.
            let least = 16.0 * 2.0 * batch * hidden * hidden
            Expect.between least (4.0 * least) (measure 1 1).FlopPerStep "flop per step of measure 1 1")
    ]
