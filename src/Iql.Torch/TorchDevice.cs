using Iql.Cpu;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>Training on libtorch: an NVIDIA card, or libtorch's own kernels for a processor, which are for tests. All
/// runs of a start are one program. What is no training step, such as evaluation, is computed by the processor.
/// </summary>
public sealed class TorchDevice : IDevice
{
    readonly CpuDevice host;
    readonly Place place;

    TorchDevice(LibTorch library, Place place, int threads) =>
        (Library, this.place, host) = (library, place, new(threads));

    /// <summary>libtorch on the processor.</summary>
    /// <param name="threads">Threads for minibatches and evaluation, at least 1.</param>
    public static TorchDevice Cpu(LibTorch library, int threads = 1) => new(library, Place.Host, threads);

    /// <summary>The libtorch it computes with.</summary>
    public LibTorch Library { get; }

    /// <inheritdoc/>
    public IWorkers Workers => host.Workers;

    /// <inheritdoc/>
    public IProgram Compile(GraphFunction function) => host.Compile(function);

    /// <inheritdoc/>
    public IDeviceRun Start(IReadOnlyList<RunStart> runs) =>
        new TorchRuns(runs, NumberType.Float32, place, host.Workers);

    /// <summary>Ends the threads.</summary>
    public void Dispose() => host.Dispose();
}
