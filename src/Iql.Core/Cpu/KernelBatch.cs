using System.Collections.Immutable;
using Iql.Cpu.Kernels;

namespace Iql.Cpu;

/// <summary>Kernels of a stream that run without a wait between them, some units of each at a time.</summary>
/// <param name="Kernels">Their numbers.</param>
/// <param name="Waits">Positions that other streams must have passed, as in <see cref="Schedule.WaitsOf"/>.</param>
/// <param name="Units">Of each kernel, from First to Last − 1.</param>
/// <param name="Block">Units at a time.</param>
/// <param name="IsTimed">Whether its time counts, where several workers share it.</param>
/// <param name="Urgency">In the current run, and in the run after. Higher goes first.</param>
readonly record struct KernelBatch(
    ImmutableArray<int> Kernels, ImmutableArray<(int Stream, int Position)> Waits, (int First, int Last) Units,
    int Block, bool IsTimed, (double Now, double Next) Urgency)
{
    const int BlockRows = 256, LookAhead = 4;

    /// <summary>The batches of every stream. Kernels over the same rows run a block of rows at a time: what one writes
    /// is still in the cache when the next reads it, however large the minibatch is. A kernel that another stream waits
    /// for ends a batch.</summary>
    /// <param name="schedule">Kernel i is group i + 1.</param>
    /// <param name="kernels">Of the schedule; behind them copies, which wait for all and are stream 0's.</param>
    public static ImmutableArray<KernelBatch>[] Of(Schedule schedule, IKernel[] kernels)
    {
        var paths = schedule.Overlaps ? CriticalPath.Of(schedule.Dependencies, LookAhead) : [];
        return [.. schedule.Streams.Select((_, stream) => OfStream(schedule, kernels, paths, stream))];
    }

    static ImmutableArray<KernelBatch> OfStream(Schedule schedule, IKernel[] kernels, double[][] paths, int stream)
    {
        var batches = new List<KernelBatch>();
        var known = Enumerable.Repeat(Schedule.Nothing, schedule.Streams.Count).ToArray();
        var end = schedule.Groups.Count - 1;
        var before = default(Partition);
        for (var i = 0; i < kernels.Length; i++)
        {
            // A position in the schedule is the number of kernels that have run when it is passed.
            var group = i < end ? schedule.Groups[i + 1] : null;
            var partition = group is null ? new(0, 0) : schedule.PartitionOf(group);
            var positions = group is null ? [.. known.Select(_ => end)] : schedule.WaitsOf(group);
            var units = partition.Share(kernels[i].Units, stream, schedule.Streams.Count);
            if (units.First == units.Last) continue;
            var waits = Enumerable.Range(0, known.Length)
                .Where(other => other != stream && positions[other] > known[other])
                .Select(other => (other, positions[other])).ToImmutableArray();
            foreach (var (other, position) in waits) known[other] = position;
            var joins = partition.Rows > 0 && before == partition && waits.IsEmpty
                && positions[stream] <= batches[^1].Kernels[0]
                && !schedule.IsAwaited(stream, batches[^1].Kernels[^1] + 1);
            before = partition;
            if (joins)
            {
                batches[^1] = batches[^1] with { Kernels = batches[^1].Kernels.Add(i) };
                continue;
            }
            var block = partition.Rows > 0 ? BlockRows / FusedKernel.UnitRows : int.MaxValue / 2;
            var urgency = group is null || paths.Length == 0 ? default : (paths[^1][i + 1], paths[^2][i + 1]);
            batches.Add(new([i], waits, units, block, partition.Stream is not null || stream == 0, urgency));
        }
        return [.. batches];
    }
}
