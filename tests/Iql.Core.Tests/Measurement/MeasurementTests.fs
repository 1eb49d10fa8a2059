/// What measures must measure something, and be whole; how fast this machine is, no test asks.
module Iql.Core.Tests.Measurement.MeasurementTests

open System
open Iql.Algorithms
open Iql.Cpu.Emit
open Iql.Data
open Iql.Measurement
open Xunit

let private isRate (value: float) =
    Assert.True(Double.IsFinite value && value > 0.0, $"expected a rate, got {value}")

[<Fact>]
let ``every instruction set of this machine has a peak, and it grows with the width`` () =
    let peaks = [ for set in InstructionSets.Available -> FmaPeak.Measure(1, Nullable set) ]

    List.iter isRate peaks
    // Eight lanes against one: no neighbour is as loud as that.
    Assert.True(InstructionSets.Available.Count = 1 || peaks[1] > peaks[0], $"%A{peaks}")

[<Fact>]
let ``peaks of no thread are refused`` () =
    Assert.Throws<ArgumentException>(fun () -> FmaPeak.Measure 0 |> ignore)
    |> ignore

[<Fact>]
let ``a cache line's round trip takes time where there are two cores`` () =
    let nanoseconds = PingPong.Nanoseconds()

    if Environment.ProcessorCount > 1 then
        isRate nanoseconds
    else
        Assert.True(Double.IsNaN nanoseconds)

[<Fact>]
let ``a triad over memory has a rate with one thread and with three`` () =
    isRate (MemoryBandwidth.Triad(1, 3, 1))
    isRate (MemoryBandwidth.Triad(3, 3, 1))

let private learner =
    ImplicitQLearning.Learner(ImplicitQLearningConfig().With(hiddenSizes = [ 16; 16 ], batchSize = 32), 5, 2)

let private data =
    let rows = 200

    let column width =
        Array.init (rows * width) (fun i -> sin (float32 i))

    Transitions(
        "waves",
        5,
        2,
        column 5,
        column 2,
        column 1,
        Array.zeroCreate rows,
        Array.init rows (fun i -> i % 50 = 49),
        column 5
    )

let private windows = StepWindows(Count = 3, Seconds = 0.01, WarmUp = 0.02)

[<Fact>]
let ``steps are timed in windows, ascending, with their work and what they allocate`` () =
    for threads, sideBySide in [ 1, 1; 2, 1; 1, 2 ] do
        let rate = StepRate.Measure(learner, data, threads, sideBySide, windows)
        Assert.InRange(rate.Windows.Length, 1, 3)
        let rates = [ for window in rate.Windows -> window.StepsPerSecond ]
        Assert.Equal<float list>(List.sort rates, rates)
        List.iter isRate rates
        Assert.Equal(rates[rates.Length / 2], rate.Median)

        for window in rate.Windows do
            let isKnown = threads = 2 && Environment.ProcessorCount = 2
            Assert.Equal(isKnown, (window.Distance <> CoreDistance.Unknown))
            Assert.Contains(window, rate.At(window.Distance).Windows)

        Assert.True(rate.Quantile 0.0 <= rate.Median && rate.Median <= rate.Quantile 1.0)
        Assert.Equal(0.0, rate.BytesPerStep)

[<Fact>]
let ``a round trip says whether cores share a cache`` () =
    for nanoseconds, distance in
        [
            60.0, CoreDistance.Near
            250.0, CoreDistance.Between
            400.0, CoreDistance.Far
            nan, CoreDistance.Unknown
        ] do
        Assert.Equal(distance, CoreDistances.Of nanoseconds)

[<Fact>]
let ``the work of a step is that of its products, counted by hand`` () =
    let rate = StepRate.Measure(learner, data, 1, 1, windows)
    let batch, hidden = 32.0, 16.0
    // Hidden to hidden: 8 evaluations, 4 backward passes, 4 gradients. The other layers add to it.
    let least = 16.0 * 2.0 * batch * hidden * hidden
    Assert.InRange(rate.FlopPerStep, least, 4.0 * least)

[<Fact>]
let ``every kernel of the step has its time`` () =
    let kernels = StepRate.Kernels(learner, data, 1, 2)
    let work = kernels |> Seq.sumBy (fun struct (kernel, _) -> kernel.Flop)
    Assert.Equal(StepRate.Measure(learner, data, 1, 1, windows).FlopPerStep, work)

    for struct (kernel, microseconds) in kernels do
        Assert.True(microseconds >= 0.0, string kernel)

    isRate (kernels |> Seq.sumBy (fun struct (_, microseconds) -> microseconds))

[<Fact>]
let ``measuring nothing is refused`` () =
    for wrong in
        [
            fun () -> StepRate.Measure(learner, data, 1, 0, windows) |> ignore
            fun () -> StepRate.Measure(learner, data, 1, 1, StepWindows(Count = 0)) |> ignore
            fun () -> StepRate.Kernels(learner, data, 1, 0) |> ignore
        ] do
        Assert.Throws<ArgumentException> wrong |> ignore

[<Fact>]
let ``processor time passes while a loop is busy`` () =
    let before = SystemLoad.Now()
    use _ = new BusyLoop()
    Threading.Thread.Sleep 100
    let after = SystemLoad.Now()
    Assert.True(after.Processor > before.Processor)
    Assert.True(after.Clock > before.Clock)
    Assert.Equal(OperatingSystem.IsLinux(), after.Average.HasValue)
