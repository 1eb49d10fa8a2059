namespace Iql.Execution;

/// <summary>Threads of the host that do shares of the same work side by side. The caller is worker 0.</summary>
public interface IWorkers
{
    /// <summary>Number of workers, at least 1.</summary>
    int Count { get; }

    /// <summary>Runs <paramref name="body"/>(w) on every worker w. Throws the first exception of theirs.</summary>
    void Run(Action<int> body);
}
