using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using static Iql.Graph.Tensor;

namespace Iql.Graph;

/// <summary>Derivatives as graphs: reverse mode, one rule an op. A derivative is a graph and has derivatives.</summary>
public static class Gradient
{
    /// <summary>dloss / dparameter for every parameter. Whatever is not named is a constant.</summary>
    /// <param name="parameters">Any nodes: inputs (equal by name) or results. Others are constants.</param>
    /// <returns>One tensor for each parameter, of its shape; zeros where the loss does not depend on it.</returns>
    /// <exception cref="NotSupportedException">An op on the way has no gradient rule.</exception>
    /// <remarks>Differentiate first, then simplify: <see cref="Simplify"/> drops StopGradient.</remarks>
    public static ImmutableArray<Tensor> Of(Tensor loss, IReadOnlyList<Tensor> parameters)
    {
        Check.That(loss.Shape.Rank == 0,
            nameof(loss), "a scalar, shape []", $"shape {loss.Shape}", "Take Tensor.Mean or Tensor.Sum of it.");
        var order = Order.Of([loss]);
        var moving = new HashSet<Tensor>(parameters, new SameInput());
        foreach (var node in order)
            if (node.Sources.Any(moving.Contains)) moving.Add(node);

        var adjoints = new Dictionary<Tensor, Tensor>(new SameInput()) { [loss] = 1.0 };
        foreach (var y in order.Reverse())
        {
            if (!moving.Contains(y) || y.Sources.IsEmpty || !adjoints.TryGetValue(y, out var dy)) continue;
            var contributions = Rule(y, dy);
            for (var i = 0; i < contributions.Length; i++)
            {
                var x = y.Sources[i];
                if (contributions[i] is not { } contribution || !moving.Contains(x)) continue;
                var dx = SumTo(contribution, x.Shape);
                adjoints[x] = adjoints.TryGetValue(x, out var sum) ? sum + dx : dx;
            }
        }
        return [.. parameters.Select(p => adjoints.TryGetValue(p, out var dp) ? dp : Broadcast(0.0, p.Shape))];
    }

    /// <summary>What y's adjoint dy contributes to each source of y (null: nothing), still broadcast.</summary>
    static Tensor?[] Rule(Tensor y, Tensor dy)
    {
        Tensor a = y.Sources[0], b = y.Sources[^1];
        return y.Op switch
        {
            Op.Negate => [-dy],
            Op.Exp => [dy * y],
            Op.Log => [dy / a],
            Op.Sqrt => [0.5 * dy / y],
            Op.Square => [2.0 * dy * a],
            Op.Reciprocal => [-(dy * Square(y))],
            Op.Abs => [dy * Sign(a)],
            Op.Relu => [Where(y > 0.0, dy, 0.0)], // y, not x: the product before it need not be kept
            Op.Tanh => [dy * (1.0 - Square(y))],
            Op.Sigmoid => [dy * (y * (1.0 - y))],
            Op.Softplus => [dy * Sigmoid(a)],
            Op.Sin => [dy * Cos(a)],
            Op.Cos => [-(dy * Sin(a))],
            Op.Erf => [dy * (2.0 / Math.Sqrt(Math.PI) * Exp(-Square(a)))],
            Op.Sign or Op.Floor or Op.StopGradient => [null],

            Op.Add => [dy, dy],
            Op.Subtract => [dy, -dy],
            Op.Multiply => [dy * b, dy * a],
            Op.Divide => [dy / b, -(dy * y / b)],
            Op.Minimum => [Where(a <= b, dy, 0.0), Where(a <= b, 0.0, dy)],
            Op.Maximum => [Where(a >= b, dy, 0.0), Where(a >= b, 0.0, dy)],
            Op.Less or Op.LessOrEqual or Op.Equal => [null, null],
            Op.Where => [null, Where(a, dy, 0.0), Where(a, 0.0, dy)],

            Op.MatMul => Factors(dy, a, b, y.Integers[0] == 1, y.Integers[1] == 1),

            Op.Sum => [Broadcast(dy, a.Shape)],
            Op.Max => [Where(Equal(a, y), dy / Sum(Equal(a, y), y.Integers[0]), 0.0)],

            Op.Reshape => [Reshape(dy, a.Shape)],
            Op.Transpose => [Transpose(dy, [.. Enumerable.Range(0, a.Shape.Rank).Select(i => y.Integers.IndexOf(i))])],
            Op.Broadcast => [dy],
            Op.Concat => Parts(y, dy),
            Op.Slice => [Pad(dy, y.Integers[0], y.Integers[1], a.Shape[y.Integers[0]])],
            Op.Pad => [Slice(dy, y.Integers[0], y.Integers[1], a.Shape[y.Integers[0]])],
            Op.Gather => [ScatterAdd(dy, b, a.Shape[0]), null],
            Op.ScatterAdd => [Gather(dy, b), null],

            Op.RandomUniform or Op.RandomNormal => [null, null],
            _ => throw new NotSupportedException($"{y.Op} has no gradient rule; add one line to Gradient.Rule."),
        };
    }

