using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>
/// Places temporaries in one arena. One may take the floats of another whose last reader comes before its maker, if no worker can
/// still be reading: since both belong to one lane of one worker, since everybody has waited for that reader anyway, or since both have rows of
/// the same workers at the same places. What different workers write never shares memory: it would travel from core to core.
/// </summary>
sealed class MemoryPlan
{
    sealed record Life(Tensor Node, int First, int Last, Partition Partition, bool IsPrivate, int Offset, int Length)
    {
        public int End => Offset + Length;
    }

    readonly Schedule schedule;
    readonly List<Life> placed = [];
    readonly int[] passed;

    MemoryPlan(Schedule schedule)
    {
        this.schedule = schedule;
        // What every worker has passed when a group begins, for all that is known before memory is shared.
        passed = [.. schedule.Groups.Select(group => schedule.PartitionOf(group).Owner is null ? Math.Max(0, schedule.WaitsOf(group).Min()) : 0)];
        for (var i = 1; i < passed.Length; i++) passed[i] = Math.Max(passed[i], passed[i - 1]);
    }

    /// <summary>Places of temporaries; groups that take over memory wait for its last readers.</summary>
    /// <param name="schedule">Who makes and reads them, and when.</param>
    /// <param name="temporaries">In any order.</param>
    /// <param name="kept">Those that are read after the last group.</param>
    public static IReadOnlyList<BufferInfo> Of(Schedule schedule, IEnumerable<Tensor> temporaries, ISet<Tensor> kept)
    {
        var plan = new MemoryPlan(schedule);
        foreach (var node in temporaries.OrderBy(plan.Made)) plan.Place(node, kept.Contains(node));
        return [.. plan.placed.Select(life => new BufferInfo(life.Node, life.Offset, life.Length, life.First, Math.Min(life.Last, schedule.Groups.Count)))];
    }

    int Made(Tensor node) => schedule.Dependencies.Owner(node) is { } maker ? schedule[maker] : 0;

    void Place(Tensor node, bool isKept)
    {
        var uses = schedule.Dependencies.Uses(node);
        var last = isKept || uses.Count == 0 ? int.MaxValue : uses.Max(use => schedule[use.Group]);
        var life = new Life(node, Made(node), last, schedule.PartitionOf(schedule.Groups[Made(node)]), schedule.IsPrivate(node), 0,
            Layout.PaddedLength(node.Shape) + (schedule.Workers > 1 && !schedule.IsPrivate(node) ? Layout.Apart : 0));
        var warm = placed.Where(old => HasSameRows(old, life)).ToHashSet();
        var taken = placed.Where(old => old.Last >= life.First || (old.IsPrivate ? (old.Partition with { Rows = 0 }) != (life.Partition with { Rows = 0 })
            : old.Partition != life.Partition || old.Last > passed[life.First])).ToArray();
        // Best what this worker has just read, and is still in its cache; else as far to the front as may be.
        var best = warm.OrderByDescending(old => old.Last).Select(old => old.Offset)
            .Concat(placed.Select(old => old.Offset).Concat(placed.Select(old => old.End)).Append(0).Order()).Distinct()
            .Select(offset => life with { Offset = offset }).First(life => taken.All(old => !Overlap(old, life) || Succeeds(old, life)));
        foreach (var old in placed.Where(old => Overlap(old, best) && !Succeeds(old, best))) Await(best, old);
        placed.Add(best);

        bool Succeeds(Life old, Life life) => old.Offset == life.Offset && warm.Contains(old);
    }

    // Has a temporary's maker wait for those who wrote and read another in its place.
    void Await(Life life, Life old)
    {
        var maker = schedule.Groups[life.First];
        schedule.WaitFor(maker, schedule.Groups[old.First]);
        foreach (var use in schedule.Dependencies.Uses(old.Node)) schedule.WaitFor(maker, use.Group);
    }

    static bool Overlap(Life a, Life b) => a.Offset < b.End && b.Offset < a.End;

    bool HasSameRows(Life old, Life life) => old.Last < life.First && old.Length == life.Length && old.Partition.Rows > 0 && old.Partition == life.Partition
        && Layout.RowStride(old.Node.Shape) == Layout.RowStride(life.Node.Shape) && schedule.IsRowLocal(old.Node);
}
