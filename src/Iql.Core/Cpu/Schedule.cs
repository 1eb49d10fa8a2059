using Iql.Graph;

namespace Iql.Cpu;

/// <summary>How a kernel's units are shared out.</summary>
/// <param name="Rows">Rows of the batch it walks, 16 a unit; 0: its units are something else.</param>
/// <param name="Stream">The stream that does all of it; null: each does a share of it.</param>
readonly record struct Partition(int Rows, int? Stream)
{
    /// <summary>The units of a stream, first to last − 1.</summary>
    public (int First, int Last) Share(int units, int stream, int streams) => Stream is { } only
        ? (0, stream == only ? units : 0)
        : ((int)((long)units * stream / streams), (int)((long)units * (stream + 1) / streams));
}

/// <summary>The stream of each group, and how far other streams must have come before it. Where streams share kernels
/// and unit u needs only the results of unit u, no worker waits.</summary>
sealed class Schedule
{
    /// <summary>A position that every stream has passed.</summary>
    public const int Nothing = int.MinValue;

    // The stream of the first group, which the caller computes before all streams begin.
    const int Caller = -1;

    readonly Partition[] partitions;
    readonly int[][] waits;

    public Schedule(Dependencies dependencies, int workers)
    {
        (Dependencies, Workers) = (dependencies, workers);
        var assignment = Assignment.Of(dependencies, workers);
        (Streams, Overlaps) = (assignment.Workers, !assignment.IsShared);
        partitions = [.. Groups.Select((group, i) =>
            i == 0 ? new Partition(0, Caller) : new(Dependencies.RowsOf(group), assignment.StreamOf[i]))];
        waits = [.. Groups.Select(_ => Enumerable.Repeat(Nothing, Streams.Count).ToArray())];
        foreach (var group in Groups)
            foreach (var need in dependencies.Needs(group))
                if (!need.IsAligned || PartitionOf(group) != PartitionOf(need.Group)) WaitFor(group, need.Group);
        foreach (var (result, maker, readers) in dependencies.States.Where(_ => Overlaps))
        {
            // The first group takes a single number from where it lies.
            foreach (var reader in result.Shape.Count == 1 ? readers.Append(Groups[0]) : readers)
                WaitFor(reader, maker, before: true);
            foreach (var reader in dependencies.Uses(result)) WaitFor(maker, reader.Group, before: true);
        }
    }

    public Dependencies Dependencies { get; }
    /// <summary>The number of workers.</summary>
    public int Workers { get; }
    /// <summary>The worker of each stream.</summary>
    public IReadOnlyList<int> Streams { get; }
    /// <summary>Whether streams compute subgraphs. Then a run may begin before the one before has ended.</summary>
    public bool Overlaps { get; }
    /// <summary>In the order in which they could run; the first before all others.</summary>
    public IReadOnlyList<Group> Groups => Dependencies.Groups;
    /// <summary>A group's place in that order.</summary>
    public int this[Group group] => Dependencies[group];
    /// <summary>How a group's units are shared out.</summary>
    public Partition PartitionOf(Group group) => partitions[this[group]];

    /// <summary>The worker that computes all of a group; null where all share it.</summary>
    public int? WorkerOf(Group group) =>
        PartitionOf(group).Stream is { } stream ? stream == Caller ? 0 : Streams[stream] : null;

    /// <summary>The position that each stream must have passed before a group begins: the number of kernels behind
    /// which it has nothing to do. A position that is not positive counts from the end of the run before.</summary>
    public IReadOnlyList<int> WaitsOf(Group group) => waits[this[group]];

    /// <summary>Whether a group of another stream waits for a stream to have passed just this position.</summary>
    public bool IsAwaited(int stream, int position) => Overlaps && waits.Where((_, i) => partitions[i].Stream != stream)
        .Any(wait => wait[stream] == position || wait[stream] == position - (Groups.Count - 1));

    /// <summary>Has a group wait for another of the same run, or of the run before.</summary>
    public void WaitFor(Group group, Group other, bool before = false)
    {
        var (own, from) = (PartitionOf(group).Stream, PartitionOf(other).Stream);
        if (before && own == from) return;
        var (wait, position) = (waits[this[group]], this[other] - (before ? Groups.Count - 1 : 0));
        for (var stream = 0; stream < wait.Length; stream++)
            if (from is null || from == stream) wait[stream] = Math.Max(wait[stream], position);
    }

    /// <summary>Whether no worker reads another's rows of a node.</summary>
    public bool IsRowLocal(Tensor root) => Dependencies.IsRowLocal(root)
        && Dependencies.Uses(root).All(use => PartitionOf(use.Group) == PartitionOf(Dependencies.Owner(root)!));

    /// <summary>Whether one stream makes and reads a node.</summary>
    public bool IsPrivate(Tensor root) =>
        Dependencies.Owner(root) is { } maker && PartitionOf(maker).Stream is { } stream
        && Dependencies.ReadersOf(root).All(reader => PartitionOf(reader).Stream == stream);

    /// <summary>Whether others read what a worker writes of a node, in this run or in the next.</summary>
    public bool IsReadByOthers(Tensor root) => Dependencies.Owner(root) is { } maker && Workers > 1
        && Dependencies.ReadersOf(root).Any(reader => WorkerOf(maker) is not { } worker || WorkerOf(reader) != worker);
}
