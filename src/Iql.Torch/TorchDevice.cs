using System.Collections.Immutable;
using Iql.Cpu;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>One of R places to train on libtorch: a slot of the programs of an NVIDIA card, or of libtorch's own
/// kernels for a processor, which are for tests. Runs of one graph in the R places advance together, as rows of one
/// program. A run has the bits that it has alone in the same place at the same R. What is no training step, such as
/// evaluation, is computed by the processor.</summary>
/// <remarks>A run's step waits until every other run of its program asks for its own: each place needs a thread.
/// </remarks>
public sealed class TorchDevice : IDevice
{
    readonly Grids grids;
    readonly int slot;

    TorchDevice(Grids grids, int slot) => (this.grids, this.slot) = (grids, slot);

    /// <summary>The R places of a device.</summary>
    /// <param name="name">"cpu-torch", "cuda" or "cuda:N".</param>
    /// <param name="together">R, runs of one program, at least 1.</param>
    /// <param name="threads">Threads that draw minibatches, at least 1.</param>
    /// <exception cref="InputException">The name is none, or this machine does not have the device.</exception>
    public static ImmutableArray<IDevice> Open(LibTorch library, string name, int together = 1, int threads = 1)
    {
        var device = Named(library, name);
        return Places(library, new(device.IsCuda, device.Index), NumberType.Float32, together, threads);
    }

    /// <summary>A device in words, for a run's config.json: "cuda:0, NVIDIA H200, CUDA 13.0, libtorch 2.11 (CUDA)".
    /// </summary>
    /// <exception cref="InputException">As <see cref="Open"/>.</exception>
    public static string Describe(LibTorch library, string name)
    {
        var device = Named(library, name);
        var graphs = CudaStream.Words(CudaStream.IsAsked, device.IsCuda);
        if (!device.IsCuda) return $"{device}, {library}{graphs}";
        var driver = NvidiaDriver.Read();
        return $"{device}, {driver.Cards[device.Index].Name}, CUDA {driver.Version}, {library}{graphs}";
    }

    static DeviceName Named(LibTorch library, string name)
    {
        var device = DeviceName.Read(name)
            ?? throw new InputException($"--device: expected {DeviceName.Expected}, got {name}.");
        device.CheckServed(library.HasCuda, library.Folder, device.IsCuda ? NvidiaDriver.Read() : new(null, []));
        return device;
    }

    internal static ImmutableArray<IDevice> Places(
        LibTorch library, Place place, NumberType type, int together, int threads, Func<long>? free = null,
        Func<IStream?>? stream = null)
    {
        Check.AtLeast(together, 1, nameof(together));
        Check.AtLeast(threads, 1, nameof(threads));
        var grids = new Grids(library, place, type, together, threads, free ?? (() => RunMemory.Free(place)),
            stream ?? (() => place.IsCuda && CudaStream.IsAsked ? new CudaStream(place.Index) : null));
        return [.. Enumerable.Range(0, together).Select(slot => new TorchDevice(grids, slot))];
    }

    /// <summary>The libtorch it computes with.</summary>
    public LibTorch Library => grids.Library;

    /// <summary>The caller alone: each place has a thread of its own.</summary>
    public IWorkers Workers => CpuDevice.Single.Workers;

    /// <inheritdoc/>
    public IProgram Compile(GraphFunction function) => CpuDevice.Single.Compile(function);

    /// <summary>Starts runs in this place and, if there are more, in those after it.</summary>
    public IDeviceRun Start(IReadOnlyList<RunStart> runs) => grids.Start(runs, slot);

    /// <summary>Nothing is left to give back when the runs are disposed.</summary>
    public void Dispose() { }

    /// <summary>The programs of the R places: one for each graph that is being trained.</summary>
    sealed class Grids(
        LibTorch library, Place place, NumberType type, int together, int threads, Func<long> free,
        Func<IStream?> stream)
    {
        readonly object gate = new();
        readonly List<TorchGrid> all = [];

        public LibTorch Library => library;

        public IDeviceRun Start(IReadOnlyList<RunStart> runs, int slot)
        {
            foreach (var run in runs)
                Check.That(run.Programs.Length == runs[0].Programs.Length
                    && run.Programs.Zip(runs[0].Programs).All(pair => SameGraph.Holds(pair.First, pair.Second)),
                    nameof(runs), "graphs that differ in numbers alone", "others", "Start them apart.");
            Check.That(slot + runs.Count <= together, nameof(runs), $"at most {together - slot} runs", runs.Count,
                "Ask for more places.");
            lock (gate)
            {
                var grid = all.FirstOrDefault(grid => grid.Takes(runs[0], slot, runs.Count));
                if (grid is null) all.Add(grid = new(runs[0], together, type, place, threads, free, stream()));
                return new TorchRun(grid, grid.Join(runs, slot), () => Left(grid));
            }
        }

        void Left(TorchGrid grid)
        {
            lock (gate)
                if (grid.IsEmpty && all.Remove(grid)) grid.Dispose();
        }
    }
}
