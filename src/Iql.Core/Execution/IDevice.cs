using Iql.Graph;

namespace Iql.Execution;

/// <summary>Where graphs run: the threads of a processor, or another device. Not for two threads at a time.</summary>
public interface IDevice : IDisposable
{
    /// <summary>Threads of the host for work that is no graph, such as the steps of environments.</summary>
    IWorkers Workers { get; }

    /// <summary>Makes a function ready to run.</summary>
    IProgram Compile(GraphFunction function);

    /// <summary>Starts training runs. The device copies their states and holds them from then on.</summary>
    IDeviceRun Start(IReadOnlyList<RunStart> runs);
}

/// <summary>Training runs on a device, all advanced together. Each gets the numbers it would get alone.</summary>
public interface IDeviceRun : IDisposable
{
    /// <summary>Makes one step of every run and allocates nothing. The step may still be under way when this returns;
    /// <see cref="Finish"/>, <see cref="Metrics"/> and <see cref="State"/> wait for its end.</summary>
    /// <param name="withMetrics">Whether to compute <see cref="Metrics"/>. The states get the same bits.</param>
    void Advance(bool withMetrics = false);

    /// <summary>Waits until all steps are made. Throws an exception of a step.</summary>
    void Finish();

    /// <summary>Metrics of a run's last step with metrics, by name.</summary>
    IReadOnlyList<(string Name, double Value)> Metrics(int run);

    /// <summary>A run's state. Its blocks are the device's own: the next step may overwrite them.</summary>
    LearnerState State(int run);

    /// <summary>The blocks of a run's state. Devices whose blocks lie in host memory allocate nothing.</summary>
    ReadOnlySpan<TensorBlock> Blocks(int run) => State(run).Blocks.AsSpan();
}
