namespace Iql.Cli

open Iql.Scripts

open System
open System.Globalization
open Iql.Algorithms
open Iql.Data
open Iql.Measurement

/// How fast something trains, and the peak of as many threads probed right before and after it.
type BenchRate = {
    /// How far the two cores were from each other, where two threads share a step on all cores there are.
    Cores: CoreDistance
    /// Steps a second of all runs together: the middle window, and the ones that a tenth and nine tenths stay below.
    StepsPerSecond: float
    Low: float
    High: float
    /// Floating-point operations of one step.
    FlopPerStep: float
    /// GFLOP/s of fused multiply-adds on as many threads.
    PeakBefore: float
    PeakAfter: float
    /// Bytes of managed memory a step.
    BytesPerStep: float
}

/// Measuring rates, figures that follow from them, and how tables and files show them.
[<RequireQualifiedAccess>]
module BenchRate =

    // One window in so many suffices for a row of its distance.
    let private enough = 10

    // One rate for each distance the cores were at, as far as it was met often enough; else all windows together.
    let private byDistance (rate: StepRate) : (CoreDistance * StepRate) list =
        let met =
            rate.Windows
            |> Seq.countBy _.Distance
            |> Seq.filter (fun (distance, count) ->
                distance <> CoreDistance.Changing && enough * count >= rate.Windows.Length)
            |> Seq.map fst
            |> Seq.sort
            |> Seq.toList

        match met with
        | [] -> [ CoreDistance.Changing, rate ]
        | distances -> [ for distance in distances -> distance, rate.At distance ]

    /// The rate of a learner from a step on, between two probes of the peak; a rate for each distance, where a host moved the cores meanwhile.
    let measure
        (windows: StepWindows)
        (threads: int)
        (runs: int)
        (firstStep: int64)
        (learner: Learner)
        (data: Transitions)
        : BenchRate list =
        let before = FmaPeak.Measure(threads * runs)
        let rate = StepRate.Measure(learner, data, threads, runs, windows, firstStep)
        let after = FmaPeak.Measure(threads * runs)

        [
            for distance, rate in byDistance rate ->
                {
                    Cores = distance
                    StepsPerSecond = rate.Median
                    Low = rate.Quantile 0.1
                    High = rate.Quantile 0.9
                    FlopPerStep = rate.FlopPerStep
                    PeakBefore = before
                    PeakAfter = after
                    BytesPerStep = rate.BytesPerStep
                }
        ]

    /// The larger probe, GFLOP/s.
    let peak (rate: BenchRate) : float = max rate.PeakBefore rate.PeakAfter

    /// GFLOP/s of the products.
    let gflops (rate: BenchRate) : float =
        rate.StepsPerSecond * rate.FlopPerStep / 1e9

    /// The share of the peak that is reached.
    let share (rate: BenchRate) : float = gflops rate / peak rate

    /// Whether somebody else was there: peaks more than a twentieth apart, or a tenth of the windows more than a tenth below the middle.
    let disturbed (rate: BenchRate) : bool =
        min rate.PeakBefore rate.PeakAfter < 0.95 * peak rate
        || rate.Low < 0.9 * rate.StepsPerSecond

    let internal fixed' (digits: int) (value: float) : string =
        value.ToString("F" + string digits, CultureInfo.InvariantCulture)

    /// "near", "far" …; nothing where it is not known.
    let distance (cores: CoreDistance) : string =
        match cores with
        | CoreDistance.Near -> "near"
        | CoreDistance.Between -> "between"
        | CoreDistance.Far -> "far"
        | CoreDistance.Changing -> "changing"
        | _ -> ""

    /// What was measured, and on which cores: "2 threads, far".
    let label (name: string) (rate: BenchRate) : string =
        match distance rate.Cores with
        | "" -> name
        | cores -> $"{name}, {cores}"

    let internal percent (value: float) : string = fixed' 1 (100.0 * value) + " %"

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
    let cells (rate: BenchRate) : string list = [
        distance rate.Cores
        fixed' 1 rate.StepsPerSecond
        fixed' 1 rate.Low
        fixed' 1 rate.High
        fixed' 1 (rate.FlopPerStep / 1e6)
        fixed' 1 (gflops rate)
        fixed' 0 rate.PeakBefore
        fixed' 0 rate.PeakAfter
        percent (share rate)
        fixed' 0 rate.BytesPerStep
    ]

    /// A line of a table whose rows appear one by one: a column is as wide as its head or the numbers that may come.
    let padded (first: int) (heads: string list) (cells: string list) : string =
        List.zip heads cells
        |> List.mapi (fun i (head, cell) ->
            if i = 0 then
                cell.PadRight first
            else
                cell.PadLeft(max 8 head.Length))
        |> String.concat "  "

    let internal rounded (digits: int) (value: float) : Json =
        if Double.IsFinite value then
            Json.Number(Math.Round(value, digits))
        else
            Json.Null

    /// The fields of a rate in a file.
    let fields (rate: BenchRate) : (string * Json) list = [
        "coreDistance",
        (match distance rate.Cores with
         | "" -> Json.Null
         | distance -> Json.Text distance)
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
