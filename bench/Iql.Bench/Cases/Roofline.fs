namespace Iql.Bench

open Iql.Scripts

/// What limits a kernel: the processor's multiply-adds, or the memory.
[<RequireQualifiedAccess>]
module Roofline =

    /// Rates of a step's kernels over their arithmetic intensity; larger marks take more time. Above are the roofs of
    /// one thread: FMA peak, and the memory's bandwidth times the intensity. Kernels above the slope read from a cache.
    let figure (report: Report) : Figure =
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

        let roofs = [
            Chart.line $"FMA peak {peak:F0} GFLOP/s" [ ridge; high ] [ peak; peak ]
            |> Chart.coloured "#4d4d4d"
            Chart.line $"memory {bandwidth:F0} GB/s" [ low; ridge ] [ low * bandwidth; peak ]
            |> Chart.coloured "#9aa5b1"
        ]

        let marks =
            kernels
            |> List.groupBy _.Kind
            |> List.sortByDescending (fun (_, kernels) -> kernels |> List.sumBy _.Microseconds)
            |> List.mapi (fun i (kind, kernels) ->
                let sizes = [ for kernel in kernels -> 6.0 + 40.0 * sqrt (kernel.Microseconds / total) ]

                // "product X·W (forward)" in a row of legends is "X·W".
                let name = kind.Replace("product ", "").Split(" (")[0]

                Chart.points name (List.map intensity kernels) (List.map rate kernels)
                |> Chart.withTrace "marker.size" (Json.ofNumbers sizes)
                |> Chart.withTrace
                    "marker.color"
                    (Json.Text(Palette.translucent 0.7 Palette.categorical[i % Palette.categorical.Length])))

        Chart.over (roofs @ marks)
        |> Chart.logX
        |> Chart.logY
        |> Figure.tall 560
        |> Chart.titled
            $"Kernels of a training step, {report.Session.Machine.Processor}, one thread"
            "FLOP a byte"
            "GFLOP/s"
        |> Chart.legendAbove ""
