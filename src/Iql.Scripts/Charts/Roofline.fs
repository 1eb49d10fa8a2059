namespace Iql.Scripts.Charts

open Iql.Scripts

/// What limits a kernel: the processor's multiply-adds, or the memory.
[<RequireQualifiedAccess>]
module Roofline =

    /// Rates of kernels over their arithmetic intensity, below the two roofs of one thread: FMA peak, and the memory's bandwidth
    /// times the intensity. Kernels that stand above the slope find their numbers in a cache.
    let figure (result: BenchResult) : Figure =
        let points = [
            for kernel in result.Kernels do
                // Scalars are a handful of numbers: neither roof has anything to do with them.
                if
                    kernel.Kind <> "scalars"
                    && kernel.Flop > 0.0
                    && kernel.Bytes > 0.0
                    && kernel.Microseconds > 0.0
                then
                    kernel, kernel.Flop / kernel.Bytes, kernel.Flop / kernel.Microseconds / 1e3
        ]

        let peak =
            result.Cases
            |> List.filter (fun row -> BenchCase.busy row.Case = 1)
            |> List.map BenchResult.peak
            |> List.fold max 0.0

        let bandwidth =
            result.Bandwidth
            |> List.tryFind (fun (threads, _) -> threads = 1)
            |> Option.map snd
            |> Option.defaultValue 0.0

        let intensities = [ for _, intensity, _ in points -> intensity ]
        let low = (0.1 :: intensities |> List.min) / 2.0
        let high = (100.0 :: intensities |> List.max) * 2.0
        let ridge = peak / max 1e-9 bandwidth

        let roofs =
            Chart.over [
                Chart.line $"FMA peak, {peak:F0} GFLOP/s" [ ridge; high ] [ peak; peak ]
                |> Chart.coloured "#4d4d4d"
                Chart.line $"memory, {bandwidth:F0} GB/s" [ low; ridge ] [ low * bandwidth; peak ]
                |> Chart.coloured "#9aa5b1"
            ]

        let marks =
            points
            |> List.mapi (fun i (kernel, intensity, rate) ->
                Chart.points (kernel.Kind.Replace("product ", "")) [ intensity ] [ rate ]
                |> Chart.withTrace "marker.size" (Json.Number 12.0)
                |> Chart.coloured (Palette.categorical[i % Palette.categorical.Length]))

        Chart.over (roofs :: marks)
        |> Chart.logX
        |> Chart.logY
        |> Figure.tall 560
        |> Chart.titled $"Kernels of a training step, {result.Machine.Processor}, one thread" "FLOP a byte" "GFLOP/s"
        |> Chart.legendAbove ""
