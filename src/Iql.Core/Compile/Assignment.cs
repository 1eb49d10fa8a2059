using Iql.Graph;

namespace Iql.Compile;

/// <summary>
/// Who makes what. Either all workers share each kernel, in one lane; or each makes whole pieces of the graph (<see cref="Networks"/>),
/// every piece a lane of its own: a list of groups that one worker walks, beside his other lanes.
/// </summary>
/// <param name="Lanes">The worker of each lane; empty where all share one.</param>
/// <param name="LaneOf">The lane of each group, in the order of the groups; 0 where there is one.</param>
sealed record Assignment(IReadOnlyList<int> Lanes, IReadOnlyList<int> LaneOf)
{
    // What an account needs no more than roughly, in microseconds: a thread's arithmetic and memory, a kernel's beginning, a line from
    // another core; and by how much a kernel is slower that several workers share.
    const double FlopRate = 1.05e5, ByteRate = 4e4, Begin = 0.3, Line = 0.015, Shared = 1.12;

    /// <summary>About how long a group takes one worker, in microseconds.</summary>
    public static double CostOf(Group group)
    {
        var (flop, floats) = KernelInfo.WorkOf(group);
        return (flop > 0 ? flop / FlopRate : floats * sizeof(float) / ByteRate) + Begin;
    }

    /// <summary>
    /// The split with the shorter time: pieces, the dearest first, each to the worker who has least; where these differ too much, or a
    /// chain of needs is too long for it, everything is shared.
    /// </summary>
    public static Assignment Of(Dependencies dependencies, int workers)
    {
        var groups = dependencies.Groups;
        var shared = new Assignment([], new int[groups.Count]);
        if (workers == 1) return shared;
        var pieces = Networks.Of(dependencies);
        var costs = groups.ToDictionary(group => group, CostOf);
        var (load, lanes) = (new double[workers], Enumerable.Repeat(-1, pieces.Length).ToArray());
        var lines = Lines(dependencies, pieces);
        foreach (var (piece, cost) in pieces.Select((piece, i) => (i, piece.Sum(group => costs[group]))).OrderByDescending(pair => pair.Item2))
        {
            // Not to have weights travel counts as well.
            double With(int worker) => load[worker] + Line * Enumerable.Range(0, pieces.Length).Where(other => lanes[other] >= 0 && lanes[other] != worker).Sum(other => lines[piece, other]);
            lanes[piece] = Enumerable.Range(0, workers).MinBy(With);
            load[lanes[piece]] += cost;
        }
        var longest = Ways(dependencies, 1)[0].Max();
        if (Math.Max(load.Max(), longest) > costs.Values.Sum() / workers * Shared) return shared;
        return new(lanes, Spread(dependencies, pieces));
    }

    // Cache lines of matrices that pass between two pieces, from run to run included.
    static double[,] Lines(Dependencies dependencies, Group[][] pieces)
    {
        var piece = pieces.SelectMany((groups, i) => groups.Select(group => (group, i))).ToDictionary(pair => pair.group, pair => pair.i);
        var lines = new double[pieces.Length, pieces.Length];
        foreach (var group in piece.Keys)
            foreach (var value in group.All.Where(value => Addressing.Kept(value.Shape).Length > 1))
                foreach (var to in dependencies.ReadersOf(value).Where(piece.ContainsKey).Select(reader => piece[reader]).Distinct().Where(to => to != piece[group]))
                {
                    lines[piece[group], to] += value.Shape.Count / 16.0;
                    lines[to, piece[group]] += value.Shape.Count / 16.0;
                }
        return lines;
    }

    // The lane of every group. What is in no piece goes with who needs it first, or else with what it needs last.
    static int[] Spread(Dependencies dependencies, Group[][] pieces)
    {
        var groups = dependencies.Groups;
        var lane = new Dictionary<Group, int>();
        for (var i = 0; i < pieces.Length; i++)
            foreach (var group in pieces[i]) lane[group] = i;
        foreach (var group in groups.Reverse().Where(group => !lane.ContainsKey(group)))
            if (groups.FirstOrDefault(reader => lane.ContainsKey(reader) && dependencies.Needs(reader).Any(need => need.Group == group)) is { } reader) lane[group] = lane[reader];
        foreach (var group in groups.Where(group => !lane.ContainsKey(group)))
            lane[group] = dependencies.Needs(group).Select(need => lane.GetValueOrDefault(need.Group, -1)).Append(0).Max();
        return [.. groups.Select(group => lane[group])];
    }

    /// <summary>
    /// For each group the time of the longest chain of needs that begins with it, over a number of runs that follow each other: [runs − 1]
    /// for that number, the others for fewer.
    /// </summary>
    public static double[][] Ways(Dependencies dependencies, int runs)
    {
        var groups = dependencies.Groups;
        var index = groups.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => pair.i);
        var readersOf = groups.ToDictionary(group => group, _ => new List<int>());
        foreach (var (_, maker, readers) in dependencies.States) readersOf[maker].AddRange(readers.Select(reader => index[reader]));
        var ways = new double[runs][];
        for (var run = 0; run < runs; run++)
        {
            var way = ways[run] = [.. groups.Select(CostOf)];
            for (var i = groups.Count - 1; i >= 0; i--)
            {
                var cost = CostOf(groups[i]);
                if (run > 0) way[i] = Math.Max(way[i], cost + readersOf[groups[i]].Select(reader => ways[run - 1][reader]).DefaultIfEmpty(0).Max());
                foreach (var need in dependencies.Needs(groups[i])) way[index[need.Group]] = Math.Max(way[index[need.Group]], CostOf(need.Group) + way[i]);
            }
        }
        return ways;
    }
}
