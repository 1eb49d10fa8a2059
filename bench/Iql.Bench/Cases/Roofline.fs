namespace Iql.Bench

open Plotly.NET
open Plotly.NET.TraceObjects
open Iql.Scripts
open Iql.Scripts.Charts

/// What limits a kernel: the processor's multiply-adds, or the memory.
[<RequireQualifiedAccess>]
module Roofline =

    /// Rates of a step's kernels over their arithmetic intensity; larger marks take more time. Above are the roofs of
    /// one thread: FMA peak, and the memory's bandwidth times the intensity. Kernels above the slope read from a cache.
    let figure (report: Report) : GenericChart =
        let total = report.Kernels |> List.sumBy _.Microseconds

        // Neither roof has anything to do with a handful of numbers.
        let kernels =
            report.Kernels
            |> List.filter (fun kernel ->
                kernel.Flop > 0.0 && kernel.Bytes > 0.0 && kernel.Microseconds > 0.0003 * total)

        let intensity (kernel: KernelTime) = kernel.Flop / kernel.Bytes
        let rate (kernel: KernelTime) = kernel.Flop / kernel.Microseconds / 1e3

        let peak =
            report.Cases
            |> List.filter (fun row -> Case.busy row.Case = 1)
            |> List.map (fun row -> Rate.peak row.Rate)
            |> List.fold max 0.0

        let bandwidth =
            report.Bandwidth
            |> List.tryFind (fun (threads, _) -> threads = 1)
            |> Option.map snd
            |> Option.defaultValue 0.0

        let low = (0.2 :: List.map intensity kernels |> List.min) / 2.0
        let high = (50.0 :: List.map intensity kernels |> List.max) * 2.0
        let ridge = peak / max 1e-9 bandwidth

        let roof name colour points =
            Chart.Line(points, Name = name, LineColor = Style.colour colour, LineWidth = 2.0, UseDefaults = false)

        let roofs = [
            roof $"FMA peak {peak:F0} GFLOP/s" "#4d4d4d" [ ridge, peak; high, peak ]
            roof $"memory {bandwidth:F0} GB/s" Style.grey [ low, low * bandwidth; ridge, peak ]
        ]

        let marks =
            kernels
            |> List.groupBy _.Kind
            |> List.sortByDescending (fun (_, kernels) -> kernels |> List.sumBy _.Microseconds)
            |> List.mapi (fun i (kind, kernels) ->
                Chart.Point(
                    [ for kernel in kernels -> intensity kernel, rate kernel ],
                    // "product X·W (forward)" in a row of legends is "X·W".
                    Name = kind.Replace("product ", "").Split(" (")[0],
                    Marker =
                        Marker.init (
                            Color = Style.translucent 0.7 Style.categorical[i % Style.categorical.Length],
                            Symbol = Style.symbol i,
                            MultiSize = [
                                for kernel in kernels -> 6 + int (40.0 * sqrt (kernel.Microseconds / total))
                            ]
                        ),
                    UseDefaults = false
                ))

        Chart.combine (roofs @ marks)
        |> Style.titled
            $"Kernels of a training step, {report.Session.Machine.Processor}, one thread"
            "FLOP a byte"
            "GFLOP/s"
        |> Chart.withXAxisStyle (AxisType = StyleParam.AxisType.Log)
        |> Chart.withYAxisStyle (AxisType = StyleParam.AxisType.Log)
        |> Style.keyed (Some "")
        |> Style.tall 560
