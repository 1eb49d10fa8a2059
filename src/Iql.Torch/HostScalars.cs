using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>Scalars that depend on scalar inputs alone, in double precision on the host, a number for each run.
/// Mutable: <see cref="Compute"/> replaces the numbers, and allocates nothing.</summary>
sealed class HostScalars
{
    /// <summary>A scalar with the places of its sources among the scalars; -1 is none. For an input, the first is its
    /// row.</summary>
    readonly record struct Scalar(Tensor Node, int First, int Second, int Third);

    readonly Dictionary<Tensor, int> places = [];
    readonly List<Scalar> scalars = [];
    readonly double[] numbers;
    readonly int runs, inputs;

    /// <summary>The scalars of a graph.</summary>
    /// <param name="order">Its nodes, sources first.</param>
    /// <param name="names">Names of the scalar inputs, in the order of <see cref="Compute"/>'s rows.</param>
    public HostScalars(IReadOnlyList<Tensor> order, ImmutableArray<string> names, int runs)
    {
        (this.runs, inputs) = (runs, names.Length);
        foreach (var node in order)
        {
            if (!Belongs(node, names)) continue;
            places.Add(node, scalars.Count);
            scalars.Add(node.Op == Op.Input ? new(node, names.IndexOf(node.Name), -1, -1)
                : new(node, Place(node, 0), Place(node, 1), Place(node, 2)));
        }
        numbers = new double[scalars.Count * runs];
    }

    bool Belongs(Tensor node, ImmutableArray<string> names) => node.Shape.Rank == 0 && node.Op switch
    {
        Op.Constant => true,
        Op.Input => names.Contains(node.Name),
        Op.Reshape or Op.Broadcast => Contains(node.Sources[0]),
        var op => op.IsElementwise() && node.Sources.All(Contains),
    };

    int Place(Tensor node, int source) => source < node.Sources.Length ? places[node.Sources[source]] : -1;

    /// <summary>Whether a node is computed here.</summary>
    public bool Contains(Tensor node) => places.ContainsKey(node);

    /// <summary>The numbers of a node, one a run.</summary>
    public ReadOnlySpan<double> this[Tensor node] => numbers.AsSpan(places[node] * runs, runs);

    /// <summary>Computes every scalar.</summary>
    /// <param name="given">A row for each name, each with a number for every run.</param>
    public void Compute(ReadOnlySpan<double> given)
    {
        Check.That(given.Length == inputs * runs, nameof(given),
            $"{inputs * runs} numbers, {inputs} for each of {runs} runs", given.Length);
        for (var (i, at) = (0, 0); i < scalars.Count; i++)
            for (var run = 0; run < runs; run++, at++)
            {
                var (node, first, second, third) = scalars[i];
                numbers[at] = node.Op switch
                {
                    Op.Constant => node.Number,
                    Op.Input => given[first * runs + run],
                    Op.Reshape or Op.Broadcast => Number(first, run),
                    var op => Interpreter.Apply(op, Number(first, run), Number(second, run), Number(third, run)),
                };
            }
    }

    double Number(int place, int run) => place < 0 ? 0 : numbers[place * runs + run];
}
