using Iql.Execution;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>The processor: threads share each step. Runs are advanced one by one, in host memory.</summary>
public sealed class CpuDevice : IDevice
{
    readonly WorkerTeam team;

    /// <summary>A device of some threads, at least 1. No bit depends on their number.</summary>
    public CpuDevice(int threads) => team = new(threads);

    /// <summary>The caller's thread alone: any number of threads may use it, each its own programs and runs.</summary>
    public static CpuDevice Single { get; } = new(1);

    /// <summary>Bytes that a function takes while it runs on some threads, its blocks not counted; nothing is compiled.
    /// Infinity where it cannot run.</summary>
    public static double MemoryOf(GraphFunction function, int threads) => CompiledGraph.MemoryOf(function, threads);

    /// <inheritdoc/>
    public IWorkers Workers => team;

    /// <inheritdoc/>
    public IProgram Compile(GraphFunction function) => CompiledGraph.Compile(function, team: team);

    /// <inheritdoc/>
    public IDeviceRun Start(IReadOnlyList<RunStart> runs) =>
        new Runs([.. runs.Select(run => new CpuRun(run, team))], team);

    /// <summary>Ends the threads.</summary>
    public void Dispose() => team.Dispose();

    sealed class Runs(CpuRun[] runs, WorkerTeam team) : IDeviceRun
    {
        public void Advance(bool withMetrics)
        {
            foreach (var run in runs) run.Advance(withMetrics);
        }

        public void Finish() => team.Finish();

        public IReadOnlyList<(string Name, double Value)> Metrics(int run) => runs[run].Metrics;

        public LearnerState State(int run)
        {
            team.Finish();
            return runs[run].State;
        }

        public ReadOnlySpan<TensorBlock> Blocks(int run)
        {
            team.Finish();
            return runs[run].Blocks;
        }

        public void Dispose()
        {
            team.Finish();
            foreach (var run in runs) run.Dispose();
        }
    }
}
