using System.Collections.Immutable;
using static Iql.Graph.Tensor;

namespace Iql.Graph;

/// <summary>The same results from fewer nodes: equal subexpressions merge, numbers fold, identities go.</summary>
/// <remarks>A rule either keeps every bit or computes a scalar in double that was computed in float32 before. Only the
/// sign of a zero may change (x + 0 is x, also for x = −0). x · 0 is not 0, since x may be NaN or infinite. Sums are
/// never reordered. What a result becomes does not depend on the other results.</remarks>
public static class Simplify
{
    /// <summary>The simplified results, in the order given. Differentiate before: StopGradient goes, too.</summary>
    public static ImmutableArray<Tensor> Apply(IReadOnlyList<Tensor> results)
    {
        var simple = new Dictionary<Tensor, Tensor>(); // also from every simplified node to itself
        var known = new Dictionary<Tensor, Tensor>(new SameNode());
        foreach (var node in Order.Of(results)) Visit(node);
        return [.. results.Select(result => simple[result])];

        Tensor Visit(Tensor node)
        {
            if (simple.TryGetValue(node, out var done)) return done;
            var same = node.On([.. node.Sources.Select(Visit)]);
            var better = Rule(same) is { } next ? Visit(next) : Known(same);
            return simple[better] = simple[node] = better;
        }

        Tensor Known(Tensor node)
        {
            if (known.TryGetValue(node, out var twin)) return twin;
            if (node.Op.IsCommutative() && known.TryGetValue(node.On([node.Sources[1], node.Sources[0]]), out twin))
                return twin;
            return known[node] = node;
        }
    }

    /// <summary>Something simpler with y's value and shape, or null. y's sources are simple already.</summary>
    static Tensor? Rule(Tensor y)
    {
        if (y.Sources.IsEmpty) return null;
        Tensor a = y.Sources[0], b = y.Sources[^1];
        if (y.Op.IsElementwise())
        {
            if (y.Sources.All(IsConstant))
                return Interpreter.Apply(y.Op, a.Number, y.Sources.Length > 1 ? y.Sources[1].Number : 0, b.Number);
            if (y.Shape.Rank > 0 && y.Sources.All(x => Entry(x) is not null))
                return Broadcast(y.On([.. y.Sources.Select(x => Entry(x)!)], Shape.Scalar), y.Shape);
            if (y.Op.IsUnary() && a.Op == Op.Broadcast)
                return Broadcast(y.On([a.Sources[0]], a.Sources[0].Shape), y.Shape);
            if (Unstretched(y) is { } bare) return bare;
        }
        return y.Op switch
        {
            Op.StopGradient => a,
            Op.Negate when a.Op == Op.Negate => a.Sources[0],
            Op.Add when Is(a, 0) => Broadcast(b, y.Shape),
            Op.Add when Is(b, 0) => Broadcast(a, y.Shape),
            Op.Add when b.Op == Op.Negate => a - b.Sources[0],
            Op.Add when a.Op == Op.Negate => b - a.Sources[0],
            Op.Subtract when Is(a, 0) => Broadcast(-b, y.Shape),
            Op.Subtract when Is(b, 0) => Broadcast(a, y.Shape),
            Op.Subtract when b.Op == Op.Negate => a + b.Sources[0],
            Op.Multiply when Is(a, 1) => Broadcast(b, y.Shape),
            Op.Multiply when Is(b, 1) => Broadcast(a, y.Shape),
            Op.Multiply when Is(a, -1) => Broadcast(-b, y.Shape),
            Op.Multiply when Is(b, -1) => Broadcast(-a, y.Shape),
            Op.Multiply when a == b => Square(a),
            Op.Divide when Is(b, 1) => Broadcast(a, y.Shape),
            Op.Minimum or Op.Maximum when a == b => a,
            Op.Where when Entry(a) is { Op: Op.Constant } entry =>
                Broadcast(entry.Number != 0 ? y.Sources[1] : b, y.Shape),
            Op.Where when y.Sources[1] == b => Broadcast(b, y.Shape),

            Op.MatMul when IsTransposed(a) => MatMul(a.Sources[0], b, y.Integers[0] == 0, y.Integers[1] == 1),
            Op.MatMul when IsTransposed(b) => MatMul(a, b.Sources[0], y.Integers[0] == 1, y.Integers[1] == 0),

            Op.Reshape or Op.Transpose or Op.Slice when a.Op == Op.Broadcast && Entry(a) is { } entry =>
                Broadcast(entry, y.Shape),
            Op.Reshape when a.Op == Op.Reshape => Reshape(a.Sources[0], y.Shape),
            Op.Broadcast when Inner(a) is { } inner && inner.Shape.Rank <= y.Shape.Rank => Broadcast(inner, y.Shape),
            Op.Transpose when y.Integers.SequenceEqual(Enumerable.Range(0, a.Shape.Rank)) => a,
            Op.Transpose when a.Op == Op.Transpose =>
                Transpose(a.Sources[0], [.. y.Integers.Select(axis => a.Integers[axis])]),
            Op.Concat when y.Sources.Length == 1 => a,
            Op.Slice when a.Op == Op.Slice && a.Integers[0] == y.Integers[0] =>
                Slice(a.Sources[0], y.Integers[0], a.Integers[1] + y.Integers[1], y.Shape[y.Integers[0]]),
            _ => null,
        };
    }

