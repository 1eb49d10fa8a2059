using Iql.Graph;

namespace Iql.Torch;

/// <summary>Scalars that depend on scalar inputs alone, in double precision on the host, a number for each run.
/// Mutable: <see cref="Compute"/> replaces the numbers.</summary>
sealed class HostScalars
{
    readonly Dictionary<Tensor, int> slots = [];
    readonly List<Tensor> nodes = [];
    readonly double[] numbers;
    readonly int runs;

    /// <summary>The scalars of a graph.</summary>
    /// <param name="order">Its nodes, sources first.</param>
    /// <param name="names">Names of the scalar inputs, in the order of <see cref="Compute"/>'s rows.</param>
    public HostScalars(IReadOnlyList<Tensor> order, IReadOnlyList<string> names, int runs)
    {
        (this.runs, Names) = (runs, names);
        foreach (var node in order)
        {
            if (!Belongs(node)) continue;
            slots.Add(node, nodes.Count);
            nodes.Add(node);
        }
        numbers = new double[nodes.Count * runs];
    }

    IReadOnlyList<string> Names { get; }

    bool Belongs(Tensor node) => node.Shape.Rank == 0 && node.Op switch
    {
        Op.Constant => true,
        Op.Input => Names.Contains(node.Name),
        Op.Reshape or Op.Broadcast => slots.ContainsKey(node.Sources[0]),
        var op => op.IsElementwise() && node.Sources.All(slots.ContainsKey),
    };

    /// <summary>Whether a node is computed here.</summary>
    public bool Contains(Tensor node) => slots.ContainsKey(node);

    /// <summary>The numbers of a node, one a run.</summary>
    public ReadOnlySpan<double> this[Tensor node] => numbers.AsSpan(slots[node] * runs, runs);

    /// <summary>Computes every scalar.</summary>
    /// <param name="scalars">A row for each name, each with a number for every run.</param>
    public void Compute(ReadOnlySpan<double> scalars)
    {
        Check.That(scalars.Length == Names.Count * runs, nameof(scalars),
            $"{Names.Count * runs} numbers, {Names.Count} for each of {runs} runs", scalars.Length);
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            for (var run = 0; run < runs; run++)
                numbers[i * runs + run] = node.Op switch
                {
                    Op.Constant => node.Number,
                    Op.Input => scalars[Row(node.Name) * runs + run],
                    Op.Reshape or Op.Broadcast => Source(node, 0, run),
                    var op => Interpreter.Apply(op, Source(node, 0, run), Source(node, 1, run), Source(node, 2, run)),
                };
        }
    }

    int Row(string name)
    {
        for (var i = 0; i < Names.Count; i++)
            if (Names[i] == name) return i;
        throw new ArgumentException($"{name}: expected one of {string.Join(", ", Names)}.");
    }

    double Source(Tensor node, int source, int run) =>
        source < node.Sources.Length ? numbers[slots[node.Sources[source]] * runs + run] : 0;
}
