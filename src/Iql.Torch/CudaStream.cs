using System.Runtime.InteropServices;

namespace Iql.Torch;

/// <summary>A stream of a card by its driver. A recorded step is a CUDA graph: one launch instead of hundreds.
/// </summary>
/// <remarks>Written from NVIDIA's manual of the driver and libtorch's header; no card has run it yet. So it is used
/// only where the variable IQL_CUDA_GRAPH is 1.</remarks>
sealed partial class CudaStream : IStream
{
    /// <summary>The variable that asks for it.</summary>
    public const string Variable = "IQL_CUDA_GRAPH";

    /// <summary>Whether the variable is 1.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) == "1";

    const uint NonBlocking = 1;
    const int Relaxed = 2; // libtorch may ask for memory while a step is recorded
    const string Driver = "cuda", Torch = "torch_cuda";
    readonly int card;
    readonly nint context, stream;
    readonly List<nint> graphs = [];

    /// <summary>A stream of a card.</summary>
    public CudaStream(int card)
    {
        this.card = card;
        context = NvidiaDriver.Context(card);
        Succeed(cuStreamCreate(out stream, NonBlocking), nameof(cuStreamCreate));
    }

    /// <summary>What a device's description says of CUDA graphs: nothing where nobody asked for them.</summary>
    public static string Words(bool isAsked, bool isCuda) => !isAsked ? ""
        : isCuda ? ", CUDA graphs" : $", {Variable} has no effect without a card";

    static void Succeed(int code, string call)
    {
        if (code != 0)
            throw new InvalidOperationException(
                $"{call} failed with code {code} of the driver. Train without {Variable}.");
    }

    /// <inheritdoc/>
    public void Within(Action calls)
    {
        NvidiaDriver.Enter(context);
        Succeed(aoti_torch_create_cuda_stream_guard(stream, card, out var guard), "stream guard");
        try
        {
            calls();
        }
        finally
        {
            _ = aoti_torch_delete_cuda_stream_guard(guard);
        }
    }

    /// <inheritdoc/>
    public Action Record(Action calls)
    {
        Succeed(cuStreamBeginCapture_v2(stream, Relaxed), nameof(cuStreamBeginCapture_v2));
        nint graph;
        try
        {
            calls();
        }
        finally
        {
            Succeed(cuStreamEndCapture(stream, out graph), nameof(cuStreamEndCapture));
        }
        Succeed(cuGraphInstantiateWithFlags(out var instance, graph, 0), nameof(cuGraphInstantiateWithFlags));
        _ = cuGraphDestroy(graph);
        graphs.Add(instance);
        return () => Succeed(cuGraphLaunch(instance, stream), nameof(cuGraphLaunch));
    }

    /// <inheritdoc/>
    public void Wait()
    {
        NvidiaDriver.Enter(context);
        Succeed(cuStreamSynchronize(stream), nameof(cuStreamSynchronize));
    }

    /// <inheritdoc/>
    public nint Allocate(nuint bytes)
    {
        Succeed(cuMemHostAlloc(out var memory, bytes, 0), nameof(cuMemHostAlloc));
        return memory;
    }

    /// <inheritdoc/>
    public void Release(nint memory)
    {
        NvidiaDriver.Enter(context);
        Succeed(cuMemFreeHost(memory), nameof(cuMemFreeHost));
    }

    /// <summary>Waits, and gives graphs and stream back.</summary>
    public void Dispose()
    {
        Wait();
        foreach (var graph in graphs) _ = cuGraphExecDestroy(graph);
        _ = cuStreamDestroy_v2(stream);
    }

    [LibraryImport(Driver)]
    private static partial int cuStreamCreate(out nint stream, uint flags);

    [LibraryImport(Driver)]
    private static partial int cuStreamDestroy_v2(nint stream);

    [LibraryImport(Driver)]
    private static partial int cuStreamSynchronize(nint stream);

    [LibraryImport(Driver)]
    private static partial int cuStreamBeginCapture_v2(nint stream, int mode);

    [LibraryImport(Driver)]
    private static partial int cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Driver)]
    private static partial int cuGraphInstantiateWithFlags(out nint instance, nint graph, ulong flags);

    [LibraryImport(Driver)]
    private static partial int cuGraphLaunch(nint instance, nint stream);

    [LibraryImport(Driver)]
    private static partial int cuGraphExecDestroy(nint instance);

    [LibraryImport(Driver)]
    private static partial int cuGraphDestroy(nint graph);

    [LibraryImport(Driver)]
    private static partial int cuMemHostAlloc(out nint memory, nuint bytes, uint flags);

    [LibraryImport(Driver)]
    private static partial int cuMemFreeHost(nint memory);

    [LibraryImport(Torch)]
    private static partial int aoti_torch_create_cuda_stream_guard(nint stream, int device, out nint guard);

    [LibraryImport(Torch)]
    private static partial int aoti_torch_delete_cuda_stream_guard(nint guard);
}
