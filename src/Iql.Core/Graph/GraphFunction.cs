using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>A traced function: blocks and scalars in, blocks and scalars out. It is the seam to whatever executes it:
/// the compiler for a CPU, the interpreter, another device.</summary>
/// <param name="Inputs">Layouts of the blocks it reads; their tensors are inputs named "block/entry".</param>
/// <param name="Scalars">Names of its scalar inputs, in the order they are handed over.</param>
/// <param name="Outputs">Blocks it writes, each with a tensor for every entry.</param>
/// <param name="Metrics">Named scalars it reports.</param>
public sealed record GraphFunction(
    ImmutableArray<Layout> Inputs,
    ImmutableArray<string> Scalars,
    ImmutableArray<TensorGroup> Outputs,
    ImmutableArray<(string Name, Tensor Value)> Metrics)
{
    /// <summary>A function without metrics. Its scalars are those that the outputs need, in graph order.</summary>
    public static GraphFunction Of(ImmutableArray<Layout> inputs, ImmutableArray<TensorGroup> outputs)
    {
        HashSet<string> entries =
            [.. inputs.SelectMany(block => block.Entries.Select(entry => $"{block.Name}/{entry.Name}"))];
        var scalars = Order.Of(outputs.SelectMany(group => group.Tensors))
            .Where(node => node.Op == Op.Input && node.Shape == Shape.Scalar && !entries.Contains(node.Name));
        return new(inputs, [.. scalars.Select(node => node.Name).Distinct()], outputs, []);
    }

    /// <summary>Every tensor to compute: outputs in order, then metrics.</summary>
    public ImmutableArray<Tensor> Results =>
        [.. Outputs.SelectMany(group => group.Tensors), .. Metrics.Select(metric => metric.Value)];

    /// <summary>The same function without metrics, for steps between two log lines. Outputs keep their bits.</summary>
    public GraphFunction WithoutMetrics() => this with { Metrics = [] };

    /// <summary>The same function with other nodes in the place of some; null keeps a node.</summary>
    internal GraphFunction Replaced(Func<Tensor, Tensor?> other)
    {
        var made = new Dictionary<Tensor, Tensor>();
        foreach (var node in Order.Of(Results))
            made[node] = other(node) ?? node.On([.. node.Sources.Select(source => made[source])]);
        return this with
        {
            Outputs = [.. Outputs.Select(group =>
                new TensorGroup(group.Layout, [.. group.Tensors.Select(tensor => made[tensor])]))],
            Metrics = [.. Metrics.Select(metric => (metric.Name, made[metric.Value]))],
        };
    }
}
