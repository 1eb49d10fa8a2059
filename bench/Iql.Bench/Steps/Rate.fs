namespace Iql.Bench

open System
open System.Globalization
open Iql.Algorithms
open Iql.Data
open Iql.Cpu.Emit

/// How fast something trains, and the FMA peak of as many threads right before and after it.
type Rate = {
    /// How far the two cores were from each other, where two threads share a step on all cores there are.
    Cores: CoreDistance
    /// Steps a second of all runs together: the middle window, and the ones that a tenth and nine tenths stay below.
    StepsPerSecond: float
    Low: float
    High: float
    /// Floating-point operations of one step.
    FlopPerStep: float
    /// GFLOP/s of fused multiply-adds.
    PeakBefore: float
    PeakAfter: float
    /// Bytes of managed memory a step.
    BytesPerStep: float
}

/// Measuring rates, figures that follow from them, and how tables and files show them.
[<RequireQualifiedAccess>]
module Rate =

    // A distance that one window in ten was at has a rate of its own.
    let private enough = 10

    /// One rate for each distance that the cores were at often enough; else all windows together.
    let private byDistance (rate: StepRate) : (CoreDistance * StepRate) list =
        let often =
            rate.Windows
            |> List.groupBy _.Distance
            |> List.filter (fun (distance, windows) ->
                distance <> Changing && enough * windows.Length >= rate.Windows.Length)
            |> List.sortBy fst

        match often with
        | [] -> [ Changing, rate ]
        | often -> [ for distance, windows in often -> distance, { rate with Windows = windows } ]

    /// The rate of a learner from a step on, between two probes of the peak.
    /// Where a host moved the cores meanwhile, there is one for each distance.
    let measure
        (windows: StepWindows)
        (threads: int)
        (runs: int)
        (firstStep: int64)
        (learner: Learner)
        (data: Transitions)
        : Rate list =
        let peak () = FmaPeak.measure InstructionSets.Default (threads * runs)

        let before = peak ()
        let rate = StepRate.measure windows threads runs firstStep learner data
        let after = peak ()

        [
            for distance, rate in byDistance rate ->
                {
                    Cores = distance
                    StepsPerSecond = StepRate.quantile 0.5 rate
                    Low = StepRate.quantile 0.1 rate
                    High = StepRate.quantile 0.9 rate
                    FlopPerStep = rate.FlopPerStep
                    PeakBefore = before
                    PeakAfter = after
                    BytesPerStep = rate.BytesPerStep
                }
        ]

    /// The larger probe, GFLOP/s.
    let peak (rate: Rate) : float = max rate.PeakBefore rate.PeakAfter

    /// GFLOP/s of the products.
    let gflops (rate: Rate) : float = rate.StepsPerSecond * rate.FlopPerStep / 1e9

    /// The share of the peak that is reached.
    let share (rate: Rate) : float = gflops rate / peak rate

    /// Whether somebody else was there: peaks more than a twentieth apart, or a tenth of the windows more than a tenth
    /// below the middle.
    let disturbed (rate: Rate) : bool =
        min rate.PeakBefore rate.PeakAfter < 0.95 * peak rate || rate.Low < 0.9 * rate.StepsPerSecond

    /// What was measured, and on which cores: "2 threads, far".
    let label (name: string) (rate: Rate) : string =
        match CoreDistance.name rate.Cores with
        | "" -> name
        | cores -> $"{name}, {cores}"

    /// A number with so many digits behind the point.
    let digits (count: int) (value: float) : string = value.ToString("F" + string count, CultureInfo.InvariantCulture)

    /// "12.3 %"
    let percent (share: float) : string = digits 1 (100.0 * share) + " %"

    /// The columns of a table of rates.
    let heads: string list = [
        "cores"
        "steps/s"
        "10 %"
        "90 %"
        "MFLOP a step"
        "GFLOP/s"
        "peak before"
        "after"
        "share"
        "bytes a step"
    ]

    /// A rate under those heads.
    let cells (rate: Rate) : string list = [
        CoreDistance.name rate.Cores
        digits 1 rate.StepsPerSecond
        digits 1 rate.Low
        digits 1 rate.High
        digits 1 (rate.FlopPerStep / 1e6)
        digits 1 (gflops rate)
        digits 0 rate.PeakBefore
        digits 0 rate.PeakAfter
        percent (share rate)
        digits 0 rate.BytesPerStep
    ]

    /// A number in a file.
    let rounded (count: int) (value: float) : obj = box (Math.Round(value, count))

    /// The fields of a rate in a file.
    let fields (rate: Rate) : (string * obj) list = [
        "coreDistance", box (CoreDistance.name rate.Cores)
        "stepsPerSecond", rounded 1 rate.StepsPerSecond
        "stepsPerSecondLow", rounded 1 rate.Low
        "stepsPerSecondHigh", rounded 1 rate.High
        "megaflopPerStep", rounded 2 (rate.FlopPerStep / 1e6)
        "gigaflopsPerSecond", rounded 1 (gflops rate)
        "peakBefore", rounded 1 rate.PeakBefore
        "peakAfter", rounded 1 rate.PeakAfter
        "shareOfPeak", rounded 4 (share rate)
        "bytesPerStep", rounded 2 rate.BytesPerStep
    ]
