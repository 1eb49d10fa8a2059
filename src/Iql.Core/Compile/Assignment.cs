using Iql.Graph;

namespace Iql.Compile;

/// <summary>
/// Who makes what. Either all workers share each kernel, in one lane; or each makes whole pieces of the graph (<see cref="Pieces"/>),
/// every piece a lane of its own: a list of groups that one worker walks, beside his other lanes.
/// </summary>
/// <param name="Lanes">The worker of each lane; empty where all share one.</param>
/// <param name="LaneOf">The lane of each group, in the order of the groups; 0 where there is one.</param>
sealed record Assignment(IReadOnlyList<int> Lanes, IReadOnlyList<int> LaneOf)
{
    // What an account needs no more than roughly, in microseconds: a thread's arithmetic and memory, a kernel's beginning, a line from
    // another core; and by how much a kernel is slower that several workers share.
    const double FlopRate = 1.05e5, ByteRate = 4e4, Begin = 0.3, Line = 0.015, Shared = 1.12;

    // Matrices larger than that do not stay in a core's second cache, but halves of them may.
    const int MostFloats = 1 << 17;

    /// <summary>About how long a group takes one worker, in microseconds.</summary>
    public static double CostOf(Group group)
    {
        var (flop, floats) = KernelInfo.WorkOf(group);
        return (flop > 0 ? flop / FlopRate : floats * sizeof(float) / ByteRate) + Begin;
    }

    /// <summary>
    /// Pieces, the dearest first, each to the worker who has least; where these differ too much, or a chain of needs is too long for it,
    /// or matrices are too large, everything is shared.
    /// </summary>
    public static Assignment Of(Dependencies dependencies, int workers)
    {
        var groups = dependencies.Groups;
        var shared = new Assignment([], new int[groups.Count]);
        if (workers == 1 || groups.SelectMany(group => group.All).Any(node => node.Shape.Count > MostFloats)) return shared;
        var pieces = Pieces.Of(dependencies);
        var load = new double[workers];
        var lanes = Enumerable.Repeat(-1, pieces.Values.DefaultIfEmpty(-1).Max() + 1).ToArray();
        var passes = groups.SelectMany(group => group.All.SelectMany(value => dependencies.ReadersOf(value).Select(reader => (value.Shape.Count,
            From: pieces.GetValueOrDefault(group, -1), To: pieces.GetValueOrDefault(reader, -1))))).Where(pass => pass is { From: >= 0, To: >= 0 } && pass.From != pass.To).Distinct().ToArray();
        foreach (var piece in pieces.GroupBy(pair => pair.Value, pair => CostOf(pair.Key)).OrderByDescending(costs => costs.Sum()))
        {
            bool IsElsewhere(int other, int worker) => lanes[other] >= 0 && lanes[other] != worker;
            // Not to have weights travel counts as well.
            double With(int worker) => load[worker] + Line / 16 * passes.Where(pass =>
                (pass.From == piece.Key && IsElsewhere(pass.To, worker)) || (pass.To == piece.Key && IsElsewhere(pass.From, worker))).Sum(pass => pass.Count);
            lanes[piece.Key] = Enumerable.Range(0, workers).MinBy(With);
            load[lanes[piece.Key]] += piece.Sum();
        }
        var isTooUneven = Math.Max(load.Max(), Ways(dependencies, 1)[0].Max()) > groups.Sum(CostOf) / workers * Shared;
        return isTooUneven ? shared : new(lanes, Spread(dependencies, pieces));
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

    /// <summary>
    /// For each group the time of the longest chain of needs that begins with it, over a number of runs that follow each other: [runs − 1]
    /// for that number, the others for fewer.
    /// </summary>
    public static double[][] Ways(Dependencies dependencies, int runs)
    {
        var groups = dependencies.Groups;
        var index = groups.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => pair.i);
        var costs = groups.Select(CostOf).ToArray();
        var later = dependencies.States.ToLookup(state => index[state.Maker], state => state.Readers.Select(reader => index[reader]));
        var ways = new double[runs][];
        for (var run = 0; run < runs; run++)
        {
            var way = ways[run] = [.. costs];
            for (var i = groups.Count - 1; i >= 0; i--)
            {
                if (run > 0) way[i] = Math.Max(way[i], costs[i] + later[i].SelectMany(readers => readers).Select(reader => ways[run - 1][reader]).DefaultIfEmpty(0).Max());
                foreach (var need in dependencies.Needs(groups[i])) way[index[need.Group]] = Math.Max(way[index[need.Group]], costs[index[need.Group]] + way[i]);
            }
        }
        return ways;
    }
}
