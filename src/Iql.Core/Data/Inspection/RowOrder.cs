using Iql.Data.Files;

namespace Iql.Data.Inspection;

/// <summary>Whether rows follow each other in time: of two neighbours in an episode, some column differs by much less
/// than of two random rows.</summary>
static class RowOrder
{
    const int Pairs = 2000, LeastPairs = 50, LeastValues = 16;
    /// <summary>Median of neighbours over that of random pairs: 0.001 to 0.2 in order, 0.8 to 1.1 shuffled.</summary>
    const double Near = 0.5;

    internal static IEnumerable<string> Findings(RawDataset raw, bool[] timeouts)
    {
        var inside = Enumerable.Range(0, Math.Max(0, raw.Count - 1))
            .Where(row => !raw.Terminals[row] && !timeouts[row]).ToArray();
        if (inside.Length < LeastPairs) yield break;
        var count = Math.Min(Pairs, inside.Length);
        var seed = Seed.Named("row order");
        int Random(int i, int half) => seed.Below((ulong)(2 * i + half), raw.Count);
        var smallest = double.PositiveInfinity;
        for (var column = 0; column < raw.ObservationSize; column++)
        {
            var at = column;
            float Value(int row) => raw.Observations[row * raw.ObservationSize + at];
            var rows = Enumerable.Range(0, count).Select(i => inside[(int)((long)i * inside.Length / count)]).ToArray();
            // A few values, as of cells and flags, are as near to any row as to the next.
            if (rows.Select(Value).Distinct().Take(LeastValues).Count() < LeastValues) continue;
            var far = Median(Enumerable.Range(0, count).Select(i => Value(Random(i, 0)) - (double)Value(Random(i, 1))));
            var near = Median(rows.Select(row => Value(row + 1) - (double)Value(row)));
            if (far > 0) smallest = Math.Min(smallest, near / far);
        }
        if (double.IsFinite(smallest) && smallest > Near)
            yield return "Rows do not seem to follow each other in time: neighbours differ as much as random rows. " +
                "If rows were shuffled, save them in order, or with next_observations.";
    }

    static double Median(IEnumerable<double> differences)
    {
        double[] sorted = [.. differences.Where(double.IsFinite).Select(Math.Abs)];
        Array.Sort(sorted);
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
