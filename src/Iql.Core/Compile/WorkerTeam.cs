using System.Runtime.ExceptionServices;

namespace Iql.Compile;

/// <summary>
/// Threads that walk the same list of work side by side, each doing its share, and say how far they have come. The caller is
/// worker 0. Mutable, one run at a time.
/// </summary>
public sealed class WorkerTeam : IDisposable
{
    // Spin briefly, then give the core away: with an occupied core a pure spin costs a factor of 5 to 10 (reference/kernels.md).
    const int SpinsBeforeYield = 4000, YieldsBeforePark = 64;

    // Longs between two workers' positions: two cache lines, since processors fetch lines in pairs.
    const int Apart = 16;

    readonly ManualResetEventSlim wake = new(false);
    readonly Thread[] threads;
    readonly long[] progress;
    long reserved;
    Action<int> work = static _ => { };
    Exception? failure;
    int generation, finished, parked;
    volatile bool disposed;

    /// <summary>A team of <paramref name="threads"/> workers, at least 1; with 1 no thread is started.</summary>
    public WorkerTeam(int threads)
    {
        Check.AtLeast(threads, 1, nameof(threads));
        Count = threads;
        progress = new long[threads * Apart];
        this.threads = [.. Enumerable.Range(1, threads - 1).Select(worker =>
            new Thread(() => Serve(worker)) { IsBackground = true, Name = $"Iql worker {worker}" })];
        foreach (var thread in this.threads) thread.Start();
    }

    /// <summary>The caller alone.</summary>
    public static WorkerTeam Single { get; } = new(1);

    /// <summary>Number of workers.</summary>
    public int Count { get; }

    /// <summary>Runs <paramref name="body"/>(w) on every worker w and returns when all have returned. What one of them throws first comes out here.</summary>
    internal void Run(Action<int> body)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (Count == 1)
        {
            body(0);
            return;
        }
        work = body;
        Interlocked.Increment(ref generation);
        if (Volatile.Read(ref parked) > 0) wake.Set();
        Try(0);
        for (var spins = 0; Volatile.Read(ref finished) < Count - 1; spins++) Pause(spins);
        finished = 0;
        if (Interlocked.Exchange(ref failure, null) is { } thrown) ExceptionDispatchInfo.Throw(thrown);
    }

    void Try(int worker)
    {
        try
        {
            work(worker);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref failure, exception, null);
        }
    }

    /// <summary>Sets positions apart for a run of <paramref name="length"/> pieces of work; returns the position before the first.</summary>
    /// <remarks>A worker alone has nobody to wait for, and says nothing: many graphs may run at a time on <see cref="Single"/>.</remarks>
    internal long Reserve(int length)
    {
        if (Count == 1) return 0;
        var origin = reserved;
        reserved += length;
        return origin;
    }

    /// <summary>Says that this worker has done its share up to a position.</summary>
    internal void Pass(int worker, long position)
    {
        if (Count > 1) Volatile.Write(ref progress[worker * Apart], position);
    }

    /// <summary>Waits until every worker has passed a position.</summary>
    internal void Await(long position)
    {
        for (var worker = 0; worker < Count && Count > 1; worker++)
            for (var spins = 0; Volatile.Read(ref progress[worker * Apart]) < position; spins++) Pause(spins);
    }

    static void Pause(int spins)
    {
        if (spins < SpinsBeforeYield) Thread.SpinWait(1);
        else Thread.Yield();
    }

    void Serve(int worker)
    {
        var seen = 0;
        while (true)
        {
            for (var spins = 0; Volatile.Read(ref generation) == seen && !disposed; spins++)
            {
                if (spins < SpinsBeforeYield + YieldsBeforePark) Pause(spins);
                else Park(seen);
            }
            if (disposed) return;
            seen++;
            Try(worker);
            Interlocked.Increment(ref finished);
        }
    }

    void Park(int seen)
    {
        Interlocked.Increment(ref parked);
        wake.Reset();
        if (Volatile.Read(ref generation) == seen && !disposed) wake.Wait(10);
        Interlocked.Decrement(ref parked);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (Count == 1) return;
        disposed = true;
        wake.Set();
        foreach (var thread in threads) thread.Join();
    }
}
