using Iql.Graph;

namespace Iql.Torch;

/// <summary>The nodes of a step that make new tensors of the state out of old ones number by number: Adam, the slow
/// copies. Tensors with the same signature are made alike, whatever their shapes.</summary>
sealed class Chains
{
    readonly HashSet<Tensor> nodes = [];
    readonly Dictionary<Tensor, int> level = [], place = [];
    readonly Func<Tensor, bool> isState;

    /// <summary>Finds the chains of a graph.</summary>
    /// <param name="order">Its nodes, sources first.</param>
    /// <param name="results">The new tensors of the state.</param>
    /// <param name="isState">Whether a node is an input that is a tensor of the state.</param>
    public Chains(IReadOnlyList<Tensor> order, IEnumerable<Tensor> results, Func<Tensor, bool> isState)
    {
        (this.isState, Order) = (isState, order);
        var carries = new HashSet<Tensor>(); // nodes that are a tensor of the state, changed number by number
        foreach (var node in order)
        {
            place.Add(node, place.Count);
            if (node.Shape.Rank > 0 && (isState(node) || IsPlain(node) && node.Sources.Any(carries.Contains)))
                carries.Add(node);
        }
        nodes.UnionWith(results.Where(carries.Contains));
        foreach (var node in order.Reverse())
            if (nodes.Contains(node)) nodes.UnionWith(node.Sources.Where(carries.Contains));
        nodes.RemoveWhere(node => isState(node));
        foreach (var node in order)
            level[node] = node.Sources.Select(source =>
                level[source] + (nodes.Contains(source) && !nodes.Contains(node) ? 1 : 0)).DefaultIfEmpty(0).Max();
    }

    /// <summary>All nodes, sources first.</summary>
    public IReadOnlyList<Tensor> Order { get; }

    /// <summary>Whether a node is in a chain.</summary>
    public bool Contains(Tensor node) => nodes.Contains(node);

    /// <summary>How often a path to a node leaves a chain, at most. A node outside chains needs chains of lower levels
    /// alone, and chains need nodes of no higher level: so chains of one level can be computed together.</summary>
    public int Level(Tensor node) => level[node];

    /// <summary>The place of a node in the order.</summary>
    public int Place(Tensor node) => place[node];

    /// <summary>Whether an op works number by number on tensors of its own shape and scalars.</summary>
    public static bool IsPlain(Tensor node) =>
        node.Op.IsElementwise() && node.Sources.All(source => source.Shape.Rank == 0 || source.Shape == node.Shape);

    /// <summary>How results are made, as numbers that are equal where two are made alike; null for a result that no
    /// chain makes.</summary>
    /// <param name="kind">The kind of a tensor of the state.</param>
    public IEnumerable<string?> Signatures(IEnumerable<Tensor> results, Func<Tensor, int> kind)
    {
        var known = new Dictionary<string, int>();
        var signature = new Dictionary<Tensor, string>();
        foreach (var node in Order)
        {
            if (node.Shape.Rank == 0) signature[node] = $"scalar {place[node]}";
            else if (isState(node)) signature[node] = $"state {kind(node)}";
            else if (nodes.Contains(node))
            {
                var text = $"{node.Op} {level[node]} {string.Join(',', node.Sources.Select(source =>
                    signature.GetValueOrDefault(source, "other")))}";
                if (!known.TryGetValue(text, out var number)) known[text] = number = known.Count;
                signature[node] = $"chain {number}";
            }
        }
        return [.. results.Select(result => result.Shape.Rank == 0 ? null : signature.GetValueOrDefault(result))];
    }
}
