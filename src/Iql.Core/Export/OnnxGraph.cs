using System.Runtime.InteropServices;
using Iql.Graph;
using Iql.Training;

namespace Iql.Export;

/// <summary>Nodes of an ONNX graph, opset 17, float32, while they are made: one for each op of ours, named t0, t1, ….
/// An axis whose extent is a multiple of the traced rows is the batch, and has any length.</summary>
/// <param name="rows">N as traced: a prime that divides no other extent.</param>
/// <param name="batched">An input whose first axis is the batch.</param>
/// <remarks>onnx.ai, "ONNX Operators"; onnx/onnx.proto3 has the numbers of the fields.</remarks>
sealed class OnnxGraph(int rows, string batched)
{
    internal const int Float = 1, Int64 = 7, Bool = 9;
    readonly Dictionary<Tensor, string> names = [];
    readonly List<Protobuf> nodes = [], initializers = [];
    int made;
    string? batch;

    /// <summary>Adds what a result needs, and the result under a name.</summary>
    internal void Output(string name, Tensor result)
    {
        foreach (var node in Order.Of([result]))
            if (!names.ContainsKey(node)) names[node] = Made(node);
        Add("Identity", [names[result]], name);
    }

    internal void Parameter(NamedTensor tensor) =>
        Initializer(tensor.Name, Float, tensor.Shape.Extents, MemoryMarshal.AsBytes(tensor.Values.Span));

    /// <summary>A GraphProto.</summary>
    internal Protobuf Message(string name, IEnumerable<Protobuf> inputs, IEnumerable<Protobuf> outputs) =>
        new Protobuf().Messages(1, nodes).Text(2, name).Messages(5, initializers).Messages(11, inputs)
            .Messages(12, outputs);

    /// <summary>A ValueInfoProto: float32 of a shape.</summary>
    internal Protobuf Value(string name, Shape shape)
    {
        var dimensions = shape.Extents.Select(extent =>
            IsBatch(extent) ? new Protobuf().Text(2, "batch") : new Protobuf().Int(1, extent));
        var type = new Protobuf().Int(1, Float).Message(2, new Protobuf().Messages(1, dimensions));
        return new Protobuf().Text(1, name).Message(2, new Protobuf().Message(1, type));
    }

    string Made(Tensor node)
    {
        string[] from = [.. node.Sources.Select(source => names[source])];
        return node.Op switch
        {
            Op.Input => node.Name,
            Op.Constant => Numbers((float)node.Number),
            Op.StopGradient => from[0],
            Op.Negate => Node("Neg", from),
            Op.Square => Node("Mul", [from[0], from[0]]),
            Op.Subtract => Node("Sub", from),
            Op.Multiply => Node("Mul", from),
            Op.Divide => Node("Div", from),
            Op.Minimum => Node("Min", from),
            Op.Maximum => Node("Max", from),
            Op.Less or Op.LessOrEqual or Op.Equal => Cast(Node($"{node.Op}", from), Float),
            Op.Where => Node("Where", [Cast(from[0], Bool), from[1], from[2]]),
            Op.MatMul => Node("MatMul", [Turned(node, 0), Turned(node, 1)]),
            Op.Sum => Node("ReduceSum", [from[0], Indices(node.Integers[0])]),
            Op.Max => Node("ReduceMax", from, Wholes("axes", node.Integers[0])),
            // −1: as many as there are.
            Op.Reshape => Node("Reshape",
                [from[0], Indices([.. node.Shape.Extents.Select(e => IsBatch(e) ? -1L : e)])]),
            Op.Transpose => Node("Transpose", from, Wholes("perm", [.. node.Integers.Select(axis => (long)axis)])),
            Op.Broadcast => Node("Expand", [from[0], Stretch(node)]),
            Op.Concat => Node("Concat", from, Whole("axis", node.Integers[0])),
            Op.Slice => Node("Slice", [from[0], Indices(node.Integers[1]),
                Indices(node.Integers[1] + node.Shape[node.Integers[0]]), Indices(node.Integers[0])]),
            Op.Gather => Node("Gather", [from[0], Cast(from[1], Int64)], Whole("axis", 0)),
            // Exp, Tanh, …: one name here and there.
            var op when op.IsUnary() || op == Op.Add => Node($"{op}", from),
            _ => throw new NotSupportedException($"{node.Op} has no ONNX yet; add one line to OnnxGraph.Made."),
        };
    }

    bool IsBatch(int extent) => extent % rows == 0;

    /// <summary>A MatMul's source, with its last two axes exchanged where the node says so.</summary>
    string Turned(Tensor node, int i)
    {
        var (name, rank) = (names[node.Sources[i]], node.Sources[i].Shape.Rank);
        if (node.Integers[i] == 0) return name;
        long[] order = [.. Enumerable.Range(0, rank - 2).Select(axis => (long)axis), rank - 1, rank - 2];
        return Node("Transpose", [name], Wholes("perm", order));
    }

    /// <summary>The shape to stretch to. Where an axis has the batch already, 1 leaves it so.</summary>
    string Stretch(Tensor node)
    {
        var (shape, from) = (node.Shape, node.Sources[0].Shape);
        bool Has(int axis) => axis - shape.Rank + from.Rank is >= 0 and var own && from[own] == shape[axis];
        long[] extents = [.. shape.Extents.Select((extent, axis) => IsBatch(extent) && Has(axis) ? 1L : extent)];
        if (!extents.Any(extent => extent > 0 && IsBatch((int)extent))) return Indices(extents);
        batch ??= Node("Shape", [batched], Whole("start", 0), Whole("end", 1));
        return Node("Concat", [.. extents.Select(extent => !IsBatch((int)extent) ? Indices(extent)
            : extent == rows ? batch : Node("Mul", [batch, Indices(extent / rows)]))], Whole("axis", 0));
    }

    string Cast(string name, int type) => Node("Cast", [name], Whole("to", type));

    string Node(string op, IEnumerable<string> from, params ReadOnlySpan<Protobuf> attributes) =>
        Add(op, from, $"t{made++}", attributes);

    string Add(string op, IEnumerable<string> from, string to, params ReadOnlySpan<Protobuf> attributes)
    {
        var node = new Protobuf();
        foreach (var name in from) node.Text(1, name);
        node.Text(2, to).Text(4, op);
        foreach (var attribute in attributes) node.Message(5, attribute);
        nodes.Add(node);
        return to;
    }

    static Protobuf Whole(string key, long value) => new Protobuf().Text(1, key).Int(3, value).Int(20, 2);

    static Protobuf Wholes(string key, params ReadOnlySpan<long> values)
    {
        var attribute = new Protobuf().Text(1, key);
        foreach (var value in values) attribute.Int(8, value);
        return attribute.Int(20, 7);
    }

    string Numbers(float value) => Initializer($"t{made++}", Float, [], MemoryMarshal.AsBytes([value]));

    string Indices(params ReadOnlySpan<long> values) =>
        Initializer($"t{made++}", Int64, [values.Length], MemoryMarshal.AsBytes(values));

    string Initializer(string name, int type, IEnumerable<int> shape, ReadOnlySpan<byte> values)
    {
        var tensor = new Protobuf();
        foreach (var extent in shape) tensor.Int(1, extent);
        initializers.Add(tensor.Int(2, type).Text(8, name).Bytes(9, values));
        return name;
    }
}
