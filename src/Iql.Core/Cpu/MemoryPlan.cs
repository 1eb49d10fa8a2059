using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Allocates temporaries in one arena. One may take the floats of another whose last reader runs before its
/// maker, if no worker can still be reading: one stream computes both, or every stream has waited for that reader
/// anyway, or both have rows of the same workers at the same addresses. Otherwise results of different workers share no
/// memory, which would travel from core to core.</summary>
sealed class MemoryPlan
{
    sealed record Life(Tensor Node, int First, int Last, Partition Partition, bool IsPrivate, int Offset, int Length)
    {
        public int End => checked(Offset + Length);
    }

    readonly Schedule schedule;
    readonly List<Life> placed = [];
    readonly int[] passed;

    MemoryPlan(Schedule schedule)
    {
        this.schedule = schedule;
        // The position that every stream has passed when a group begins, as known before memory is shared.
        passed = [.. schedule.Groups.Select(group =>
            schedule.PartitionOf(group).Stream is null ? Math.Max(0, schedule.WaitsOf(group).Min()) : 0)];
        for (var i = 1; i < passed.Length; i++) passed[i] = Math.Max(passed[i], passed[i - 1]);
    }

    /// <summary>Offsets of temporaries. Groups that take over memory are made to wait for its last readers.</summary>
    /// <param name="schedule">Who makes and reads them, and when.</param>
    /// <param name="temporaries">In any order.</param>
    /// <param name="kept">Those that are read after the last group.</param>
    public static IReadOnlyList<BufferInfo> Of(Schedule schedule, IEnumerable<Tensor> temporaries, ISet<Tensor> kept)
    {
        var plan = new MemoryPlan(schedule);
        foreach (var node in temporaries.OrderBy(plan.Made)) plan.Allocate(node, kept.Contains(node));
        var end = schedule.Groups.Count;
        return [.. plan.placed.Select(life =>
            new BufferInfo(life.Node, life.Offset, life.Length, life.First, Math.Min(life.Last, end)))];
    }

    int Made(Tensor node) => schedule.Dependencies.Owner(node) is { } maker ? schedule[maker] : 0;

    void Allocate(Tensor node, bool isKept)
    {
        var uses = schedule.Dependencies.Uses(node);
        var last = isKept || uses.Count == 0 ? int.MaxValue : uses.Max(use => schedule[use.Group]);
        var isPrivate = schedule.IsPrivate(node);
        var length = Layout.PaddedLength(node.Shape) + (schedule.Workers > 1 && !isPrivate ? Layout.Apart : 0);
        var partition = schedule.PartitionOf(schedule.Groups[Made(node)]);
        var life = new Life(node, Made(node), last, partition, isPrivate, 0, length);
        var warm = placed.Where(old => HasSameRows(old, life)).ToHashSet();
        var taken = placed.Where(old => !IsFree(old, life)).ToArray();
        // Best are floats that this worker has just read and still has in its cache, then those nearest the front.
        var best = warm.OrderByDescending(old => old.Last).Select(old => old.Offset)
            .Concat(placed.Select(old => old.Offset).Concat(placed.Select(old => old.End)).Append(0).Order()).Distinct()
            .Select(offset => life with { Offset = offset })
            .First(life => taken.All(old => !Overlap(old, life) || Succeeds(old, life)));
        foreach (var old in placed.Where(old => Overlap(old, best) && !Succeeds(old, best))) Await(best, old);
        placed.Add(best);

        bool Succeeds(Life old, Life life) => old.Offset == life.Offset && warm.Contains(old);
    }

    bool IsFree(Life old, Life life) => old.Last < life.First && (old.IsPrivate
        ? old.Partition.Stream == life.Partition.Stream
        : old.Partition == life.Partition && old.Last <= passed[life.First]);

    // Lets a temporary's maker wait for the groups that wrote and read another in its place.
    void Await(Life life, Life old)
    {
        var maker = schedule.Groups[life.First];
        schedule.WaitFor(maker, schedule.Groups[old.First]);
        foreach (var use in schedule.Dependencies.Uses(old.Node)) schedule.WaitFor(maker, use.Group);
    }

    static bool Overlap(Life a, Life b) => a.Offset < b.End && b.Offset < a.End;

    bool HasSameRows(Life old, Life life) => old.Last < life.First && old.Length == life.Length
        && old.Partition.Rows > 0 && old.Partition == life.Partition
        && Layout.RowStride(old.Node.Shape) == Layout.RowStride(life.Node.Shape) && schedule.IsRowLocal(old.Node);
}
