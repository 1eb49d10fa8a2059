namespace Iql.Cpu;

/// <summary>The longest chains of groups that need each other.</summary>
static class CriticalPath
{
    /// <summary>For each group the microseconds of the longest chain of needs that begins with it, over runs that
    /// follow each other. Entry [n − 1] is over n runs.</summary>
    public static double[][] Of(Dependencies dependencies, int runs)
    {
        var groups = dependencies.Groups;
        var costs = groups.Select(CostModel.Of).ToArray();
        var nextRun = dependencies.States.ToLookup(state => state.Maker, state => state.Readers);
        var paths = new double[runs][];
        for (var run = 0; run < runs; run++)
        {
            var path = paths[run] = [.. costs];
            for (var i = groups.Count - 1; i >= 0; i--)
            {
                if (run > 0)
                    foreach (var reader in nextRun[groups[i]].SelectMany(readers => readers))
                        path[i] = Math.Max(path[i], costs[i] + paths[run - 1][dependencies[reader]]);
                foreach (var need in dependencies.Needs(groups[i]).Select(need => dependencies[need.Group]))
                    path[need] = Math.Max(path[need], costs[need] + path[i]);
            }
        }
        return paths;
    }
}
