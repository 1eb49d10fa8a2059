using Iql.Graph;

namespace Iql.Torch;

/// <summary>Computes a tensor from tensors, which stay the caller's.</summary>
delegate nint Compute(ReadOnlySpan<nint> sources);

/// <summary>What makes one tensor.</summary>
/// <param name="Compute">The calls.</param>
/// <param name="Calls">Kernels it launches; 0 is a view of its source.</param>
readonly record struct Kernel(Compute Compute, int Calls = 1);

/// <summary>Every op as calls of libtorch. Tensors have the axis of the runs in front, so an axis of a node is one
/// further back here. A new op is one line.</summary>
static class OpTable
{
    static readonly TorchOp
        negate = new("neg"), exp = new("exp"), log = new("log"), sqrt = new("sqrt"), square = new("square"),
        reciprocal = new("reciprocal"), abs = new("abs"), sign = new("sign"), floor = new("floor"), relu = new("relu"),
        tanh = new("tanh"), sigmoid = new("sigmoid"), logSigmoid = new("log_sigmoid"), sin = new("sin"),
        cos = new("cos"), erf = new("erf"), multiply = new("mul", "Tensor"), divide = new("div", "Tensor"),
        minimum = new("minimum"), maximum = new("maximum"), less = new("lt", "Tensor"),
        lessOrEqual = new("le", "Tensor"), equal = new("eq", "Tensor"), notEqual = new("ne", "Tensor"),
        where = new("where", "self"), bmm = new("bmm"), matmul = new("matmul"), sum = new("sum", "dim_IntList"),
        largest = new("amax"), reshape = new("reshape"), permute = new("permute"), expand = new("expand"),
        concat = new("cat"), narrow = new("narrow"), transpose = new("transpose", "int"), to = new("to", "dtype"),
        clone = new("clone"), indexSelect = new("index_select"), scatterAdd = new("scatter_add");

    /// <summary>Whether an op gives true or false, which <see cref="Number"/> makes 1 or 0.</summary>
    public static bool IsComparison(Op op) => op is Op.Less or Op.LessOrEqual or Op.Equal;

    /// <summary>The calls of an elementwise op, a product, a reduction or an op that moves numbers.</summary>
    /// <param name="shape">The node's shape behind the axis of the runs.</param>
    public static Kernel Of(Tensor node, long[] shape) => node.Op switch
    {
        Op.Negate => Unary(negate),
        Op.Exp => Unary(exp),
        Op.Log => Unary(log),
        Op.Sqrt => Unary(sqrt),
        Op.Square => Unary(square),
        Op.Reciprocal => Unary(reciprocal),
        Op.Abs => Unary(abs),
        Op.Sign => new(Sign, 3),
        Op.Floor => Unary(floor),
        Op.Relu => Unary(relu),
        Op.Tanh => Unary(tanh),
        Op.Sigmoid => Unary(sigmoid),
        Op.Softplus => new(Softplus, 3),
        Op.Sin => Unary(sin),
        Op.Cos => Unary(cos),
        Op.Erf => Unary(erf),
        Op.StopGradient => new(sources => Handles.Again(sources[0]), 0),
        Op.Add => new(sources => Handles.Subtract(sources[0], sources[1], -1)),
        Op.Subtract => new(sources => Handles.Subtract(sources[0], sources[1], 1)),
        Op.Multiply => Binary(multiply),
        Op.Divide => Binary(divide),
        Op.Minimum => Binary(minimum),
        Op.Maximum => Binary(maximum),
        Op.Less => Binary(less),
        Op.LessOrEqual => Binary(lessOrEqual),
        Op.Equal => Binary(equal),
        Op.Where => new(sources => Handles.Call(where, Handles.Argument(sources[0]), Handles.Argument(sources[1]),
            Handles.Argument(sources[2]))),
        Op.MatMul => Binary(shape.Length == 3 ? bmm : matmul),
        Op.Sum => Sum(node.Integers[0] + 1),
        Op.Max => Largest(node.Integers[0] + 1),
        Op.Reshape => Reshape(shape),
        Op.Transpose => Permute([0, .. node.Integers.Select(axis => axis + 1L)]),
        Op.Broadcast => Expand(shape),
        Op.Concat => Concat(node.Integers[0] + 1),
        Op.Slice => Narrow(node.Integers[0] + 1, node.Integers[1], node.Shape[node.Integers[0]]),
        Op.Pad => Pad(node),
        _ => throw new NotSupportedException($"{node.Op}: expected an op of OpTable; add its line."),
    };

    static Kernel Unary(TorchOp op) => new(sources => Handles.Call(op, sources[0]));

    static Kernel Binary(TorchOp op) => new(sources => Handles.Call(op, sources[0], sources[1]));

    // libtorch's sign of NaN is 0, ours is NaN.
    static nint Sign(ReadOnlySpan<nint> sources)
    {
        var x = sources[0];
        nint known = Handles.Call(equal, x, x), signs = Handles.Call(sign, x);
        var result = Handles.Call(where, Handles.Argument(known), Handles.Argument(signs), Handles.Argument(x));
        Handles.Free(known);
        Handles.Free(signs);
        return result;
    }

    // ln(1 + eˣ) = −ln σ(−x); libtorch's own softplus takes numbers that the C interface cannot hand over.
    static nint Softplus(ReadOnlySpan<nint> sources)
    {
        var opposite = Handles.Call(negate, sources[0]);
        var logarithm = Handles.Call(logSigmoid, opposite);
        var result = Handles.Call(negate, logarithm);
        Handles.Free(opposite);
        Handles.Free(logarithm);
        return result;
    }

