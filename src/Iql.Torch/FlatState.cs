using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>A learner's state as few vectors: tensors that every program changes alike lie one after another in one, so
/// that Adam and the slow copies are one chain of calls for all of them.</summary>
/// <param name="Layout">The vectors, as one block.</param>
/// <param name="Members">The tensors of the state's blocks, in order, and where they lie.</param>
sealed record FlatState(Layout Layout, ImmutableArray<FlatState.Member> Members)
{
    /// <summary>A tensor of the state.</summary>
    /// <param name="Block">The number of its block.</param>
    /// <param name="Entry">Its place in the block.</param>
    /// <param name="Vector">The number of its vector.</param>
    /// <param name="Offset">Its first number there.</param>
    public readonly record struct Member(int Block, string Name, Layout.Entry Entry, int Vector, int Offset);

    const string Name = "state";

    /// <summary>The vectors for programs of one state. Their outputs are the next state, in the blocks of their first
    /// inputs.</summary>
    public static FlatState Of(ImmutableArray<GraphFunction> programs)
    {
        var entries = programs[0].Outputs.SelectMany((group, block) =>
            group.Layout.Entries.Select(entry => (block, name: $"{group.Layout.Name}/{entry.Name}", entry))).ToArray();
        var places = entries.Select((entry, i) => (entry.name, i)).ToDictionary(pair => pair.name, pair => pair.i);
        var each = programs.Select(program =>
        {
            var results = Results(program);
            return (results, chains: new Chains(Order.Of(results), results, node => places.ContainsKey(node.Name)));
        }).ToArray();

        // Tensors of one kind, split until all of a kind are made alike out of tensors of the same kinds.
        var kinds = new int[entries.Length];
        for (var (count, before) = (1, 0); count > before;)
        {
            var signatures = each.Select(program =>
                program.chains.Signatures(program.results, node => kinds[places[node.Name]]).ToArray()).ToArray();
            var known = new Dictionary<string, int>();
            kinds = [.. entries.Select((_, i) =>
            {
                var all = string.Join(';', signatures.Select(made => made[i] ?? $"alone {i}").Append($"{kinds[i]}"));
                return known.TryGetValue(all, out var kind) ? kind : known[all] = known.Count;
            })];
            (before, count) = (count, known.Count);
        }
        var lengths = new int[kinds.Max() + 1];
        var members = ImmutableArray.CreateBuilder<Member>(entries.Length);
        foreach (var ((block, name, entry), kind) in entries.Zip(kinds))
        {
            members.Add(new(block, name, entry, kind, lengths[kind]));
            lengths[kind] += entry.Shape.Count;
        }
        return new(new(Name, lengths.Select((length, i) => ($"{i}", new Shape(length)))), members.MoveToImmutable());
    }

    /// <summary>The next state of a function, simplified.</summary>
    static ImmutableArray<Tensor> Results(GraphFunction function) =>
        Simplify.Apply(function.WithoutMetrics().Results);

    /// <summary>The same function of the vectors.</summary>
    public GraphFunction Apply(GraphFunction function) => new FlatFunction(this, function).Result;
}
