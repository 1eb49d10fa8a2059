using Iql.Cpu;
using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Bench;

/// <summary>A small graph that compiles to one kernel, or to the few that its name says.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Function">The graph.</param>
public sealed record GraphCase(string Name, GraphFunction Function) : IWork
{
    const int B = 256, H = 256, Narrow = 12, TableColumns = 32;

    /// <summary>Rows of the table that is gathered from.</summary>
    public const int TableRows = 100_000;

    /// <summary>Counted by the compiler, as in `iql explain`.</summary>
    public Work Work
    {
        get
        {
            using var compiled = CompiledGraph.Compile(Function);
            return new(Name, compiled.Kernels.Sum(kernel => kernel.Flop), compiled.Kernels.Sum(kernel => kernel.Floats * sizeof(float)));
        }
    }

    public override string ToString() => Name;

    /// <summary>Products of a layer of 256 and what follows them in the same kernel; and kernels that move memory.</summary>
    public static IEnumerable<GraphCase> All { get; } =
    [
        Of("NN 256³", [new(B, H), new(H, H)], x => [MatMul(x[0], x[1])]),
        Of("TN 256³", [new(B, H), new(B, H)], x => [MatMul(x[0], x[1], transposeFirst: true)]),
        Of("NT 256³", [new(B, H), new(H, H)], x => [MatMul(x[0], x[1], transposeSecond: true)]),
        Of("NN K 12", [new(B, Narrow), new(Narrow, H)], x => [MatMul(x[0], x[1])]),
        Of("TN K 12", [new(B, Narrow), new(B, H)], x => [MatMul(x[0], x[1], transposeFirst: true)]),
        Of("NN 256³ bias ReLU", [new(B, H), new(H, H), new(H)], x => [Relu(MatMul(x[0], x[1]) + x[2])]),
        Of("NT 256³ mask", [new(B, H), new(H, H), new(B, H)], x => [Where(0 < x[2], MatMul(x[0], x[1], transposeSecond: true), 0)]),
        Of("TN 256³ Adam", [new(B, H), new(B, H), new(H, H), new(H, H), new(H, H)], Adam),
        Of("elementwise chain", [new(B, H), new(B, H)], x => [Exp(Minimum(x[0] * 0.5 + x[1], 2)) - Tanh(x[1])]),
        Of("row sums", [new(B, H)], x => [Sum(Square(x[0]), 1)]),
        Of("column sums", [new(B, H)], x => [Sum(x[0], 0)]),
        Of("gather 256 rows", [new(TableRows, TableColumns), new(B)], x => [Gather(x[0], x[1])]),
    ];

    static Tensor[] Adam(Tensor[] x)
    {
        var gradient = MatMul(x[0], x[1], transposeFirst: true);
        var (mean, square) = (0.9 * x[3] + 0.1 * gradient, 0.999 * x[4] + 0.001 * Square(gradient));
        return [x[2] - 3e-4 * mean / (Sqrt(square) + 1e-8), mean, square];
    }

    static GraphCase Of(string name, Shape[] shapes, Func<Tensor[], Tensor[]> body)
    {
        var inputs = new Layout("in", shapes.Select((shape, i) => ($"x{i}", shape)));
        var results = body([.. inputs.Inputs().Tensors]);
        var outputs = new Layout("out", results.Select((result, i) => ($"y{i}", result.Shape)));
        return new(name, new([inputs], [], [new(outputs, [.. results])], []));
    }
}