    /// <summary>MatMul: dy · bᵀ and aᵀ · dy, whatever their flags. Transposes stay flags.</summary>
    static Tensor?[] Factors(Tensor dy, Tensor a, Tensor b, bool transposedA, bool transposedB)
    {
        var da = transposedA ? MatMul(b, dy, transposedB, true) : MatMul(dy, b, false, !transposedB);
        if (!transposedA && a.Shape.Rank > 2 && b.Shape.Count == b.Shape[-2] * b.Shape[-1])
            (a, dy) = (Rows(a), Rows(dy)); // one matrix for every batch entry: their sum is one product over all rows
        var db = transposedB ? MatMul(dy, a, true, transposedA) : MatMul(a, dy, !transposedA);
        return [da, db];

        static Tensor Rows(Tensor x) => Reshape(x, new(x.Shape.Count / x.Shape[-1], x.Shape[-1]));
    }

    /// <summary>Concat: each part's stretch of dy.</summary>
    static Tensor?[] Parts(Tensor y, Tensor dy)
    {
        var (axis, start) = (y.Integers[0], 0);
        return [.. y.Sources.Select(part => part.Shape[axis])
            .Select(size => Slice(dy, axis, (start += size) - size, size))];
    }

    /// <summary>Undoes broadcasting: x summed over every axis along which the shape was stretched to x's.</summary>
    static Tensor SumTo(Tensor x, Shape shape)
    {
        if (x.Shape == shape) return x;
        if (shape.Count == 1) return Reshape(Sum(x), shape);
        bool Stretched(int axis) => axis < x.Shape.Rank - shape.Rank || shape[axis - (x.Shape.Rank - shape.Rank)] == 1;

        // The outer axes are one long axis, summed in one pass.
        var outer = Enumerable.Range(0, x.Shape.Rank).TakeWhile(Stretched).Count();
        var count = new Shape(x.Shape.Extents.AsSpan()[..outer]).Count;
        var sum = outer == 0 ? x : Sum(Reshape(x, new([count, .. x.Shape.Extents.Skip(outer)])), 0);
        for (var axis = outer; axis < x.Shape.Rank; axis++)
            if (Stretched(axis)) sum = Sum(sum, outer == 0 ? axis : axis - outer + 1);
        return Reshape(sum, shape);
    }

    /// <summary>Two inputs of one name are one input; any other node is only itself.</summary>
    sealed class SameInput : IEqualityComparer<Tensor>
    {
        public bool Equals(Tensor? x, Tensor? y) =>
            x == y || x?.Op == Op.Input && y?.Op == Op.Input && x.Name == y.Name && x.Shape == y.Shape;

        public int GetHashCode(Tensor x) => x.Op == Op.Input ? x.Name.GetHashCode() : RuntimeHelpers.GetHashCode(x);
    }
}
