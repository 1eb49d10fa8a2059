using System.Runtime.CompilerServices;

namespace Iql.Cpu;

/// <summary>The time from run to run, in microseconds, when every stream has a worker. Of its streams a worker takes
/// the kernel that can begin first, and among equals the one with the longest chain of needs behind it.</summary>
sealed class ScheduleSimulator
{
    // Runs that follow each other. The first only find into step, and beside the last there is no other.
    const int Runs = 8, FirstRuns = 2;

    readonly int workers;
    readonly int[] streamOf;
    readonly int[][] kernels; // of each stream
    readonly int[] loaded; // by the caller, before a run begins
    readonly double[] costs, paths;
    readonly (int Group, int RunsBefore, double Transfer)[][] needs;

    public ScheduleSimulator(Dependencies dependencies, int[] streamOf, int workers)
    {
        (this.streamOf, this.workers) = (streamOf, workers);
        var groups = dependencies.Groups;
        kernels = [.. Enumerable.Range(0, streamOf.Max() + 1)
            .Select(stream => Enumerable.Range(1, groups.Count - 1).Where(i => streamOf[i] == stream).ToArray())];
        costs = [.. groups.Select(CostModel.Of)];
        paths = CriticalPath.Of(dependencies, Runs)[^1];
        loaded = [.. dependencies.States.Where(state => state.Result.Shape.Count == 1)
            .Select(state => dependencies[state.Maker])];
        var states = dependencies.States
            .SelectMany(state => state.Readers.Select(reader => (reader, state.Result, state.Maker)))
            .ToLookup(state => state.reader);
        needs = [.. groups.Select(group => dependencies.Needs(group).Where(need => need.Group != groups[0])
            .Select(need => (dependencies[need.Group], 0, CostModel.Transfer(need.Value)))
            .Concat(states[group].Select(state => (dependencies[state.Maker], 1, CostModel.Transfer(state.Result))))
            .Distinct().ToArray())];
    }

    /// <summary>The time, given the worker of each stream. A search asks some hundred times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Time(int[] owners)
    {
        // Row 0 is the run before the first, over at time 0; not a number: not made yet.
        var ends = new double[Runs + 1, costs.Length];
        for (var i = costs.Length; i < ends.Length; i++) ends[i / costs.Length, i % costs.Length] = double.NaN;
        var (runs, next, free) = (new int[owners.Length], new int[owners.Length], new double[workers]);
        var (runEnd, callersEnd) = (new double[Runs + 1], new double[Runs + 1]);
        while (true)
        {
            // The caller is never behind, and no stream more than a run.
            int callers = Runs, slowest = Runs;
            for (var stream = 0; stream < owners.Length; stream++)
            {
                slowest = Math.Min(slowest, runs[stream]);
                if (owners[stream] == 0) callers = Math.Min(callers, runs[stream]);
            }
            var (best, earliest) = (-1, double.PositiveInfinity);
            for (var stream = 0; stream < owners.Length; stream++)
            {
                var before = runs[stream];
                if (before == Runs || before > callers || before > slowest + 1) continue;
                var kernel = kernels[stream][next[stream]];
                var begin = Math.Max(callersEnd[before], runEnd[Math.Max(0, before - 1)]);
                var start = Math.Max(begin, Math.Max(free[owners[stream]], Ready(ends, kernel, before + 1)));
                if (double.IsNaN(start) || start > earliest) continue;
                if (start == earliest && paths[kernel] <= paths[kernels[best][next[best]]]) continue;
                (best, earliest) = (stream, start);
            }
            if (best < 0) return (runEnd[Runs - 1] - runEnd[FirstRuns]) / (Runs - 1 - FirstRuns);
            var (group, run, owner) = (kernels[best][next[best]], runs[best] + 1, owners[best]);
            var cost = costs[group];
            foreach (var need in needs[group])
                if (owners[streamOf[need.Group]] != owner) cost += need.Transfer;
            free[owner] = ends[run, group] = earliest + cost;
            runEnd[run] = Math.Max(runEnd[run], free[owner]);
            if (owner == 0) callersEnd[run] = Math.Max(callersEnd[run], free[owner]);
            if (++next[best] == kernels[best].Length) (next[best], runs[best]) = (0, run);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    double Ready(double[,] ends, int group, int run)
    {
        var ready = 0.0;
        foreach (var need in needs[group]) ready = Math.Max(ready, ends[run - need.RunsBefore, need.Group]);
        foreach (var maker in loaded) ready = Math.Max(ready, ends[run - 1, maker]);
        return ready;
    }
}