    /// <summary>y on a source before its broadcast, which y does itself; null without one.</summary>
    static Tensor? Unstretched(Tensor y)
    {
        for (var i = 0; i < y.Sources.Length; i++)
        {
            if (Inner(y.Sources[i]) is not { } inner) continue;
            var sources = y.Sources.SetItem(i, inner);
            if (sources.Aggregate(Shape.Scalar, (shape, x) => Shape.Broadcast(shape, x.Shape, "Simplify")) == y.Shape)
                return y.On(sources);
        }
        return null;
    }

    /// <summary>The source of a Broadcast, or of a Reshape by outer axes of extent 1 only; else null.</summary>
    static Tensor? Inner(Tensor x)
    {
        // Not to rank 0: a scalar lives elsewhere.
        var only = x.Op == Op.Broadcast
            || x.Op == Op.Reshape && x.Shape.Rank > 0 && Wide(x.Shape).SequenceEqual(Wide(x.Sources[0].Shape));
        return only ? x.Sources[0] : null;

        static IEnumerable<int> Wide(Shape shape) => shape.Extents.SkipWhile(extent => extent == 1);
    }

    /// <summary>The scalar that all entries of x equal: x itself, or the scalar it stretches; else null.</summary>
    static Tensor? Entry(Tensor x) => x.Shape.Rank == 0 ? x : Inner(x) is { } inner ? Entry(inner) : null;

    static bool IsConstant(Tensor x) => x.Op == Op.Constant;
    static bool Is(Tensor x, double number) => Entry(x) is { Op: Op.Constant } entry && entry.Number == number;

    static bool IsTransposed(Tensor x) => x.Op == Op.Transpose && x.Shape.Rank >= 2
        && x.Integers.SequenceEqual([.. Enumerable.Range(0, x.Shape.Rank - 2), x.Shape.Rank - 1, x.Shape.Rank - 2]);

    /// <summary>Equal nodes compute the same from the same sources. Numbers by their bits: −0 is not 0.</summary>
    sealed class SameNode : IEqualityComparer<Tensor>
    {
        public bool Equals(Tensor? x, Tensor? y) => x == y || x is not null && y is not null
            && x.Op == y.Op && x.Shape == y.Shape && x.Name == y.Name && x.Sources.SequenceEqual(y.Sources)
            && x.Integers.SequenceEqual(y.Integers)
            && BitConverter.DoubleToInt64Bits(x.Number) == BitConverter.DoubleToInt64Bits(y.Number);

        public int GetHashCode(Tensor x)
        {
            var hash = new HashCode();
            hash.Add(x.Op);
            hash.Add(x.Shape);
            hash.Add(x.Number);
            hash.Add(x.Name);
            foreach (var source in x.Sources) hash.Add(source);
            foreach (var integer in x.Integers) hash.Add(integer);
            return hash.ToHashCode();
        }
    }
}
