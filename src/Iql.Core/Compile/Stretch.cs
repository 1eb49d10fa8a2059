using Iql.Kernels;

namespace Iql.Compile;

/// <summary>
/// Kernels First … End − 1, which a worker runs without waiting in between. Kernels that walk the same rows do so a block of rows at
/// a time, so that what one writes is still in the cache when the next reads it, however large the batch is.
/// </summary>
/// <param name="First">Number of the first kernel.</param>
/// <param name="End">Number behind the last.</param>
/// <param name="Wait">How many kernels everybody must have run before.</param>
/// <param name="Partition">How the units are shared out, the same for all.</param>
/// <param name="Block">Units at a time.</param>
readonly record struct Stretch(int First, int End, Wait Wait, Partition Partition, int Block)
{
    const int BlockRows = 256;

    /// <summary>The stretches of a schedule; kernel i is group i + 1, and behind them come copies, which wait for everybody.</summary>
    public static Stretch[] Of(Schedule schedule, int copies)
    {
        var stretches = new List<Stretch>();
        for (var i = 0; i + 1 < schedule.Groups.Count; i++)
        {
            // A position in the schedule is the number of kernels that have run when it is passed.
            var (partition, wait) = (schedule.PartitionOf(schedule.Groups[i + 1]), schedule.Waits[i + 1]);
            // Nothing is gained by waiting for more before the first of them than it needs.
            if (partition.Rows > 0 && stretches.Count > 0 && stretches[^1] is var last && last.Partition == partition && last.Wait.And(wait) == last.Wait)
                stretches[^1] = last with { End = i + 1 };
            else stretches.Add(new(i, i + 1, wait, partition, partition.Rows > 0 ? BlockRows / FusedKernel.UnitRows : int.MaxValue / 2));
        }
        var end = schedule.Groups.Count - 1;
        if (copies > 0) stretches.Add(new(end, end + copies, new(end, 0), new(0, Twin.None, IsSingle: true), int.MaxValue / 2));
        return [.. stretches];
    }
}