    static Kernel Sum(long axis) => new(sources => Handles.Call(sum, Handles.Argument(sources[0]),
        Handles.Present(Handles.Argument([axis])), 1, 0));

    static Kernel Largest(long axis) => new(sources => Handles.Call(largest, Handles.Argument(sources[0]),
        Handles.Argument([axis]), 1));

    static Kernel Permute(long[] order) =>
        new(sources => Handles.Call(permute, Handles.Argument(sources[0]), Handles.Argument(order)), 0);

    static Kernel Concat(long axis) => new(sources => Handles.Call(concat, Handles.Argument(sources), (ulong)axis));

    static Kernel Narrow(long axis, long start, long count) => new(sources => Handles.Call(narrow,
        Handles.Argument(sources[0]), (ulong)axis, (ulong)start, (ulong)count), 0);

    static Kernel Pad(Tensor node)
    {
        int axis = node.Integers[0], before = node.Integers[1];
        var counts = new long[2 * (node.Shape.Rank - axis)];
        counts[^2] = before;
        counts[^1] = node.Shape[axis] - before - node.Sources[0].Shape[axis];
        return new(sources => Handles.Pad(sources[0], counts));
    }

    /// <summary>The same numbers under another shape; a view where the memory allows it.</summary>
    public static Kernel Reshape(long[] shape) =>
        new(sources => Handles.Call(reshape, Handles.Argument(sources[0]), Handles.Argument(shape)), 0);

    /// <summary>A view stretched to a shape.</summary>
    public static Kernel Expand(long[] shape) =>
        new(sources => Handles.Call(expand, Handles.Argument(sources[0]), Handles.Argument(shape), 0), 0);

    /// <summary>A view with the last two axes swapped.</summary>
    public static Kernel Swap { get; } = new(sources => Handles.Call(
        transpose, Handles.Argument(sources[0]), unchecked((ulong)-1L), unchecked((ulong)-2L)), 0);

    /// <summary>Another type of numbers; true is 1.</summary>
    public static Kernel Number(NumberType type) => new(sources => To(sources[0], type));

    /// <summary>Whether a number is not 0. Sources: the numbers, 0.</summary>
    public static Kernel IsNotZero { get; } = Binary(notEqual);

    /// <summary>Tensors one after another along their first axis.</summary>
    public static nint Joined(ReadOnlySpan<nint> tensors) => Handles.Call(concat, Handles.Argument(tensors), 0);

    /// <summary>A copy in memory of its own.</summary>
    public static nint Clone(nint x) => Handles.Call(clone, Handles.Argument(x), 0);

    /// <summary>Rows of each run's table. Sources: tables [R, N, ..], indices [R, M], the first row of each run's table
    /// among all rows [R, 1], in float64.</summary>
    public static Kernel Gather(Tensor node, long[] shape)
    {
        var table = node.Sources[0].Shape;
        long[] rows = [shape[0] * table[0], .. shape[2..]];
        return new(sources =>
        {
            var places = Places(sources[1], sources[2], [shape[0] * shape[1]]);
            var flat = Handles.Call(reshape, Handles.Argument(sources[0]), Handles.Argument(rows));
            var chosen = Handles.Call(indexSelect, Handles.Argument(flat), 0, Handles.Argument(places));
            var result = Handles.Call(reshape, Handles.Argument(chosen), Handles.Argument(shape));
            foreach (var handle in (ReadOnlySpan<nint>)[places, flat, chosen]) Handles.Free(handle);
            return result;
        }, 4);
    }

    /// <summary>Rows summed into each run's table. Sources: rows [R, M, ..], indices [R, M], the first row of each
    /// run's table among all rows [R, 1], in float64, and 0.</summary>
    public static Kernel ScatterAdd(Tensor node, long[] shape)
    {
        var rows = (long)node.Sources[0].Shape[0] * shape[0];
        long[] table = [shape[0] * shape[1], .. shape[2..]], flatShape = [rows, .. shape[2..]];
        long[] column = [rows, .. Enumerable.Repeat(1L, shape.Length - 2)];
        return new(sources =>
        {
            var places = Places(sources[1], sources[2], column);
            var wide = Handles.Call(expand, Handles.Argument(places), Handles.Argument(flatShape), 0);
            var flat = Handles.Call(reshape, Handles.Argument(sources[0]), Handles.Argument(flatShape));
            var zeros = Handles.Call(expand, Handles.Argument(sources[3]), Handles.Argument(table), 0);
            var sums = Handles.Call(scatterAdd, Handles.Argument(zeros), 0, Handles.Argument(wide),
                Handles.Argument(flat));
            var result = Handles.Call(reshape, Handles.Argument(sums), Handles.Argument(shape));
            foreach (var handle in (ReadOnlySpan<nint>)[places, wide, flat, zeros, sums]) Handles.Free(handle);
            return result;
        }, 4);
    }

    static nint Places(nint indices, nint firsts, long[] shape)
    {
        var exact = To(indices, NumberType.Float64);
        var sums = Handles.Subtract(exact, firsts, -1);
        var whole = To(sums, NumberType.Int64);
        var places = Handles.Call(reshape, Handles.Argument(whole), Handles.Argument(shape));
        foreach (var handle in (ReadOnlySpan<nint>)[exact, sums, whole]) Handles.Free(handle);
        return places;
    }

    static nint To(nint x, NumberType type) =>
        Handles.Call(to, Handles.Argument(x), (ulong)(uint)Handles.Code(type), 0, 0, 0);
}
