using Iql.Graph;

namespace Iql.Cpu;

/// <summary>How a kernel's units are shared out.</summary>
/// <param name="Rows">Rows of the batch it walks, 16 a unit; 0: its units are something else.</param>
/// <param name="Lane">The lane that it is in.</param>
/// <param name="Owner">The worker who does all of it; null: each does some of it.</param>
readonly record struct Partition(int Rows, int Lane, int? Owner)
{
    /// <summary>The units, first to last − 1, of a worker.</summary>
    public (int First, int Last) Share(int units, int worker, int workers) => Owner is { } owner
        ? (0, worker == owner ? units : 0)
        : ((int)((long)units * worker / workers), (int)((long)units * (worker + 1) / workers));
}

/// <summary>
/// Who makes which group, and how far others must have come before. A lane is a list of groups in their order: one that all workers walk
/// side by side, each doing its own units (where unit u needs only what unit u wrote, nobody waits); or several, each walked by one worker.
/// </summary>
sealed class Schedule
{
    /// <summary>A position that every walker has passed.</summary>
    public const int Nothing = int.MinValue;
    const int LookAhead = 4; // runs

    readonly Dictionary<Group, int> positions = [];
    readonly Partition[] partitions;
    readonly int[][] waits;

    /// <summary>The schedule for a number of workers.</summary>
    public Schedule(Dependencies dependencies, int workers)
    {
        (Dependencies, Workers) = (dependencies, workers);
        var assignment = Assignment.Of(dependencies, workers);
        IsShared = assignment.Lanes.Count == 0;
        Walkers = IsShared ? [.. Enumerable.Range(0, workers)] : assignment.Lanes;
        Ways = IsShared ? [] : Account.Ways(dependencies, LookAhead);
        for (var i = 0; i < Groups.Count; i++) positions[Groups[i]] = i;
        // The caller runs the first group before all others begin.
        partitions = [.. Groups.Select((group, i) => i == 0 ? new Partition(0, -1, 0) : new(Dependencies.RowsOf(group), assignment.LaneOf[i],
            !IsShared ? assignment.Lanes[assignment.LaneOf[i]] : workers == 1 || Dependencies.IsSingle(group) ? 0 : null))];
        waits = [.. Groups.Select(_ => Enumerable.Repeat(Nothing, Walkers.Count).ToArray())];
        foreach (var group in Groups)
            foreach (var need in dependencies.Needs(group))
                if (!need.IsAligned || PartitionOf(group) != PartitionOf(need.Group)) WaitFor(group, need.Group);
        foreach (var (result, maker, readers) in dependencies.States.Where(_ => Overlaps))
        {
            // The first group takes what is a single number from where it lies.
            foreach (var reader in result.Shape.Count == 1 ? readers.Append(Groups[0]) : readers) WaitFor(reader, maker, before: true);
            foreach (var reader in dependencies.Uses(result)) WaitFor(maker, reader.Group, before: true);
        }
    }

    /// <summary>What it is made from.</summary>
    public Dependencies Dependencies { get; }

    /// <summary>For how many workers.</summary>
    public int Workers { get; }

    /// <summary>Whether all workers walk one lane.</summary>
    public bool IsShared { get; }

    /// <summary>The worker of every walker of a lane: of each lane one, or all of the only one.</summary>
    public IReadOnlyList<int> Walkers { get; }

    /// <summary>Whether a run may begin while others than the first worker are still at the one before.</summary>
    public bool Overlaps => !IsShared;

    /// <summary>In the order in which they could run; the first before all others.</summary>
    public IReadOnlyList<Group> Groups => Dependencies.Groups;

    /// <summary>How urgent each group is, by the chains of needs that begin with it: over one run, two and so on; empty where all walk one lane.</summary>
    public double[][] Ways { get; }

    /// <summary>A group's place in that order.</summary>
    public int this[Group group] => positions[group];

    /// <summary>How a group's units are shared out.</summary>
    public Partition PartitionOf(Group group) => partitions[positions[group]];

    /// <summary>
    /// The position that each walker must have passed before a group begins: the number of kernels behind which it has nothing to do.
    /// A position that is not positive counts from the end of the run before.
    /// </summary>
    public IReadOnlyList<int> WaitsOf(Group group) => waits[positions[group]];

    /// <summary>Whether a group of another lane waits for a walker to have passed just this position.</summary>
    public bool IsAwaited(int walker, int position) =>
        waits.Where((_, i) => partitions[i].Lane != walker && !IsShared).Any(wait => wait[walker] == position || wait[walker] == position - (Groups.Count - 1));

    /// <summary>Has a group wait for what another does in the same run, or in the run before.</summary>
    public void WaitFor(Group group, Group other, bool before = false)
    {
        var (own, from) = (PartitionOf(group), PartitionOf(other));
        if (before && own.Lane == from.Lane) return;
        for (var walker = 0; walker < Walkers.Count; walker++)
            if (IsShared ? from.Owner is null || from.Owner == walker : from.Lane == walker)
                waits[positions[group]][walker] = Math.Max(waits[positions[group]][walker], positions[other] - (before ? Groups.Count - 1 : 0));
    }

    /// <summary>Whether no worker sees another's rows of a node.</summary>
    public bool IsRowLocal(Tensor root) => Dependencies.IsRowLocal(root) && Dependencies.Uses(root).All(use => PartitionOf(use.Group) == PartitionOf(Dependencies.Owner(root)!));

    /// <summary>Whether one lane of one worker makes and reads a node.</summary>
    public bool IsPrivate(Tensor root) => Dependencies.Owner(root) is { } maker && PartitionOf(maker).Owner is { } owner
        && Dependencies.ReadersOf(root).All(reader => PartitionOf(reader).Owner == owner && PartitionOf(reader).Lane == PartitionOf(maker).Lane);

    /// <summary>Whether others read what a worker writes of a node, in this run or in the next.</summary>
    public bool IsReadByOthers(Tensor root) => Dependencies.Owner(root) is { } maker && Workers > 1
        && Dependencies.ReadersOf(root).Any(reader => PartitionOf(maker).Owner is not { } owner || PartitionOf(reader).Owner != owner);
}
