using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>Products, reductions, moving numbers about, random numbers.</summary>
public sealed partial class Tensor
{
    /// <summary>Matrix product over the last two axes, [.., M, K] × [.., K, N] → [.., M, N]; leading axes broadcast.
    /// The flags read a source with its last two axes swapped.</summary>
    public static Tensor MatMul(Tensor x, Tensor y, bool transposeFirst = false, bool transposeSecond = false)
    {
        Check.That(x.Shape.Rank >= 2 && y.Shape.Rank >= 2,
            "MatMul", "two tensors of rank 2 or more", $"{x.Shape} and {y.Shape}");
        var (m, k) = transposeFirst ? (x.Shape[-1], x.Shape[-2]) : (x.Shape[-2], x.Shape[-1]);
        var (k2, n) = transposeSecond ? (y.Shape[-1], y.Shape[-2]) : (y.Shape[-2], y.Shape[-1]);
        Check.That(k == k2, "MatMul", "equal inner extents",
            $"{x.Shape}{(transposeFirst ? " transposed" : "")} and {y.Shape}{(transposeSecond ? " transposed" : "")}");
        var lead = Shape.Broadcast(x.Shape.Lead, y.Shape.Lead, "MatMul");
        return new(Op.MatMul, [x, y], new([.. lead.Extents, m, n]),
            integers: [transposeFirst ? 1 : 0, transposeSecond ? 1 : 0]);
    }

    /// <summary>Sum over one axis, which stays with extent 1.</summary>
    public static Tensor Sum(Tensor x, int axis) => Reduce(Op.Sum, x, axis);
    /// <summary>Sum of all entries, a scalar.</summary>
    public static Tensor Sum(Tensor x) => ReduceAll(Op.Sum, x);
    /// <summary>Mean over one axis, which stays with extent 1.</summary>
    public static Tensor Mean(Tensor x, int axis) => Sum(x, axis) * (1.0 / x.Shape[axis]);
    /// <summary>Mean of all entries, a scalar.</summary>
    public static Tensor Mean(Tensor x) => Sum(x) * (1.0 / x.Shape.Count);
    /// <summary>Maximum over one axis, which stays with extent 1; NaN if any is. Ties share the gradient.</summary>
    public static Tensor Max(Tensor x, int axis) => Reduce(Op.Max, x, axis);
    /// <summary>Largest of all entries, a scalar.</summary>
    public static Tensor Max(Tensor x) => ReduceAll(Op.Max, x);
    /// <summary>Smallest of all entries, a scalar.</summary>
    public static Tensor Min(Tensor x) => -Max(-x);

    /// <summary>ln Σ exp(x) over one axis, which stays with extent 1, without overflow.</summary>
    public static Tensor LogSumExp(Tensor x, int axis)
    {
        var largest = StopGradient(Max(x, axis));
        return largest + Log(Sum(Exp(x - largest), axis));
    }

    /// <summary>exp(x) / Σ exp(x) over one axis, without overflow.</summary>
    public static Tensor Softmax(Tensor x, int axis)
    {
        var weights = Exp(x - StopGradient(Max(x, axis)));
        return weights / Sum(weights, axis);
    }

