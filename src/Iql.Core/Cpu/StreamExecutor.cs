using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Iql.Execution;

namespace Iql.Cpu;

/// <summary>Runs a batch. Its temporaries lie in a workspace that the stream keeps until the end of the run.</summary>
delegate void RunBatch(int worker, int workspace, long run, in KernelBatch batch);

/// <summary>Executes streams, run after run. A worker has one stream or several. It takes the most urgent of those
/// whose next batch waits for nothing, so it may be at the next run while others are still at the one before. A stream
/// that begins a run gets the workspace that its worker used last, which is still in the cache. Mutable.</summary>
/// <param name="count">Number of workers.</param>
/// <param name="workers">The worker of each stream.</param>
/// <param name="streams">The batches of each stream.</param>
/// <param name="length">Kernels of a run.</param>
/// <param name="runBatch">Runs a batch.</param>
sealed unsafe class StreamExecutor(
    int count, IReadOnlyList<int> workers, ImmutableArray<KernelBatch>[] streams, int length, RunBatch runBatch)
{
    const int Apart = WorkerTeam.Apart;

    // The place of a stream. Other workers read the kernels passed since the beginning, so the rest lies apart.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct Progress
    {
        [FieldOffset(0)] public long Passed;
        [FieldOffset(128)] public long Run;
        [FieldOffset(136)] public int Batch;
        [FieldOffset(140)] public int Workspace;
    }

    readonly int[][] streamsOf = [.. Enumerable.Range(0, count).Select(worker =>
        Enumerable.Range(0, streams.Length).Where(stream => workers[stream] == worker).ToArray())];
    readonly Progress* progress = (Progress*)NativeMemory.AlignedAlloc((nuint)(streams.Length * sizeof(Progress)), 128);
    // For each worker the number of free workspaces, then their numbers; the last is the one used last.
    readonly int[][] free = [.. Enumerable.Range(0, count).Select(_ => new int[1 + streams.Length + 2 * Apart])];
    readonly long[] begun = new long[count * Apart];
    long started;

    /// <summary>Runs that have begun.</summary>
    public long Started => started;
    /// <summary>Lets the next run begin: every worker is going to <see cref="Work"/> once.</summary>
    public void Begin() => Volatile.Write(ref started, started + 1);
    /// <summary>Gives the memory back.</summary>
    public void Free() => NativeMemory.AlignedFree(progress);

    /// <summary>Puts every stream at the beginning of the next run, while no worker is busy.</summary>
    public void Rewind()
    {
        Array.Fill(begun, started);
        for (var worker = 0; worker < count; worker++)
        {
            streamsOf[worker].CopyTo(free[worker], 1);
            free[worker][0] = streamsOf[worker].Length;
        }
        for (var i = 0; i < streams.Length; i++)
            progress[i] = new()
            {
                Passed = PositionAt(streams[i], started, 0),
                Run = streams[i].IsEmpty ? long.MaxValue : started,
            };
    }

    /// <summary>Waits until every stream is through the run before the one that began last.</summary>
    public void AwaitLastButOne()
    {
        for (var stream = 0; stream < streams.Length; stream++) Await(stream, (started - 1) * length);
    }

    /// <summary>Waits until every stream has passed a position, counted back from the end of the last run.</summary>
    public void Await(int[] positions)
    {
        for (var stream = 0; stream < streams.Length; stream++)
            Await(stream, started * length + Math.Min(0, positions[stream]));
    }

    void Await(int stream, long position)
    {
        for (var spins = 0; !HasPassed(stream, position); spins++) WorkerTeam.Pause(spins);
    }

    bool HasPassed(int stream, long position) => Volatile.Read(ref progress[stream].Passed) >= position;

    /// <summary>All that a worker does in a run, and what is more urgent of the next, once that has begun.</summary>
    public void Work(int worker)
    {
        var end = ++begun[worker * Apart];
        for (var spins = 0; ; spins++)
        {
            var known = Volatile.Read(ref started);
            var (best, urgency, isDone) = (-1, double.NegativeInfinity, true);
            foreach (var stream in streamsOf[worker])
            {
                ref var at = ref progress[stream];
                isDone &= at.Run >= end;
                if (at.Run >= known) continue;
                var batch = streams[stream][at.Batch];
                var value = at.Run < end ? batch.Urgency.Now : batch.Urgency.Next;
                if (value > urgency && IsReady(batch, at.Run * length)) (best, urgency) = (stream, value);
            }
            if (isDone) return;
            if (best < 0) WorkerTeam.Pause(spins);
            else
            {
                RunNext(worker, ref progress[best], streams[best]);
                spins = 0;
            }
        }
    }

    bool IsReady(in KernelBatch batch, long origin)
    {
        foreach (var (stream, position) in batch.Waits)
            if (!HasPassed(stream, origin + position)) return false;
        return true;
    }

    void RunNext(int worker, ref Progress at, ImmutableArray<KernelBatch> batches)
    {
        var workspaces = free[worker];
        if (at.Batch == 0) at.Workspace = workspaces[workspaces[0]--];
        runBatch(worker, at.Workspace, at.Run, batches[at.Batch]);
        if (++at.Batch == batches.Length)
        {
            (at.Batch, at.Run) = (0, at.Run + 1);
            workspaces[++workspaces[0]] = at.Workspace;
        }
        Volatile.Write(ref at.Passed, PositionAt(batches, at.Run, at.Batch));
    }

    // The number of kernels that a stream has passed when its worker comes to a batch of a run.
    long PositionAt(ImmutableArray<KernelBatch> batches, long run, int batch) =>
        batches.IsEmpty ? long.MaxValue : run * length + batches[batch].Kernels[0];
}
