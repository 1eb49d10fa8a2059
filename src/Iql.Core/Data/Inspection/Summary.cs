using System.Collections.Immutable;

namespace Iql.Data.Inspection;

/// <summary>A column's order statistics (interpolated linearly) and moments.</summary>
/// <param name="Count">Finite numbers, to which all else refers; without any, all is 0.</param>
/// <param name="Percentile1">Greater than 1% of them.</param>
/// <param name="LowerQuartile">Greater than a quarter.</param>
/// <param name="UpperQuartile">Greater than three quarters.</param>
/// <param name="Percentile99">Greater than 99%.</param>
/// <param name="Deviation">Population standard deviation.</param>
public readonly record struct Summary(long Count, double Min, double Percentile1, double LowerQuartile, double Median,
    double UpperQuartile, double Percentile99, double Max, double Mean, double Deviation)
{
    const int Sample = 100_000;

    /// <summary>Of a column of a row-major matrix. Quantiles are of at most 100,000 evenly spaced rows.</summary>
    public static Summary Of(ReadOnlySpan<float> matrix, int columns = 1, int column = 0)
    {
        var rows = matrix.Length / columns;
        var sample = new List<float>(Math.Min(rows, Sample));
        double min = double.PositiveInfinity, max = double.NegativeInfinity, sum = 0, squares = 0;
        var count = 0L;
        for (var row = 0; row < rows; row++)
        {
            var number = matrix[row * columns + column];
            if (!float.IsFinite(number)) continue;
            // Welford's update keeps the deviation exact beside a large mean.
            var before = number - sum;
            sum += before / ++count;
            squares += before * (number - sum);
            (min, max) = (Math.Min(min, number), Math.Max(max, number));
            if (rows <= Sample || (long)row * Sample / rows != (long)(row - 1) * Sample / rows || row == 0)
                sample.Add(number);
        }
        if (count == 0) return default;
        sample.Sort();
        double At(double share)
        {
            var at = share * (sample.Count - 1);
            var below = (int)at;
            double above = sample[Math.Min(below + 1, sample.Count - 1)];
            return sample[below] + (at - below) * (above - sample[below]);
        }
        return new(count, min, At(0.01), At(0.25), At(0.5), At(0.75), At(0.99), max, sum, Math.Sqrt(squares / count));
    }
}

/// <summary>Counts between edges: bin i holds edge i ≤ x &lt; edge i+1, the last bin also its upper edge.</summary>
/// <param name="Edges">Ascending, one more than bins; empty without numbers.</param>
public sealed record Histogram(ImmutableArray<double> Edges, ImmutableArray<long> Counts)
{
    /// <summary>Of all finite numbers, in equal bins from minimum to maximum; one bin when all are equal.</summary>
    public static Histogram Of(ReadOnlySpan<float> numbers, int bins = 20)
    {
        Check.AtLeast(bins, 1, nameof(bins));
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (var number in numbers)
            if (float.IsFinite(number)) (min, max) = (Math.Min(min, number), Math.Max(max, number));
        if (min > max) return new([], []);
        if (min == max) bins = 1;
        var width = (max - min) / bins;
        var counts = new long[bins];
        foreach (var number in numbers)
            if (float.IsFinite(number)) counts[min == max ? 0 : Math.Min(bins - 1, (int)((number - min) / width))]++;
        return new([.. Enumerable.Range(0, bins + 1).Select(i => i == bins ? max : min + i * width)], [.. counts]);
    }
}