    /// <summary>gain · (x − mean) / √(variance + epsilon) + bias over the last axis; population variance.</summary>
    public static Tensor LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon = 1e-5)
    {
        var centred = x - Mean(x, -1);
        return centred * Reciprocal(Sqrt(Mean(Square(centred), -1) + epsilon)) * gain + bias;
    }

    /// <summary>The same entries in row-major order under another shape.</summary>
    public static Tensor Reshape(Tensor x, Shape shape)
    {
        Check.That(x.Shape.Count == shape.Count, "Reshape", $"a shape of {x.Shape.Count} entries, as {x.Shape}", shape);
        return x.Shape == shape ? x : new(Op.Reshape, [x], shape);
    }

    /// <summary>Axes in another order: axis i of the result is axis <c>order[i]</c> of x.</summary>
    public static Tensor Transpose(Tensor x, params ReadOnlySpan<int> order)
    {
        int[] permutation = order.ToArray(), sorted = order.ToArray();
        Array.Sort(sorted);
        Check.That(sorted.AsSpan().SequenceEqual(Enumerable.Range(0, x.Shape.Rank).ToArray()), "Transpose",
            $"each axis of {x.Shape} once", $"[{string.Join(", ", permutation)}]");
        var shape = x.Shape;
        return new(Op.Transpose, [x], new([.. permutation.Select(axis => shape[axis])]), integers: [.. permutation]);
    }

    /// <summary>x stretched to a larger shape by NumPy's rule.</summary>
    public static Tensor Broadcast(Tensor x, Shape shape)
    {
        Check.That(Shape.Broadcast(x.Shape, shape, "Broadcast") == shape,
            "Broadcast", $"a shape that {x.Shape} stretches to", shape);
        return x.Shape == shape ? x : new(Op.Broadcast, [x], shape);
    }

    /// <summary>Tensors one after another along an axis; all other extents must agree.</summary>
    public static Tensor Concat(int axis, params ReadOnlySpan<Tensor> parts)
    {
        Check.That(parts.Length > 0, "Concat", "at least one tensor", "none");
        var first = parts[0].Shape;
        axis = first.Axis(axis);
        var total = 0;
        foreach (var part in parts)
        {
            Check.That(part.Shape.Rank == first.Rank && part.Shape.With(axis, 1) == first.With(axis, 1), "Concat",
                $"shapes that agree but for axis {axis}", $"{first} and {part.Shape}");
            total += part.Shape[axis];
        }
        return new(Op.Concat, [.. parts], first.With(axis, total), integers: [axis]);
    }

    /// <summary>Entries start … start + count − 1 along an axis.</summary>
    public static Tensor Slice(Tensor x, int axis, int start, int count)
    {
        axis = x.Shape.Axis(axis);
        Check.That(start >= 0 && count >= 1 && start + count <= x.Shape[axis], "Slice",
            $"a range inside axis {axis} of {x.Shape}", $"start {start}, count {count}");
        return count == x.Shape[axis] ? x : new(Op.Slice, [x], x.Shape.With(axis, count), integers: [axis, start]);
    }

    /// <summary>x with zeros around it along an axis, up to a given extent: the gradient of Slice.</summary>
    public static Tensor Pad(Tensor x, int axis, int before, int extent)
    {
        axis = x.Shape.Axis(axis);
        Check.That(before >= 0 && before + x.Shape[axis] <= extent,
            "Pad", $"room for {x.Shape} in extent {extent}", $"{before} zeros before");
        return extent == x.Shape[axis] ? x : new(Op.Pad, [x], x.Shape.With(axis, extent), integers: [axis, before]);
    }

    /// <summary>Rows of a table [N, ..] by whole-number indices [M] → [M, ..].</summary>
    public static Tensor Gather(Tensor table, Tensor indices)
    {
        Check.That(table.Shape.Rank >= 1 && indices.Shape.Rank == 1,
            "Gather", "a table [N, ..] and indices [M]", $"{table.Shape} and {indices.Shape}");
        return new(Op.Gather, [table, indices], table.Shape.With(0, indices.Shape[0]));
    }

    /// <summary>Rows [M, ..] summed into a table, row i at indices[i]: the gradient of Gather.</summary>
    public static Tensor ScatterAdd(Tensor rows, Tensor indices, int count)
    {
        Check.That(rows.Shape.Rank >= 1 && indices.Shape == new Shape(rows.Shape[0]),
            "ScatterAdd", "rows [M, ..] and indices [M]", $"{rows.Shape} and {indices.Shape}");
        return new(Op.ScatterAdd, [rows, indices], rows.Shape.With(0, count), integers: [count]);
    }

    /// <summary>Uniform numbers on [0, 1). Entry i is word i of Seed(whole number
    /// <paramref name="seed"/>).Split(stream).Split(whole number counter).</summary>
    public static Tensor RandomUniform(Tensor seed, Tensor counter, int stream, Shape shape) =>
        Random(Op.RandomUniform, seed, counter, stream, shape);

    /// <summary>Standard normal numbers, entry i from words 2i and 2i + 1 as <see cref="Seed.Normal"/>.</summary>
    public static Tensor RandomNormal(Tensor seed, Tensor counter, int stream, Shape shape) =>
        Random(Op.RandomNormal, seed, counter, stream, shape);

    static Tensor Random(Op op, Tensor seed, Tensor counter, int stream, Shape shape)
    {
        Check.That(seed.Shape.Rank == 0 && counter.Shape.Rank == 0,
            op.ToString(), "scalar seed and counter", $"{seed.Shape} and {counter.Shape}");
        return new(op, [seed, counter], shape, integers: [stream]);
    }

    static Tensor Reduce(Op op, Tensor x, int axis)
    {
        axis = x.Shape.Axis(axis);
        return x.Shape[axis] == 1 ? x : new(op, [x], x.Shape.With(axis, 1), integers: [axis]);
    }

    // Rows first, then one flat reduction: each is a kernel of its own kind.
    static Tensor ReduceAll(Op op, Tensor x)
    {
        if (x.Shape.Rank == 0) return x;
        var rows = x.Shape.Rank == 1 ? x : Reshape(Reduce(op, x, -1), new(x.Shape.Count / x.Shape[-1]));
        return Reshape(Reduce(op, rows, 0), Shape.Scalar);
    }
}
