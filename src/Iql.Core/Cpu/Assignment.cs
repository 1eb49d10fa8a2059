using Iql.Graph;

namespace Iql.Cpu;

/// <summary>The streams of a graph: lists of kernels, each executed in order by one worker. Either every worker has one
/// stream, with its share of every kernel; or every subgraph is a stream, and a worker has several.</summary>
/// <param name="Workers">The worker of each stream.</param>
/// <param name="StreamOf">The stream of each group, in their order. Null: every stream has a share of it.</param>
sealed record Assignment(IReadOnlyList<int> Workers, IReadOnlyList<int?> StreamOf)
{
    // Larger matrices do not stay in a core's second cache, but their shares may.
    const int LargestMatrix = 1 << 17;

    // A smaller improvement does not count.
    const double Gain = 0.9999;

    /// <summary>Whether every worker has a share of every kernel.</summary>
    public bool IsShared => StreamOf.Any(stream => stream is null) || Workers.Count == 1;

    /// <summary>A stream for each subgraph, where matrices are small, runs are in place and that is quicker.</summary>
    public static Assignment Of(Dependencies dependencies, int workers)
    {
        var groups = dependencies.Groups;
        var shared = new Assignment([.. Enumerable.Range(0, workers)],
            [.. groups.Select(group => workers == 1 || Dependencies.IsSingle(group) ? 0 : (int?)null)]);
        if (workers == 1 || !dependencies.RunsInPlace) return shared;
        if (groups.SelectMany(group => group.All).Any(node => node.Shape.Count > LargestMatrix)) return shared;
        var subgraphs = Subgraphs.Of(dependencies);
        if (subgraphs.Values.Distinct().Count() < workers) return shared;
        var streamOf = StreamsOf(dependencies, subgraphs);
        var (owners, time) = Owners(dependencies, subgraphs, streamOf, workers);
        var isQuicker = time < groups.Sum(group => CostModel.Shared(group, workers));
        return isQuicker ? new(owners, [.. streamOf.Select(stream => (int?)stream)]) : shared;
    }

    // The stream of every group: its subgraph, or else that of its first reader or of the last group it needs.
    static int[] StreamsOf(Dependencies dependencies, Dictionary<Group, int> subgraphs)
    {
        var groups = dependencies.Groups;
        var streams = new Dictionary<Group, int>(subgraphs);
        foreach (var group in groups.Reverse().Where(group => !streams.ContainsKey(group)))
            if (groups.FirstOrDefault(reader => streams.ContainsKey(reader) && Reads(reader, group)) is { } first)
                streams[group] = streams[first];
        foreach (var group in groups.Where(group => !streams.ContainsKey(group)))
            streams[group] = dependencies.Needs(group).Where(need => streams.ContainsKey(need.Group))
                .Select(need => streams[need.Group]).LastOrDefault(0);
        return [.. groups.Select(group => streams[group])];

        bool Reads(Group reader, Group group) => dependencies.Needs(reader).Any(need => need.Group == group);
    }

    // The longest stream first, each to the worker with the lowest load; then moves and exchanges that save time.
    static (int[] Owners, double Time) Owners(
        Dependencies dependencies, Dictionary<Group, int> subgraphs, int[] streamOf, int workers)
    {
        var (owners, load, costs) = (new int[streamOf.Max() + 1], new double[workers], new double[streamOf.Max() + 1]);
        foreach (var (group, stream) in subgraphs) costs[stream] += CostModel.Of(group);
        foreach (var stream in Enumerable.Range(0, owners.Length).OrderByDescending(stream => costs[stream]))
            load[owners[stream] = Array.IndexOf(load, load.Min())] += costs[stream];
        var simulator = new ScheduleSimulator(dependencies, streamOf, workers);
        var time = simulator.Time(owners);
        for (var isBetter = true; isBetter;)
        {
            isBetter = false;
            for (var a = 0; a < owners.Length; a++)
            {
                for (var worker = 0; worker < workers; worker++) Try(a, worker, a, worker);
                for (var b = 0; b < a; b++) Try(a, owners[b], b, owners[a]);
            }

            void Try(int a, int worker, int b, int otherWorker)
            {
                if (owners[a] == worker) return;
                int[] changed = [.. owners];
                (changed[a], changed[b]) = (worker, otherWorker);
                if (simulator.Time(changed) is var now && now > time * Gain) return;
                (owners, time, isBetter) = (changed, now, true);
            }
        }
        return (owners, time);
    }
}
