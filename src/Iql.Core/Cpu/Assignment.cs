using Iql.Graph;

namespace Iql.Cpu;

/// <summary>
/// Who makes what. Either all workers share each kernel, in one lane; or each makes whole pieces of the graph (<see cref="Pieces"/>),
/// every piece a lane of its own: a list of groups that one worker walks, beside his other lanes.
/// </summary>
/// <param name="Lanes">The worker of each lane; empty where all share one.</param>
/// <param name="LaneOf">The lane of each group, in the order of the groups; 0 where there is one.</param>
sealed record Assignment(IReadOnlyList<int> Lanes, IReadOnlyList<int> LaneOf)
{
    // What an account needs no more than roughly, in microseconds: a thread's arithmetic and memory, and a kernel's beginning; and by how
    // much a kernel is slower that several workers share, who wait for each other about as often as there are kernels.
    const double FlopRate = 1.05e5, ByteRate = 4e4, Begin = 0.3, Shared = 1.12, Wait = 1, LeastGain = 0.9999;

    // Matrices larger than that do not stay in a core's second cache, but halves of them may.
    const int MostFloats = 1 << 17;

    /// <summary>About how long a group takes one worker, in microseconds.</summary>
    public static double CostOf(Group group)
    {
        var (flop, floats) = KernelInfo.WorkOf(group);
        return (flop > 0 ? flop / FlopRate : floats * sizeof(float) / ByteRate) + Begin;
    }

    /// <summary>The quickest way that is found to deal pieces out, or to share everything: where that is no slower, where runs do not follow each other, or matrices are too large.</summary>
    public static Assignment Of(Dependencies dependencies, int workers)
    {
        var groups = dependencies.Groups;
        var shared = new Assignment([], new int[groups.Count]);
        if (workers == 1 || !dependencies.RunsInPlace || groups.SelectMany(group => group.All).Any(node => node.Shape.Count > MostFloats)) return shared;
        var pieces = Pieces.Of(dependencies);
        var costs = pieces.GroupBy(pair => pair.Value, pair => CostOf(pair.Key)).Select(piece => (piece.Key, Cost: piece.Sum())).ToArray();
        if (costs.Length < workers) return shared;
        // The dearest first, each to the worker who has least; then moves and exchanges, while they shorten the time.
        var (load, lanes) = (new double[workers], new int[costs.Length]);
        foreach (var (piece, cost) in costs.OrderByDescending(piece => piece.Cost)) load[lanes[piece] = Array.IndexOf(load, load.Min())] += cost;
        var laneOf = Spread(dependencies, pieces);
        var account = new Account(dependencies, laneOf, workers);
        var time = account.Of(lanes);
        var isBetter = true;
        while (isBetter)
        {
            isBetter = false;
            for (var piece = 0; piece < lanes.Length; piece++)
            {
                for (var worker = 0; worker < workers; worker++) Try(piece, worker, piece, worker);
                for (var other = 0; other < piece; other++) Try(piece, lanes[other], other, lanes[piece]);
            }
        }
        return time < groups.Sum(group => CostOf(group) / workers * Shared + Wait) ? new(lanes, laneOf) : shared;

        void Try(int piece, int worker, int other, int otherWorker)
        {
            if (lanes[piece] == worker) return;
            int[] changed = [.. lanes];
            (changed[piece], changed[other]) = (worker, otherWorker);
            if (account.Of(changed) is var now && now > time * LeastGain) return;
            (lanes, time, isBetter) = (changed, now, true);
        }
    }

    // The lane of every group. What is in no piece goes with who needs it first, or else with what it needs last.
    static int[] Spread(Dependencies dependencies, Dictionary<Group, int> pieces)
    {
        var groups = dependencies.Groups;
        var lanes = new Dictionary<Group, int>(pieces);
        foreach (var group in groups.Reverse().Where(group => !pieces.ContainsKey(group)))
            if (groups.FirstOrDefault(reader => lanes.ContainsKey(reader) && dependencies.Needs(reader).Any(need => need.Group == group)) is { } reader) lanes[group] = lanes[reader];
        foreach (var group in groups.Where(group => !lanes.ContainsKey(group)))
            lanes[group] = dependencies.Needs(group).Where(need => lanes.ContainsKey(need.Group)).Select(need => lanes[need.Group]).LastOrDefault(0);
        return [.. groups.Select(group => lanes[group])];
    }
}
