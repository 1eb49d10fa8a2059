using Iql.Data.Files;
using static Iql.Invariant;

namespace Iql.Data.Inspection;

/// <summary>Few numbers that are far from the others of their column: further from the median than 100 times the
/// distance of the 5th or 95th percentile, in at most 5 rows, or one in 500.</summary>
static class Outliers
{
    const double Far = 100, Tail = 0.05;
    const int Sample = 100_000;

    /// <summary>A sentence for each column that has some.</summary>
    internal static IEnumerable<string> Findings(RawDataset raw)
    {
        var actions = raw.ActionKind == ActionKind.Discrete ? 0 : raw.ActionSize;
        foreach (var (name, matrix, width) in new[]
        {
            ("observations", raw.Observations, raw.ObservationSize), ("actions", raw.Actions, actions),
            ("rewards", raw.Rewards, 1),
        })
            for (var column = 0; column < width; column++)
            {
                var (low, high) = Bounds(matrix, width, column);
                List<int> rows = [];
                for (var row = 0; row < raw.Count && rows.Count <= Most(raw.Count); row++)
                    if (IsOutside(matrix[row * width + column], low, high)) rows.Add(row);
                if (rows.Count == 0 || rows.Count > Most(raw.Count)) continue;
                var some = string.Join(", ", rows.Take(5)) + (rows.Count > 5 ? ", …" : "");
                var label = DataColumns.Label(raw.Columns, name, column);
                var numbers = rows.Count == 1 ? "number" : "numbers";
                yield return Say($"{label} has {rows.Count:N0} {numbers} far from all others, such as ") +
                    Say($"{matrix[rows[0] * width + column]:G6} (row {some}): correct or remove those rows.");
            }
    }

    /// <summary>The range outside of which a number is an outlier; infinite where most numbers are equal.</summary>
    internal static (double Low, double High) Bounds(float[] matrix, int width, int column)
    {
        var count = matrix.Length / width;
        var stride = Math.Max(1, count / Sample);
        var sorted = new List<float>();
        for (var row = 0; row < count; row += stride)
            if (float.IsFinite(matrix[row * width + column])) sorted.Add(matrix[row * width + column]);
        sorted.Sort();
        if (sorted.Count < 20) return (double.NegativeInfinity, double.PositiveInfinity);
        double At(double share) => sorted[(int)(share * (sorted.Count - 1))];
        var spread = Far * Math.Max(At(1 - Tail) - At(0.5), At(0.5) - At(Tail));
        return spread == 0 ? (double.NegativeInfinity, double.PositiveInfinity) : (At(0.5) - spread, At(0.5) + spread);
    }

    internal static bool IsOutside(float number, double low, double high) =>
        float.IsFinite(number) && (number < low || number > high);

    static int Most(int rows) => Math.Max(5, rows / 500);
}
