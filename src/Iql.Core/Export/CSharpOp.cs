using Iql.Graph;

namespace Iql.Export;

/// <summary>The loops of each op in C#, on arrays of double that hold a tensor row by row.</summary>
static class CSharpOp
{
    /// <summary>Statements that fill the array <paramref name="to"/> from the arrays of a node's sources.</summary>
    internal static IEnumerable<string> Of(Tensor node, string to, IReadOnlyList<string> from)
    {
        Shape shape = node.Shape, first = node.Sources.Length > 0 ? node.Sources[0].Shape : Shape.Scalar;
        string Each(string value) => $"for (var i = 0; i < {shape.Count}; i++) {to}[i] = {value};";
        string At(int source) => $"{from[source]}[{Place(node.Sources[source].Shape, shape)}]";
        switch (node.Op)
        {
            case Op.Constant:
                return [FormattableString.Invariant($"{to}[0] = {node.Number:R};")];
            case Op.Reshape or Op.StopGradient: return [$"Array.Copy({from[0]}, {to}, {shape.Count});"];
            case Op.Broadcast: return [Each(At(0))];
            case Op.MatMul: return Product(node, to, from);
            case Op.Sum or Op.Max: return Reduction(node, to, from[0]);
            case Op.Transpose:
                return [Each($"{from[0]}[{Sum(Enumerable.Range(0, shape.Rank).Select(axis =>
                    Term(shape, axis, Stride(first, node.Integers[axis]))))}]")];
            case Op.Slice:
                return [Each($"{from[0]}[{Moved(shape, first, node.Integers[0], node.Integers[1])}]")];
            case Op.Concat: return Parts(node, to, from);
            case Op.Gather:
                var width = shape.Count / shape[0];
                return [Each($"{from[0]}[(int){from[1]}[i / {width}] * {width} + i % {width}]")];
            default: return [Each(Value(node.Op, [.. Enumerable.Range(0, node.Sources.Length).Select(At)]))];
        }
    }

    static string Value(Op op, string[] x) => op switch
    {
        Op.Negate => $"-{x[0]}",
        Op.Square => $"{x[0]} * {x[0]}",
        Op.Reciprocal => $"1 / {x[0]}",
        Op.Floor or Op.Abs or Op.Exp or Op.Log or Op.Sqrt or Op.Tanh or Op.Sin or Op.Cos => $"Math.{op}({x[0]})",
        Op.Relu => $"Math.Max({x[0]}, 0)",
        Op.Sigmoid => $"1 / (1 + Math.Exp(-{x[0]}))",
        Op.Softplus => $"Math.Max({x[0]}, 0) + Math.Log(1 + Math.Exp(-Math.Abs({x[0]})))",
        Op.Erf => $"Erf({x[0]})",
        Op.Add => $"{x[0]} + {x[1]}",
        Op.Subtract => $"{x[0]} - {x[1]}",
        Op.Multiply => $"{x[0]} * {x[1]}",
        Op.Divide => $"{x[0]} / {x[1]}",
        Op.Minimum => $"Math.Min({x[0]}, {x[1]})",
        Op.Maximum => $"Math.Max({x[0]}, {x[1]})",
        Op.Less => $"{x[0]} < {x[1]} ? 1 : 0",
        Op.LessOrEqual => $"{x[0]} <= {x[1]} ? 1 : 0",
        Op.Equal => $"{x[0]} == {x[1]} ? 1 : 0",
        Op.Where => $"{x[0]} != 0 ? {x[1]} : {x[2]}",
        _ => throw new NotSupportedException($"{op} has no C# yet; add one line to CSharpOp.Value."),
    };

    static IEnumerable<string> Product(Tensor node, string to, IReadOnlyList<string> from)
    {
        Shape x = node.Sources[0].Shape, y = node.Sources[1].Shape, lead = node.Shape.Lead;
        var (turnedX, turnedY) = (node.Integers[0] == 1, node.Integers[1] == 1);
        var (m, n, inner) = (node.Shape[-2], node.Shape[-1], turnedX ? x[-2] : x[-1]);
        string Start(Shape source, int size) => $"({Place(source.Lead, lead, "b")}) * {size}";
        return
        [
            $"for (var b = 0; b < {lead.Count}; b++)",
            $"    for (var i = 0; i < {m}; i++)",
            $"        for (var k = 0; k < {inner}; k++)",
            "        {",
            $"            var a = {from[0]}[{Start(x, m * inner)} + "
                + $"{(turnedX ? $"k * {m} + i" : $"i * {inner} + k")}];",
            $"            var y = {Start(y, inner * n)}{(turnedY ? " + k" : $" + k * {n}")};",
            $"            for (var j = 0; j < {n}; j++) "
                + $"{to}[(b * {m} + i) * {n} + j] += a * {from[1]}[y + j{(turnedY ? $" * {inner}" : "")}];",
            "        }",
        ];
    }

    static IEnumerable<string> Reduction(Tensor node, string to, string from)
    {
        var (shape, axis) = (node.Sources[0].Shape, node.Integers[0]);
        var inner = Stride(shape, axis);
        var entry = $"{from}[(i / {inner} * {shape[axis]} + k) * {inner} + i % {inner}]";
        var (start, step) = node.Op == Op.Sum ? ("0.0", $"total += {entry}")
            : ("double.NegativeInfinity", $"total = Math.Max(total, {entry})");
        return
        [
            $"for (var i = 0; i < {node.Shape.Count}; i++)",
            "{",
            $"    var total = {start};",
            $"    for (var k = 0; k < {shape[axis]}; k++) {step};",
            $"    {to}[i] = total;",
            "}",
        ];
    }

    static IEnumerable<string> Parts(Tensor node, string to, IReadOnlyList<string> from)
    {
        var (axis, start) = (node.Integers[0], 0);
        for (var part = 0; part < from.Count; part++)
        {
            var shape = node.Sources[part].Shape;
            yield return $"for (var i = 0; i < {shape.Count}; i++) "
                + $"{to}[{Moved(shape, node.Shape, axis, start)}] = {from[part]}[i];";
            start += shape[axis];
        }
    }

    /// <summary>The place in a larger shape of entry i of a part of it, which begins at a place of an axis.</summary>
    static string Moved(Shape part, Shape whole, int axis, int start)
    {
        var stride = Stride(whole, axis);
        var (own, all) = (part[axis] * stride, whole[axis] * stride);
        return part.Count == own ? $"i + {start * stride}" : $"i / {own} * {all} + i % {own} + {start * stride}";
    }

    /// <summary>The place of entry i of a shape in a source that is stretched to it.</summary>
    static string Place(Shape source, Shape to, string i = "i")
    {
        if (source.Count == 1) return "0";
        if (source.Count == to.Count) return i;
        return Sum(Enumerable.Range(0, source.Rank).Where(axis => source[axis] != 1).Select(axis =>
            Term(to, axis + to.Rank - source.Rank, Stride(source, axis), i)));
    }

    static string Term(Shape shape, int axis, int times, string i = "i") =>
        shape[axis] == 1 ? "0" : $"{i} / {Stride(shape, axis)} % {shape[axis]} * {times}";

    static string Sum(IEnumerable<string> terms) => string.Join(" + ", terms.DefaultIfEmpty("0"));

    static int Stride(Shape shape, int axis) =>
        shape.Extents.Skip(axis + 1).Aggregate(1, (all, extent) => all * extent);
}
