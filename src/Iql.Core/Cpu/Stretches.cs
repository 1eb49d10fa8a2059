using System.Collections.Immutable;
using Iql.Cpu.Kernels;
using Iql.Execution;

namespace Iql.Cpu;

/// <summary>
/// Makes stretches of kernels. Those that walk the same rows do so a block of rows at a time, so that what one writes is still in the cache
/// when the next reads it, however large the batch is. A kernel that another lane waits for ends a stretch.
/// </summary>
static class Stretches
{
    const int BlockRows = 256;

    /// <summary>The stretches of a walker; kernel i is group i + 1, and behind them come copies, which wait for everybody.</summary>
    public static ImmutableArray<Stretch> Of(Schedule schedule, IReadOnlyList<IKernel> kernels, int walker)
    {
        var stretches = new List<Stretch>();
        var known = Enumerable.Repeat(Schedule.Nothing, schedule.Walkers.Count).ToArray();
        var end = schedule.Groups.Count - 1;
        var before = default(Partition);
        for (var i = 0; i < kernels.Count; i++)
        {
            // A position in the schedule is the number of kernels that have run when it is passed.
            var partition = i < end ? schedule.PartitionOf(schedule.Groups[i + 1]) : new(0, 0, 0);
            var units = partition.Share(kernels[i].Units, schedule.Walkers[walker], schedule.Workers);
            if (units.First == units.Last || (!schedule.IsShared && partition.Lane != walker)) continue;
            var waits = Enumerable.Range(0, schedule.Walkers.Count).Select(other => (List: other, Position: i < end ? schedule.WaitsOf(schedule.Groups[i + 1])[other] : end))
                .Where(wait => wait.List != walker && wait.Position > known[wait.List]).ToImmutableArray();
            foreach (var wait in waits) known[wait.List] = wait.Position;
            if (partition.Rows > 0 && before == partition && waits.IsEmpty && schedule.WaitsOf(schedule.Groups[i + 1])[walker] <= stretches[^1].Kernels[0] && !schedule.IsAwaited(walker, stretches[^1].Kernels[^1] + 1))
                stretches[^1] = stretches[^1] with { Kernels = stretches[^1].Kernels.Add(i) };
            else stretches.Add(new([i], waits, units, partition.Rows > 0 ? BlockRows / FusedKernel.UnitRows : int.MaxValue / 2, schedule.Walkers[walker] == (partition.Owner ?? 0),
                i < end && !schedule.IsShared ? (schedule.Ways[^1][i + 1], schedule.Ways[^2][i + 1]) : default));
            before = partition;
        }
        return [.. stretches];
    }
}
