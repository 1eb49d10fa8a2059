using Iql.Graph;

namespace Iql.Compile;

/// <summary>
/// Finds pieces of a graph that one worker can do without the others: what passes of a network over a batch, forward and back, and the
/// gradients of its weights. Their activations then never travel between two cores.
/// </summary>
/// <remarks>
/// A piece is what matrices connect, counted from the first product, what feeds nothing else, and what only adds up what it gives. Vectors
/// of a number a row (outputs, targets) connect nothing, and neither do weights: a pass with new weights is another piece than theirs.
/// </remarks>
static class Networks
{
    /// <summary>The groups of every piece; groups in an order in which they can run. Some groups are in no piece.</summary>
    public static Group[][] Of(Dependencies dependencies)
    {
        var groups = dependencies.Groups;
        var network = new Dictionary<Group, Group>(); // each group's way to the first group of its network
        foreach (var group in groups)
        {
            foreach (var need in dependencies.Needs(group))
                if (need.Value is { } value && network.ContainsKey(need.Group) && Addressing.Kept(value.Shape).Length > 1 && !AreWeights(group, value)) Join(need.Group, group);
            if (!network.ContainsKey(group) && group.Anchor?.Op == Op.MatMul) network[group] = group;
        }
        foreach (var group in groups.Reverse().Where(group => !network.ContainsKey(group) && !AddsUp(group)))
            JoinTheOnly(group, groups.Where(reader => !AddsUp(reader) && Sources(reader).Contains(group)));
        foreach (var group in groups.Where(AddsUp)) JoinTheOnly(group, Sources(group).Where(source => source != groups[0]));
        return [.. groups.Where(network.ContainsKey).GroupBy(First).Select(members => members.ToArray())];

        Group First(Group group) => network[group] == group ? group : network[group] = First(network[group]);

        static bool AddsUp(Group group) => group.IsScalar || group.IsFlatReduction;

        // What a product, other than one over the rows of a batch, takes for its second factor.
        static bool AreWeights(Group group, Tensor value) => group.Anchor is { Op: Op.MatMul, Shape.Rank: 2 } product && !Dependencies.RunsByTile(product)
            && Addressing.Root(product.Sources[1]) == value && Addressing.Root(product.Sources[0]) != value;

        IEnumerable<Group> Sources(Group group) => dependencies.Needs(group).Where(need => need.Value is not null).Select(need => need.Group).Distinct();

        void JoinTheOnly(Group group, IEnumerable<Group> neighbours)
        {
            var all = neighbours.ToArray();
            if (all.Length > 0 && all.All(network.ContainsKey) && all.Select(First).Distinct().Count() == 1) network[group] = First(all[0]);
        }

        void Join(Group from, Group group)
        {
            var first = First(from);
            if (network.ContainsKey(group)) network[First(group)] = first;
            else network[group] = first;
        }
    }
}
