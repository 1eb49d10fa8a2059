using BenchmarkDotNet.Attributes;
using Iql.Cpu;
using Iql.Graph;

namespace Iql.Bench;

/// <summary>Kernels one by one, on one thread, their numbers in the cache.</summary>
public class KernelBenchmarks
{
    CompiledGraph compiled = null!;
    TensorBlock[] inputs = [], outputs = [];

    public static IEnumerable<GraphCase> Cases => GraphCase.All;

    [ParamsSource(nameof(Cases))]
    public GraphCase Kernel { get; set; } = null!;

    [GlobalSetup]
    public void Compile()
    {
        compiled = CompiledGraph.Compile(Kernel.Function);
        inputs = [.. Kernel.Function.Inputs.Select(layout => new TensorBlock(layout))];
        outputs = [.. Kernel.Function.Outputs.Select(group => new TensorBlock(group.Layout))];
        var random = new Random(1);
        // Whole numbers, so that they are indices too; no result of them is infinite.
        foreach (ref var number in inputs[0].Storage) number = random.Next(GraphCase.TableRows);
    }

    [Benchmark]
    public void Run() => compiled.Run(inputs, [], outputs, []);

    [GlobalCleanup]
    public void Free()
    {
        compiled.Dispose();
        foreach (var block in inputs.Concat(outputs)) block.Dispose();
    }
}
