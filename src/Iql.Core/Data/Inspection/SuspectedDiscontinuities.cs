using System.Collections.Immutable;
using Iql.Data.Files;

namespace Iql.Data.Inspection;

/// <summary>Where rows seem not to lead to the next, in files without next observations. A step moves column j by |Δⱼ|;
/// q_j is the 99th percentile of that inside episodes, but at most 5 times the 90th, which many missing ends do not
/// change.</summary>
/// <param name="Rows">Rows inside an episode after which a column moves by more than 10 q_j and a quarter of its range
/// (1st to 99th percentile): the next row most likely begins another episode.</param>
/// <param name="Continued">Time-outs after which no column moves by more than q_j: the episode seems to go on.</param>
/// <param name="Offset">Rows from flag to discontinuity, if most agree (−1: the flag is a row late); else null.</param>
sealed record SuspectedDiscontinuities(ImmutableArray<int> Rows, int Continued, int? Offset)
{
    const double Far = 10, Quarter = 0.25, Usual = 0.99, Robust = 0.9, RobustFactor = 5;
    const int Window = 8;

    internal static SuspectedDiscontinuities Of(RawDataset raw, bool[] timeouts)
    {
        var size = raw.ObservationSize;
        var (usual, range, bounds) = (new double[size], new double[size], new (double Low, double High)[size]);
        for (var column = 0; column < size; column++)
        {
            (usual[column], range[column]) = Scales(raw, timeouts, column);
            bounds[column] = Outliers.Bounds(raw.Observations, size, column);
        }
        // Where a step may lead anywhere (one-hot cells), nothing is near.
        var local = Enumerable.Range(0, size).Any(column => usual[column] < Quarter * range[column]);
        var jumps = ImmutableArray.CreateBuilder<int>();
        var continued = 0;
        for (var row = 0; row + 1 < raw.Count; row++)
        {
            if (raw.Terminals[row]) continue;
            var (jumped, still, same) = (false, true, true);
            for (var column = 0; column < size; column++)
            {
                var moved = Moved(raw, row, column);
                jumped |= usual[column] > 0 && moved > Far * usual[column] && moved > Quarter * range[column]
                    && !Stray(row, column) && !Stray(row + 1, column);
                still &= moved <= usual[column];
                same &= moved == 0;
            }
            if (!timeouts[row] && jumped) jumps.Add(row);
            // A state that never moves says nothing.
            if (local && timeouts[row] && still && !same) continued++;
        }
        return new(jumps.ToImmutable(), continued, OffsetOf(jumps, raw, timeouts));

        // A single wrong number is no jump.
        bool Stray(int row, int column) =>
            Outliers.IsOutside(raw.Observations[row * size + column], bounds[column].Low, bounds[column].High);
    }

    static double Moved(RawDataset raw, int row, int column)
    {
        var at = row * raw.ObservationSize + column;
        return Math.Abs((double)raw.Observations[at + raw.ObservationSize] - raw.Observations[at]);
    }

    /// <summary>q_j and the column's range, over at most 100,000 evenly spaced rows.</summary>
    static (double Usual, double Range) Scales(RawDataset raw, bool[] timeouts, int column)
    {
        const int most = 100_000;
        var stride = Math.Max(1, raw.Count / most);
        List<double> moves = [], values = [];
        for (var row = 0; row + 1 < raw.Count; row += stride)
        {
            var value = raw.Observations[row * raw.ObservationSize + column];
            if (!float.IsFinite(value)) continue;
            values.Add(value);
            var moved = Moved(raw, row, column);
            if (!raw.Terminals[row] && !timeouts[row] && double.IsFinite(moved)) moves.Add(moved);
        }
        moves.Sort();
        values.Sort();
        var usual = Math.Min(At(moves, Usual), RobustFactor * At(moves, Robust));
        return (usual, At(values, Usual) - At(values, 1 - Usual));

        static double At(List<double> sorted, double share) =>
            sorted.Count == 0 ? 0 : sorted[(int)(share * (sorted.Count - 1))];
    }

    static int? OffsetOf(IReadOnlyList<int> jumps, RawDataset raw, bool[] timeouts)
    {
        var counts = new Dictionary<int, int>();
        foreach (var jump in jumps)
            for (var distance = 1; distance <= Window; distance++)
            {
                var found = false;
                foreach (var offset in (int[])[distance, -distance])
                {
                    var end = jump - offset;
                    if (end < 0 || end >= raw.Count || !(timeouts[end] || raw.Terminals[end])) continue;
                    counts[offset] = counts.GetValueOrDefault(offset) + 1;
                    found = true;
                }
                if (found) break;
            }
        var best = counts.OrderByDescending(pair => pair.Value).FirstOrDefault();
        return 2 * best.Value > jumps.Count && jumps.Count > 0 ? best.Key : null;
    }
}
