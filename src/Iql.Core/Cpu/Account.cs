using System.Runtime.CompilerServices;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>
/// The time from run to run, in microseconds, when lanes are dealt out to workers: each makes, of what he has, what can begin earliest,
/// and of that what has the longest chain of needs behind it.
/// </summary>
sealed class Account
{
    // Runs that follow each other. The first only find into step, and beside the last there is no other.
    const int Runs = 8, FirstRuns = 2;

    // A line from another core, and to wait for one, roughly.
    const double Line = 0.015, Wait = 0.3;

    readonly int workers;
    readonly int[] laneOf, loaded; // by the caller, before a run begins
    readonly int[][] lists;
    readonly double[] costs, ways;
    readonly (int Group, int Before, double Lines)[][] needs;

    /// <summary>An account of lanes, given the lane of each group.</summary>
    public Account(Dependencies dependencies, int[] laneOf, int workers)
    {
        (this.laneOf, this.workers) = (laneOf, workers);
        var groups = dependencies.Groups;
        var index = groups.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => pair.i);
        lists = [.. Enumerable.Range(0, laneOf.Max() + 1).Select(lane => Enumerable.Range(1, groups.Count - 1).Where(i => laneOf[i] == lane).ToArray())];
        costs = [.. groups.Select(Assignment.CostOf)];
        ways = Ways(dependencies, Runs)[^1];
        loaded = [.. dependencies.States.Where(state => state.Result.Shape.Count == 1).Select(state => index[state.Maker])];
        var states = dependencies.States.SelectMany(state => state.Readers.Select(reader => (reader, state.Result, state.Maker))).ToLookup(state => state.reader);
        needs = [.. groups.Select(group => dependencies.Needs(group).Where(need => need.Group != groups[0]).Select(need => (index[need.Group], 0, Lines(need.Value)))
            .Concat(states[group].Select(state => (index[state.Maker], 1, Lines(state.Result)))).Distinct().ToArray())];
    }

    static double Lines(Tensor? value) => value is null ? 0 : value.Shape.Count / 16.0;

    /// <summary>The time when each lane is <paramref name="owners"/>'s. It is asked for some hundred times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Of(int[] owners)
    {
        var ends = new double[Runs + 1, costs.Length]; // of each run and the one before the first; not a number until it has been made
        for (var i = costs.Length; i < ends.Length; i++) ends[i / costs.Length, i % costs.Length] = double.NaN;
        var (runs, places, free, done, callersEnd) = (new int[owners.Length], new int[owners.Length], new double[workers], new double[Runs + 1], new double[Runs + 1]);
        while (true)
        {
            // The caller is never behind, and nobody more than a run.
            int callers = Runs, slowest = Runs;
            for (var lane = 0; lane < owners.Length; lane++)
            {
                slowest = Math.Min(slowest, runs[lane]);
                if (owners[lane] == 0) callers = Math.Min(callers, runs[lane]);
            }
            var (best, earliest) = (-1, double.PositiveInfinity);
            for (var lane = 0; lane < owners.Length; lane++)
            {
                if (runs[lane] == Runs || runs[lane] > callers || runs[lane] > slowest + 1) continue;
                var next = lists[lane][places[lane]];
                var begin = Math.Max(callersEnd[runs[lane]], done[Math.Max(0, runs[lane] - 1)]);
                var start = Math.Max(begin, Math.Max(free[owners[lane]], Ready(ends, next, runs[lane] + 1)));
                if (double.IsNaN(start) || start > earliest || (start == earliest && ways[next] <= ways[lists[best][places[best]]])) continue;
                (best, earliest) = (lane, start);
            }
            if (best < 0) return (done[Runs - 1] - done[FirstRuns]) / (Runs - 1 - FirstRuns);
            var (group, run, owner) = (lists[best][places[best]], runs[best] + 1, owners[best]);
            var cost = costs[group];
            foreach (var need in needs[group]) cost += owners[laneOf[need.Group]] == owner ? 0 : Wait + need.Lines * Line;
            free[owner] = ends[run, group] = earliest + cost;
            done[run] = Math.Max(done[run], free[owner]);
            if (owner == 0) callersEnd[run] = Math.Max(callersEnd[run], free[owner]);
            if (++places[best] == lists[best].Length) (places[best], runs[best]) = (0, run);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    double Ready(double[,] ends, int group, int run)
    {
        var ready = 0.0;
        foreach (var need in needs[group]) ready = Math.Max(ready, ends[run - need.Before, need.Group]);
        foreach (var maker in loaded) ready = Math.Max(ready, ends[run - 1, maker]);
        return ready;
    }

    /// <summary>
    /// For each group the time of the longest chain of needs that begins with it, over a number of runs that follow each other: [runs − 1]
    /// for that number, the others for fewer.
    /// </summary>
    public static double[][] Ways(Dependencies dependencies, int runs)
    {
        var groups = dependencies.Groups;
        var index = groups.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => pair.i);
        var costs = groups.Select(Assignment.CostOf).ToArray();
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
