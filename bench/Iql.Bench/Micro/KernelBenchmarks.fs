namespace Iql.Bench

open System
open BenchmarkDotNet.Attributes
open BenchmarkDotNet.Columns
open BenchmarkDotNet.Configs
open BenchmarkDotNet.Reports
open BenchmarkDotNet.Running
open Iql.Cpu
open Iql.Graph

/// Kernels one by one, on one thread, their numbers in the cache.
type KernelBenchmarks() =
    let mutable compiled = Unchecked.defaultof<CompiledGraph>
    let mutable inputs: TensorBlock[] = [||]
    let mutable outputs: TensorBlock[] = [||]

    /// The graphs it runs.
    static member Cases: GraphCase seq = GraphCase.all

    /// One of them.
    [<ParamsSource("Cases")>]
    member val Kernel = Unchecked.defaultof<GraphCase> with get, set

    /// Compiles it, and fills its inputs.
    [<GlobalSetup>]
    member benchmark.Compile() : unit =
        let graph = benchmark.Kernel.Function
        compiled <- CompiledGraph.Compile graph
        inputs <- [| for layout in graph.Inputs -> new TensorBlock(layout) |]
        outputs <- [| for group in graph.Outputs -> new TensorBlock(group.Layout) |]
        let random = Random 1

        // Whole numbers, so that they are indices too; no result of them is infinite.
        for i in 0 .. inputs[0].Layout.Length - 1 do
            inputs[0].Storage[ i ] <- float32 (random.Next GraphCase.tableRows)

    /// What is timed.
    [<Benchmark>]
    member _.Run() : unit =
        compiled.Run(ReadOnlySpan inputs, ReadOnlySpan.Empty, ReadOnlySpan outputs, Span.Empty)

    /// Gives memory back.
    [<GlobalCleanup>]
    member _.Free() : unit =
        compiled.Dispose()

        for block in Array.append inputs outputs do
            block.Dispose()

/// A kernel's work divided by the mean time.
type private RateColumn(name: string, amount: GraphCase -> float) =
    let value (summary: Summary) (case: BenchmarkCase) =
        match case.Parameters["Kernel"], summary[case].ResultStatistics with
        | :? GraphCase as kernel, statistics when not (isNull statistics) && amount kernel > 0.0 ->
            Rate.digits 1 (amount kernel / statistics.Mean)
        | _ -> "-"

    interface IColumn with
        member _.Id = $"RateColumn {name}"
        member _.ColumnName = name
        member _.AlwaysShow = true
        member _.Category = ColumnCategory.Custom
        member _.PriorityInCategory = 0
        member _.IsNumeric = true
        member _.UnitType = UnitType.Dimensionless
        member _.Legend = $"{name}, from the work of one call and the mean time"
        member _.IsAvailable _ = true
        member _.IsDefault(_, _) = false
        member _.GetValue(summary, case) = value summary case
        member _.GetValue(summary, case, _) = value summary case

/// BenchmarkDotNet's own command line, with GFLOP/s and GB/s beside the time.
[<RequireQualifiedAccess>]
module Micro =

    /// Runs what its options ask for; "--filter *" runs all.
    let run (words: string list) : unit =
        let config =
            DefaultConfig.Instance.AddColumn(RateColumn("GFLOP/s", _.Flop), RateColumn("GB/s", _.Bytes))

        BenchmarkSwitcher.FromTypes([| typeof<KernelBenchmarks> |]).Run(List.toArray words, config)
        |> ignore
