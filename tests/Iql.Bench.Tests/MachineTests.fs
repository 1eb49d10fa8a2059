/// Probes must measure something, and all of it; how fast this machine is, no test asks.
module Iql.Bench.Tests.MachineTests

open System
open System.Threading
open Iql.Algorithms
open Iql.Bench
open Iql.Cpu.Emit
open Xunit

[<Fact>]
let ``a round lasts from the first thread's start to the last thread's end`` () =
    let seconds =
        SideBySide.seconds 2 3 (fun worker round ->
            if worker = 1 && round = 1 then
                Thread.Sleep 50)

    Assert.Equal(3, seconds.Length)
    Assert.True(seconds[1] >= 0.05, $"%A{seconds}")
    Assert.True(seconds[1] > seconds[0] && seconds[1] > seconds[2], $"%A{seconds}")

[<Fact>]
let ``no thread is refused`` () =
    Assert.Throws<ArgumentException>(fun () -> FmaPeak.measure InstructionSet.Scalar 0 |> ignore)
    |> ignore

[<Fact>]
let ``wider vectors have a higher peak`` () =
    let peaks = [ for set in InstructionSets.Available -> FmaPeak.measure set 1 ]
    // Eight lanes against one: no neighbour is as loud as that.
    Assert.True(InstructionSets.Available.Count = 1 || peaks[1] > peaks[0], $"%A{peaks}")

[<Fact>]
let ``a round trip between cores takes time, and tells whether they share a cache`` () =
    Assert.Equal(Environment.ProcessorCount > 1, CoreDistance.nanoseconds () > 0.0)

    for nanoseconds, distance, name in
        [
            60.0, Near, "near"
            250.0, Between, "between"
            400.0, Far, "far"
            nan, Unknown, ""
        ] do
        Assert.Equal(distance, CoreDistance.ofNanoseconds nanoseconds)
        Assert.Equal(name, CoreDistance.name distance)

let private learner =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 16; 16 ], BatchSize = 32).Learner(5, 2)

let private windows = {
    Count = 3
    Seconds = 0.01
    WarmUp = 0.02
}

let private measure threads runs =
    StepRate.measure windows threads runs 0L learner (Uniform.transitions 200 5 2)

[<Fact>]
let ``steps are timed in windows, ascending, and allocate nothing`` () =
    for threads, runs in [ 1, 1; 2, 1; 1, 2 ] do
        let rate = measure threads runs
        Assert.InRange(rate.Windows.Length, 1, 3)
        let rates = [ for window in rate.Windows -> window.StepsPerSecond ]
        Assert.Equal<float list>(List.sort rates, rates)
        Assert.Equal(rates[rates.Length / 2], StepRate.quantile 0.5 rate)
        Assert.Equal(0.0, rate.BytesPerStep)

        for window in rate.Windows do
            Assert.Equal(threads = 2 && Environment.ProcessorCount = 2, window.Distance <> Unknown)

[<Fact>]
let ``the work of a step is that of its products, counted by hand`` () =
    let batch, hidden = 32.0, 16.0
    // Hidden to hidden: 8 evaluations, 4 backward passes, 4 gradients. The other layers add to it.
    let least = 16.0 * 2.0 * batch * hidden * hidden
    Assert.InRange((measure 1 1).FlopPerStep, least, 4.0 * least)
