using System.Collections.Immutable;
using Iql.Kernels;

namespace Iql.Compile;

/// <summary>
/// Kernels that a worker runs without waiting in between. Those that walk the same rows do so a block of rows at a time, so that what one
/// writes is still in the cache when the next reads it, however large the batch is. A kernel that others wait for ends them.
/// </summary>
/// <param name="Kernels">Their numbers.</param>
/// <param name="Waits">How many kernels other walkers must have run before; see <see cref="Schedule.WaitsOf"/>.</param>
/// <param name="Units">Of each kernel, from the first to the one before the last.</param>
/// <param name="Block">Units at a time.</param>
/// <param name="IsTimed">Whether its time counts, where several workers share it.</param>
/// <param name="Urgency">Higher goes first; of the run at hand, and of the one after.</param>
readonly record struct Stretch(ImmutableArray<int> Kernels, ImmutableArray<(int Walker, int Position)> Waits, (int First, int Last) Units, int Block, bool IsTimed, (double Now, double Next) Urgency)
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
            var waits = Enumerable.Range(0, schedule.Walkers.Count).Select(other => (Walker: other, Position: i < end ? schedule.WaitsOf(schedule.Groups[i + 1])[other] : end))
                .Where(wait => wait.Walker != walker && wait.Position > known[wait.Walker]).ToImmutableArray();
            foreach (var wait in waits) known[wait.Walker] = wait.Position;
            if (partition.Rows > 0 && before == partition && waits.IsEmpty && schedule.WaitsOf(schedule.Groups[i + 1])[walker] <= stretches[^1].Kernels[0] && !schedule.IsAwaited(walker, stretches[^1].Kernels[^1] + 1))
                stretches[^1] = stretches[^1] with { Kernels = stretches[^1].Kernels.Add(i) };
            else stretches.Add(new([i], waits, units, partition.Rows > 0 ? BlockRows / FusedKernel.UnitRows : int.MaxValue / 2, schedule.Walkers[walker] == (partition.Owner ?? 0),
                i < end ? (schedule.Ways[^1][i + 1], schedule.Ways[^2][i + 1]) : default));
            before = partition;
        }
        return [.. stretches];
    }
}
