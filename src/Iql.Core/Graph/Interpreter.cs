namespace Iql.Graph;

/// <summary>The meaning of every op in double precision, slow and obvious, on dense row-major arrays.</summary>
public static class Interpreter
{
    /// <summary>The numbers of every result. A shared node is computed once.</summary>
    /// <param name="inputs">Numbers of each input by its name, row-major; other names are ignored.</param>
    /// <returns>One row-major array for each result, in order.</returns>
    public static double[][] Evaluate(IReadOnlyList<Tensor> results, IReadOnlyDictionary<string, double[]> inputs)
    {
        var values = new Dictionary<Tensor, double[]>();
        foreach (var node in Order.Of(results))
            values[node] = node.Op == Op.Input
                ? Bound(node, inputs) : Compute(node, [.. node.Sources.Select(source => values[source])]);
        return [.. results.Select(result => (double[])values[result].Clone())];
    }

    /// <summary>One number of an elementwise op, with as many of x, y, z as it has sources.</summary>
    /// <exception cref="NotSupportedException">The op does not work number by number.</exception>
    public static double Apply(Op op, double x, double y = 0, double z = 0) => op switch
    {
        Op.Negate => -x,
        Op.Exp => Math.Exp(x),
        Op.Log => Math.Log(x),
        Op.Sqrt => Math.Sqrt(x),
        Op.Square => x * x,
        Op.Reciprocal => 1 / x,
        Op.Abs => Math.Abs(x),
        Op.Sign => x > 0 ? 1 : x < 0 ? -1 : x, // zero and NaN are their own sign
        Op.Floor => Math.Floor(x),
        Op.Relu => Math.Max(x, 0),
        Op.Tanh => Math.Tanh(x),
        Op.Sigmoid => x >= 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x)),
        Op.Softplus => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x))),
        Op.Sin => Math.Sin(x),
        Op.Cos => Math.Cos(x),
        Op.Erf => Erf(x),
        Op.StopGradient => x,
        Op.Add => x + y,
        Op.Subtract => x - y,
        Op.Multiply => x * y,
        Op.Divide => x / y,
        Op.Minimum => Math.Min(x, y), // .NET's give NaN if either is
        Op.Maximum => Math.Max(x, y),
        Op.Less => x < y ? 1 : 0,
        Op.LessOrEqual => x <= y ? 1 : 0,
        Op.Equal => x == y ? 1 : 0,
        Op.Where => x != 0 ? y : z,
        _ => throw new NotSupportedException(
            $"{op} does not work number by number; add one line to Interpreter.Apply if it should."),
    };

    static double[] Bound(Tensor node, IReadOnlyDictionary<string, double[]> inputs)
    {
        Check.That(inputs.TryGetValue(node.Name, out var numbers), node.Name,
            $"numbers for this input of shape {node.Shape}",
            $"only {(inputs.Count == 0 ? "an empty dictionary" : string.Join(", ", inputs.Keys))}");
        Check.That(numbers.Length == node.Shape.Count,
            node.Name, $"{node.Shape.Count} numbers for shape {node.Shape}", numbers.Length);
        return numbers;
    }

    static double[] Compute(Tensor node, double[][] sources)
    {
        var shapes = node.Sources.Select(source => source.Shape).ToArray();
        var result = new double[node.Shape.Count];
        switch (node.Op)
        {
            case Op.Constant: result[0] = node.Number; break;
            case Op.Reshape: sources[0].CopyTo(result, 0); break;
            case Op.Broadcast: Each(i => sources[0][Stretched(i, node.Shape, shapes[0])]); break;
            case Op.MatMul: MatMul(node, sources[0], sources[1], result); break;
            case Op.Sum or Op.Max: Reduce(node, sources[0], result); break;
            case Op.Transpose: Transpose(node, sources[0], result); break;
            case Op.Concat: Concat(node, sources, result); break;
            case Op.Slice: Move(shapes[0], node.Shape, node.Integers[0], -node.Integers[1], sources[0], result); break;
            case Op.Pad: Move(shapes[0], node.Shape, node.Integers[0], node.Integers[1], sources[0], result); break;
            case Op.Gather or Op.ScatterAdd: Rows(node, sources[0], sources[1], result); break;
            case Op.RandomUniform or Op.RandomNormal:
                var seed = new Seed((ulong)sources[0][0]).Split((ulong)node.Integers[0]).Split((ulong)sources[1][0]);
                Each(i => node.Op == Op.RandomUniform ? seed.Unit((ulong)i) : seed.Normal((ulong)i));
                break;
            case var op when op.IsElementwise():
                Each(i => Apply(op, Number(0, i), Number(1, i), Number(2, i)));
                break;
            default:
                throw new NotSupportedException($"{node.Op} has no meaning yet; add one line to Interpreter.Compute.");
        }
        return result;

        void Each(Func<int, double> entry)
        {
            for (var i = 0; i < result.Length; i++) result[i] = entry(i);
        }

        double Number(int source, int i) =>
            source < sources.Length ? sources[source][Stretched(i, node.Shape, shapes[source])] : 0;
    }

    /// <summary>The place of entry <paramref name="index"/> of a shape in a source stretched to it.</summary>
    static int Stretched(int index, Shape shape, Shape source)
    {
        int place = 0, stride = 1;
        for (var axis = 1; axis <= source.Rank; axis++)
        {
            if (source[-axis] != 1) place += index % shape[-axis] * stride;
            index /= shape[-axis];
            stride *= source[-axis];
        }
        return place;
    }

    static void MatMul(Tensor node, double[] x, double[] y, double[] result)
    {
        Shape first = node.Sources[0].Shape, second = node.Sources[1].Shape;
        bool transposedX = node.Integers[0] == 1, transposedY = node.Integers[1] == 1;
        int m = node.Shape[-2], n = node.Shape[-1], inner = transposedX ? first[-2] : first[-1];
        var lead = node.Shape.Lead;
        for (var matrix = 0; matrix < lead.Count; matrix++)
        {
            int x0 = Stretched(matrix, lead, first.Lead) * m * inner,
                y0 = Stretched(matrix, lead, second.Lead) * inner * n;
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    var sum = 0.0;
                    for (var k = 0; k < inner; k++)
                        sum += x[x0 + (transposedX ? k * m + i : i * inner + k)]
                            * y[y0 + (transposedY ? j * inner + k : k * n + j)];
                    result[(matrix * m + i) * n + j] = sum;
                }
        }
    }

    /// <summary>Extents before an axis as one, the axis, extents after it as one.</summary>
    static (int Outer, int Extent, int Inner) Around(Shape shape, int axis)
    {
        var inner = 1;
        for (var i = axis + 1; i < shape.Rank; i++) inner *= shape[i];
        return (shape.Count / inner / shape[axis], shape[axis], inner);
    }

    static void Reduce(Tensor node, double[] x, double[] result)
    {
        var (outer, extent, inner) = Around(node.Sources[0].Shape, node.Integers[0]);
        for (var i = 0; i < outer; i++)
            for (var j = 0; j < inner; j++)
            {
                var total = x[i * extent * inner + j];
                for (var k = 1; k < extent; k++)
                    total = Apply(node.Op == Op.Sum ? Op.Add : Op.Maximum, total, x[(i * extent + k) * inner + j]);
                result[i * inner + j] = total;
            }
    }

    static void Transpose(Tensor node, double[] x, double[] result)
    {
        var shape = node.Sources[0].Shape;
        for (var i = 0; i < x.Length; i++)
        {
            var coordinates = new int[shape.Rank];
            for (int axis = shape.Rank - 1, rest = i; axis >= 0; rest /= shape[axis--])
                coordinates[axis] = rest % shape[axis];
            var place = 0;
            for (var axis = 0; axis < shape.Rank; axis++)
                place = place * node.Shape[axis] + coordinates[node.Integers[axis]];
            result[place] = x[i];
        }
    }

    static void Concat(Tensor node, double[][] sources, double[] result)
    {
        var start = 0;
        for (var i = 0; i < sources.Length; i++)
        {
            var shape = node.Sources[i].Shape;
            Move(shape, node.Shape, node.Integers[0], start, sources[i], result);
            start += shape[node.Integers[0]];
        }
    }

    /// <summary>Copies x into the result, shifted along one axis. Entries that fall outside are dropped.</summary>
    static void Move(Shape from, Shape to, int axis, int shift, double[] x, double[] result)
    {
        var (outer, extent, inner) = Around(from, axis);
        for (var i = 0; i < outer; i++)
            for (var k = Math.Max(0, -shift); k < extent && k + shift < to[axis]; k++)
                for (var j = 0; j < inner; j++)
                    result[(i * to[axis] + k + shift) * inner + j] = x[(i * extent + k) * inner + j];
    }

    static void Rows(Tensor node, double[] x, double[] indices, double[] result)
    {
        var gather = node.Op == Op.Gather;
        int rows = gather ? node.Sources[0].Shape[0] : node.Shape[0], width = node.Shape.Count / node.Shape[0];
        for (var i = 0; i < indices.Length; i++)
        {
            Check.That(indices[i] >= 0 && indices[i] < rows && indices[i] == Math.Floor(indices[i]), node.Op.ToString(),
                $"a whole number from 0 to {rows - 1} as index {i}", indices[i]);
            for (int j = 0, row = (int)indices[i]; j < width; j++)
                if (gather) result[i * width + j] = x[row * width + j];
                else result[row * width + j] += x[i * width + j];
        }
    }

    /// <summary>ln(1 + x) for x in [0, 1], corrected for rounding (Kahan; Goldberg 1991, theorem 4).</summary>
    static double LogOnePlus(double x) => 1 + x == 1 ? x : Math.Log(1 + x) * (x / (1 + x - 1));

    /// <summary>Gauss's error function by the series of positive terms (Abramowitz and Stegun 1964, 7.1.6) up to 2 and
    /// the continued fraction of its complement (7.1.14) above; within 1e-15.</summary>
    static double Erf(double x)
    {
        const double rootPi = 1.7724538509055160273;
        var u = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (u > 6) return Math.Sign(x);
        if (u > 2)
        {
            var fraction = u;
            for (var k = 80; k > 0; k--) fraction = u + k * 0.5 / fraction;
            return Math.Sign(x) * (1 - Math.Exp(-u * u) / (rootPi * fraction));
        }
        double term = x, sum = x;
        for (var n = 1; n < 40; n++) sum += term *= 2 * x * x / (2 * n + 1);
        return 2 / rootPi * Math.Exp(-x * x) * sum;
    }
}
