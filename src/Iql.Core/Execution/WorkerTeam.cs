using System.Runtime.ExceptionServices;

namespace Iql.Execution;

/// <summary>Threads that share work. The caller is worker 0. Mutable; one thread at a time may start work.</summary>
public sealed class WorkerTeam : IWorkers, IDisposable
{
    // Spin briefly, then give the core away: on an occupied core a pure spin costs a factor of 5 to 10.
    const int SpinsBeforeYield = 4000, YieldsBeforePark = 64;

    // Longs between what two workers write: two cache lines, since processors fetch lines in pairs.
    internal const int Apart = 16;

    readonly ManualResetEventSlim wake = new(false);
    readonly Thread[] threads;
    readonly long[] done;
    long generation;
    Action<int> work = Nothing;
    Exception? failure;
    int parked;
    volatile bool disposed;

    /// <summary>A team of <paramref name="threads"/> workers, at least 1; with 1 no thread is started.</summary>
    public WorkerTeam(int threads)
    {
        Check.AtLeast(threads, 1, nameof(threads));
        Count = threads;
        done = new long[threads * Apart];
        this.threads = [.. Enumerable.Range(1, threads - 1).Select(worker =>
            new Thread(() => Serve(worker)) { IsBackground = true, Name = $"Iql worker {worker}" })];
        foreach (var thread in this.threads) thread.Start();
    }

    /// <summary>The caller alone.</summary>
    public static WorkerTeam Single { get; } = new(1);

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public void Run(Action<int> body)
    {
        Start(body);
        Finish();
    }

    /// <summary>Runs body(0). The other workers begin when they have done the work before.</summary>
    internal void Start(Action<int> body)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (Count == 1)
        {
            body(0);
            return;
        }
        if (!IsLast(body) || failure is not null) Finish();
        work = body;
        Interlocked.Increment(ref generation);
        if (Volatile.Read(ref parked) > 0) wake.Set();
        Try(0);
    }

    /// <summary>Waits until all workers have returned. Throws the first exception of theirs.</summary>
    internal void Finish()
    {
        AwaitAll();
        if (Interlocked.Exchange(ref failure, null) is not { } thrown) return;
        work = Nothing; // the next start is a new one
        ExceptionDispatchInfo.Throw(thrown);
    }

    static void Nothing(int worker) { }

    void AwaitAll()
    {
        for (var worker = 1; worker < Count; worker++)
            for (var spins = 0; Volatile.Read(ref done[worker * Apart]) < generation; spins++) Pause(spins);
    }

    /// <summary>Whether this is the work started last, without an exception since.</summary>
    internal bool IsLast(Action<int> body) => ReferenceEquals(work, body);

    void Try(int worker)
    {
        try { work(worker); }
        catch (Exception exception) { Fail(exception); }
    }

    /// <summary>Lets <see cref="Finish"/> throw an exception, if it is the first.</summary>
    internal void Fail(Exception exception) => Interlocked.CompareExchange(ref failure, exception, null);

    /// <summary>Waits a moment between two checks: spins, and after a while gives the core away.</summary>
    internal static void Pause(int spins)
    {
        if (spins < SpinsBeforeYield) Thread.SpinWait(1);
        else Thread.Yield();
    }

    void Serve(int worker)
    {
        var known = 0L;
        while (true)
        {
            for (var spins = 0; Volatile.Read(ref generation) == known && !disposed; spins++)
            {
                if (spins < SpinsBeforeYield + YieldsBeforePark) Pause(spins);
                else Park(known);
            }
            if (disposed) return;
            known++;
            Try(worker);
            Volatile.Write(ref done[worker * Apart], known);
        }
    }

    void Park(long known)
    {
        Interlocked.Increment(ref parked);
        wake.Reset();
        if (Volatile.Read(ref generation) == known && !disposed) wake.Wait(10);
        Interlocked.Decrement(ref parked);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (Count == 1 || disposed) return;
        AwaitAll();
        disposed = true;
        wake.Set();
        foreach (var thread in threads) thread.Join();
    }
}
