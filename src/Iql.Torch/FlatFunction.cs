using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>A step rewritten for a <see cref="FlatState"/>: the same numbers, with one chain of nodes for all tensors
/// of a vector. Tensors that other nodes read are slices of it.</summary>
sealed class FlatFunction
{
    readonly Dictionary<Tensor, (Tensor Vector, int Offset)> placed = []; // old nodes that lie in a new vector
    readonly Dictionary<Tensor, Tensor> single = []; // old nodes as new ones of their shape
    readonly Dictionary<string, Tensor> vectors = []; // new vectors, by the places of the old nodes in them
    readonly Dictionary<string, Tensor[]> rows = []; // old nodes of chains that are computed together
    readonly Dictionary<Tensor, int> uses = [];
    readonly Chains chains;

    /// <summary>Rewrites a function.</summary>
    public FlatFunction(FlatState state, GraphFunction function)
    {
        var all = Simplify.Apply(function.Results);
        var members = state.Members;
        var inputs = state.Layout.Inputs();
        var byName = members.ToDictionary(member => member.Name);
        chains = new(Order.Of(all), all.Take(members.Length), node => byName.ContainsKey(node.Name));
        foreach (var source in chains.Order.SelectMany(node => node.Sources).Concat(all))
            uses[source] = uses.GetValueOrDefault(source) + 1;
        foreach (var node in chains.Order)
            if (byName.TryGetValue(node.Name, out var member))
                placed[node] = (inputs.Tensors[member.Vector], member.Offset);
        Tensor[][] parts = [.. state.Layout.Entries.Select((_, part) =>
            all.Take(members.Length).Where((_, i) => members[i].Vector == part).ToArray())];
        foreach (var part in parts) Collect(part);

        var levels = chains.Order.ToLookup(chains.Level);
        foreach (var level in levels.OrderBy(level => level.Key))
        {
            foreach (var node in level.Where(node => !chains.Contains(node))) Single(node);
            // The longest first: shorter ones may be slices of them.
            foreach (var row in rows.Values.Where(row => chains.Level(row[0]) == level.Key)
                .OrderByDescending(row => row.Length))
                Vector(row);
        }
        Result = function with
        {
            Inputs = [state.Layout, .. function.Inputs.Where(input =>
                !function.Outputs.Any(group => group.Layout.Name == input.Name))],
            Outputs = [new(state.Layout, [.. parts.Select(Vector)])],
            Metrics = [.. function.Metrics.Select((metric, i) => (metric.Name, Single(all[members.Length + i])))],
        };
    }

    /// <summary>The function of vectors.</summary>
    public GraphFunction Result { get; }

    string Key(Tensor[] row) => string.Join(' ', row.Select(chains.Place));

    // Rows of chain nodes below a row, itself included.
    void Collect(Tensor[] row)
    {
        if (!chains.Contains(row[0]) || !rows.TryAdd(Key(row), row)) return;
        for (var i = 0; i < row[0].Sources.Length; i++) Collect(Sources(row, i));
    }

    static Tensor[] Sources(Tensor[] row, int i) => [.. row.Select(node => node.Sources[i])];

    Tensor Single(Tensor node) => single.TryGetValue(node, out var known) ? known : single[node] =
        placed.TryGetValue(node, out var place)
            ? Tensor.Reshape(Tensor.Slice(place.Vector, 0, place.Offset, node.Shape.Count), node.Shape)
            : node.On([.. node.Sources.Select(Single)]);

    Tensor Vector(Tensor[] row)
    {
        var key = Key(row);
        if (vectors.TryGetValue(key, out var known)) return known;
        var length = row.Sum(node => node.Shape.Count);
        if (Slice(row, length) is { } slice) return vectors[key] = slice;
        if (!AreAlike(row))
            return vectors[key] = Tensor.Concat(0,
                [.. row.Select(node => Tensor.Reshape(Single(node), new Shape(node.Shape.Count)))]);
        var vector = row[0].On([.. row[0].Sources.Select((source, i) =>
            source.Shape.Rank == 0 ? Single(source) : Vector(Sources(row, i)))], new Shape(length));
        var offset = 0;
        foreach (var node in row)
        {
            placed.TryAdd(node, (vector, offset));
            offset += node.Shape.Count;
        }
        return vectors[key] = vector;
    }

    /// <summary>The part of a vector that holds a row's nodes one after another, or null.</summary>
    Tensor? Slice(Tensor[] row, int length)
    {
        if (!placed.TryGetValue(row[0], out var first)) return null;
        var next = first.Offset;
        foreach (var node in row)
        {
            if (!placed.TryGetValue(node, out var place) || place != (first.Vector, next)) return null;
            next += node.Shape.Count;
        }
        return Tensor.Slice(first.Vector, 0, first.Offset, length);
    }

    /// <summary>Whether one op makes all nodes of a row: nodes of a chain, or nodes that the row alone reads.</summary>
    bool AreAlike(Tensor[] row) =>
        row.All(node => node.Op == row[0].Op && node.Shape.Rank > 0 && Chains.IsPlain(node))
        && (row.All(chains.Contains) || row.Length > 1 && row.All(node => uses[node] == 1 && !chains.Contains(node)))
        && Enumerable.Range(0, row[0].Sources.Length).All(i => row[0].Sources[i].Shape.Rank > 0
            ? row.All(node => node.Sources[i].Shape.Rank > 0)
            : row.All(node => node.Sources[i] == row[0].Sources[i]));
}
