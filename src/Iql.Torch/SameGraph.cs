using Iql.Graph;

namespace Iql.Torch;

/// <summary>Whether functions compute the same but for their numbers: then one program serves runs of both.</summary>
static class SameGraph
{
    /// <summary>Whether ops, shapes, sources, constants (by their bits), names and layouts agree.</summary>
    public static bool Holds(GraphFunction x, GraphFunction y)
    {
        if (ReferenceEquals(x, y)) return true;
        if (!x.Scalars.SequenceEqual(y.Scalars) || x.Inputs.Length != y.Inputs.Length
            || x.Metrics.Length != y.Metrics.Length
            || !x.Metrics.Select(metric => metric.Name).SequenceEqual(y.Metrics.Select(metric => metric.Name))
            || !x.Inputs.Zip(y.Inputs).All(pair =>
                pair.First.Name == pair.Second.Name && pair.First.IsSame(pair.Second))
            || x.Outputs.Length != y.Outputs.Length
            || !x.Outputs.Zip(y.Outputs).All(pair => pair.First.Layout.IsSame(pair.Second.Layout)))
            return false;
        var (first, second) = (Order.Of(x.Results), Order.Of(y.Results));
        return first.Count == second.Count && Numbered(x, first).SequenceEqual(Numbered(y, second))
            && first.Zip(second).All(pair => SameNode(pair.First, pair.Second));
    }

    static bool SameNode(Tensor x, Tensor y) => x.Op == y.Op && x.Shape == y.Shape && x.Name == y.Name
        && x.Integers.SequenceEqual(y.Integers)
        && BitConverter.DoubleToInt64Bits(x.Number) == BitConverter.DoubleToInt64Bits(y.Number);

    // Places of every node's sources, then of the results.
    static IEnumerable<int> Numbered(GraphFunction function, IReadOnlyList<Tensor> order)
    {
        var place = order.Select((node, i) => (node, i)).ToDictionary(pair => pair.node, pair => pair.i);
        return [.. order.SelectMany(node => node.Sources).Concat(function.Results).Select(node => place[node])];
    }
}
