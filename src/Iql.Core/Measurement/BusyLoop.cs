namespace Iql.Measurement;

/// <summary>A thread that does nothing, all the time: another process that takes a core. Ends when disposed.</summary>
public sealed class BusyLoop : IDisposable
{
    readonly Thread thread;
    volatile bool ended;

    /// <summary>Starts it.</summary>
    public BusyLoop()
    {
        thread = new(() =>
        {
            while (!ended) Thread.SpinWait(100);
        })
        { IsBackground = true, Name = "Iql busy loop" };
        thread.Start();
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        ended = true;
        thread.Join();
    }
}
