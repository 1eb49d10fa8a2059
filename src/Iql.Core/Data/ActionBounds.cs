using System.Collections.Immutable;

namespace Iql.Data;

/// <summary>The bounds of a data set's actions, between which a policy will act.</summary>
public static class ActionBounds
{
    /// <summary>Share of a column's numbers beyond each of its quantiles.</summary>
    public const double Tail = 0.01;

    /// <summary>Quantiles of more rows are those of a sample of so many.</summary>
    const int MostRows = 1_000_000;

    /// <summary>Finds the bounds of each column.</summary>
    /// <param name="dataset">Raw data of continuous actions.</param>
    /// <param name="rule">None gives no bounds.</param>
    /// <returns>Two of [A]. They are equal for a column that never changes.</returns>
    /// <exception cref="ArgumentException">Discrete actions; bounds that the source does not state.</exception>
    public static (ImmutableArray<float> Low, ImmutableArray<float> High) Of(IDataset dataset, ActionScaling rule)
    {
        if (rule == ActionScaling.None) return ([], []);
        Check.That(!dataset.ActionSpace.IsDiscrete, $"--action-scaling {rule.ToString().ToLowerInvariant()}",
            "continuous actions", dataset.ActionSpace, "Leave it out: choices have no scale.");
        (float Low, float High)[] bounds = rule switch
        {
            ActionScaling.Bounds => [.. Enumerable.Range(0, dataset.ActionSize).Select(i => Stated(dataset, i))],
            ActionScaling.MinMax => Extremes(dataset),
            _ => Quantiles(dataset),
        };
        return ([.. bounds.Select(each => each.Low)], [.. bounds.Select(each => each.High)]);
    }

    /// <summary>Whether the source states finite bounds of every action.</summary>
    public static bool AreStated(IDataset dataset) => dataset is { ActionSpace.IsDiscrete: false, Columns: { } columns }
        && columns.Actions.All(column => IsBound(column.Least) && IsBound(column.Greatest));

    /// <summary>The share of each column's numbers outside its bounds, [A]; of many rows that of a sample.</summary>
    public static double[] Outside(IDataset dataset, Normalization normalization)
    {
        var (low, high) = (normalization.ActionLow, normalization.ActionHigh);
        var sample = dataset.Sample(MostRows);
        var outside = new double[low.Length];
        for (var row = 0; row < sample.Count && low.Length > 0; row++)
            for (var i = 0; i < low.Length; i++)
                if (sample.Action(row)[i] is var number && (number < low[i] || number > high[i])) outside[i]++;
        return [.. outside.Select(count => count / sample.Count)];
    }

    static bool IsBound(double? bound) => bound is { } number && float.IsFinite((float)number);

    static (float, float) Stated(IDataset dataset, int i)
    {
        var column = dataset.Columns?.Actions[i];
        Check.That(IsBound(column?.Least) && IsBound(column?.Greatest), DataColumns.Action(dataset.Columns, i),
            $"bounds in the schema or the metadata of {dataset.Name}",
            column is { Least: null, Greatest: null } or null ? "none" : "one, or one that is not finite",
            "Learn them from the data: --action-scaling minmax.");
        return ((float)column!.Least!, (float)column.Greatest!);
    }

    static unsafe (float, float)[] Extremes(IDataset dataset)
    {
        var size = dataset.ActionSize;
        var bounds = new (float Low, float High)[size];
        Array.Fill(bounds, (float.PositiveInfinity, float.NegativeInfinity));
        if (dataset is Transitions transitions)
            for (var row = 0; row < transitions.Count; row++) Widen(transitions.Action(row));
        else
            for (var row = 0L; row < dataset.Table.Count; row++)
                Widen(new(dataset.Table.Row(row) + dataset.Table.Layout.Actions, size));
        GC.KeepAlive(dataset);
        return bounds;

        void Widen(ReadOnlySpan<float> action)
        {
            for (var i = 0; i < size; i++)
                bounds[i] = (Math.Min(bounds[i].Low, action[i]), Math.Max(bounds[i].High, action[i]));
        }
    }

    static (float, float)[] Quantiles(IDataset dataset)
    {
        var sample = dataset.Sample(MostRows);
        var extremes = Extremes(dataset);
        var column = new float[sample.Count];
        for (var i = 0; i < extremes.Length; i++)
        {
            for (var row = 0; row < column.Length; row++) column[row] = sample.Action(row)[i];
            Array.Sort(column);
            var beyond = (int)(Tail * (column.Length - 1));
            var (low, high) = (column[beyond], column[^(beyond + 1)]);
            // A column that is nearly always the same still has all of its numbers.
            if (low < high) extremes[i] = (low, high);
        }
        return extremes;
    }
}
