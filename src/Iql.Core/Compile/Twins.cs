using Iql.Graph;

namespace Iql.Compile;

/// <summary>Which of several networks of one shape a group belongs to: number <paramref name="Index"/> of <paramref name="Count"/>.</summary>
readonly record struct Twin(int Index, int Count)
{
    /// <summary>A group that has no twins.</summary>
    public static Twin None { get; } = new(0, 1);
}

/// <summary>
/// Finds networks that do the same on other numbers, such as two critics or the policies of a grid. Two workers own a network each:
/// its weights and activations then never travel between two cores, and neither waits for the other.
/// </summary>
/// <remarks>
/// A network is what matrices connect, counted from the first product, what feeds nothing else, and what only adds up what it gives;
/// vectors of a number a row (its outputs, its targets) connect nothing.
/// </remarks>
static class Twins
{
    /// <summary>The twin of every group; groups in an order in which they can run.</summary>
    public static Dictionary<Group, Twin> Of(IReadOnlyList<Group> groups)
    {
        var owner = new Dictionary<Tensor, Group>();
        var network = new Dictionary<Group, Group>(); // each group's way to the first group of its network
        foreach (var group in groups)
        {
            foreach (var node in group.All) owner.TryAdd(node, group);
            foreach (var source in group.All.SelectMany(node => node.Sources).Select(Addressing.Root).Distinct())
                if (owner.TryGetValue(source, out var from) && from != group && network.ContainsKey(from) && Addressing.Kept(source.Shape).Length > 1) Join(from, group);
            if (!network.ContainsKey(group) && group.Anchor?.Op == Op.MatMul) network[group] = group;
        }
        foreach (var group in groups.Reverse().Where(group => !network.ContainsKey(group) && !AddsUp(group)))
            JoinTheOnly(group, groups.Where(reader => !AddsUp(reader) && Sources(reader).Contains(group)));
        foreach (var group in groups.Where(AddsUp)) JoinTheOnly(group, Sources(group).Where(source => source != groups[0]));
        var twins = groups.ToDictionary(group => group, _ => Twin.None);
        foreach (var alike in groups.Where(network.ContainsKey).GroupBy(First).GroupBy(members => string.Join('|', members.Select(Signature))))
        {
            var networks = alike.ToArray();
            for (var i = 0; i < networks.Length; i++)
                foreach (var group in networks[i]) twins[group] = new(i, networks.Length);
        }
        return twins;

        Group First(Group group) => network[group] == group ? group : network[group] = First(network[group]);

        static bool AddsUp(Group group) => group.IsScalar || group.IsFlatReduction;

        IEnumerable<Group> Sources(Group group) => group.All.SelectMany(node => node.Sources).Select(Addressing.Root)
            .Where(owner.ContainsKey).Select(source => owner[source]).Where(source => source != group).Distinct();

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

    static string Signature(Group group) =>
        $"{group.Anchor?.Op} {string.Join(',', group.Anchor?.Integers ?? [])} [{string.Join(',', group.Kept)}] {string.Join(' ', group.All.Select(node => node.Op))}";
}
