using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Finds the parts of a graph that one worker can compute alone: a network's pass over a batch, forward and
/// backward, with the gradients of its weights. Activations then never travel between cores.</summary>
/// <remarks>A subgraph begins with a product and holds what matrices connect. Vectors of one number a row (outputs,
/// targets) connect nothing, and neither do weights: a pass with new weights is another subgraph.</remarks>
static class Subgraphs
{
    /// <summary>The number of each group's subgraph. Some groups are in no subgraph.</summary>
    public static Dictionary<Group, int> Of(Dependencies dependencies)
    {
        var subgraphs = new Dictionary<Group, int>();
        foreach (var group in dependencies.Groups)
        {
            var joined = dependencies.Needs(group)
                .Where(need => subgraphs.ContainsKey(need.Group) && need.Value is { } value && Connects(group, value))
                .Select(need => subgraphs[need.Group]).ToHashSet();
            if (joined.Count == 0 && group.Anchor?.Op != Op.MatMul) continue;
            subgraphs[group] = joined.Count > 0 ? joined.Min() : subgraphs.Values.DefaultIfEmpty(-1).Max() + 1;
            foreach (var other in subgraphs.Keys.Where(other => joined.Contains(subgraphs[other])).ToArray())
                subgraphs[other] = subgraphs[group];
        }
        int[] numbers = [.. subgraphs.Values.Distinct().Order()];
        return subgraphs.ToDictionary(pair => pair.Key, pair => Array.IndexOf(numbers, pair.Value));
    }

    static bool Connects(Group group, Tensor value) =>
        Addressing.Kept(value.Shape).Length > 1 && !AreWeights(group, value);

    // The second factor of a product, unless the product contracts the rows of a batch.
    static bool AreWeights(Group group, Tensor value) =>
        group.Anchor is { Op: Op.MatMul, Shape.Rank: 2 } product && !Dependencies.RunsByTile(product)
        && Addressing.Root(product.Sources[1]) == value && Addressing.Root(product.Sources[0]) != value;
}
