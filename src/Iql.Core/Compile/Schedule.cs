using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Compile;

/// <summary>How a kernel's units relate to rows: what decides where a barrier must stand.</summary>
/// <param name="Rows">Rows of the batch the kernel walks, 16 a unit; 0: its units are something else.</param>
/// <param name="Twin">Kernels of twins share their units out as if they stood behind each other.</param>
/// <param name="IsSingle">One worker (number 0) does all of it.</param>
readonly record struct Partition(int Rows, Twin Twin, bool IsSingle = false)
{
    /// <summary>The units, first to last − 1, of a worker.</summary>
    public (int First, int Last) Share(int units, int worker, int workers)
    {
        if (IsSingle) return (0, worker == 0 ? units : 0);
        long all = (long)units * Twin.Count, before = (long)units * Twin.Index;
        return ((int)Math.Clamp(all * worker / workers - before, 0, units), (int)Math.Clamp(all * (worker + 1) / workers - before, 0, units));
    }
}

/// <summary>
/// Gives every group a phase. Workers run a phase's kernels one after another, each on its own units, and meet at a barrier
/// between phases. A group may share a phase with one it reads when unit u needs only what unit u wrote. A result that replaces
/// an input comes in a later phase than everybody else who reads the input, so that both may be the same memory.
/// </summary>
sealed class Schedule
{
    readonly Dictionary<Tensor, Group> owner = [];
    readonly Dictionary<Tensor, List<(Group Group, Tensor User, int Index)>> uses = [];
    readonly Dictionary<Group, int> phases = [];
    readonly Dictionary<Group, Twin> twins;

    Schedule(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor> replaced)
    {
        (Groups, twins) = (groups, Twins.Of(groups));
        foreach (var group in groups)
            foreach (var node in group.All)
            {
                owner.TryAdd(node, group);
                for (var i = 0; i < node.Sources.Length; i++)
                {
                    var root = Addressing.Root(node.Sources[i]);
                    if (group.Computes(root) && root != group.Anchor) continue;
                    if (!uses.TryGetValue(root, out var list)) uses[root] = list = [];
                    list.Add((group, node, i));
                }
            }
        var after = replaced.GroupBy(pair => owner[pair.Key], pair => pair.Value).ToDictionary(pairs => pairs.Key, pairs => pairs.ToArray());
        RunsInPlace = after.All(pair => pair.Value.All(input => MayReplace(pair.Key, input))) && TryPhases(after);
        if (!RunsInPlace) TryPhases([]);
    }

    /// <summary>A schedule of groups given in an order in which they can run; the first runs before phase 0.</summary>
    /// <param name="groups">Who computes what.</param>
    /// <param name="replaced">Results, and the input each is going to take the place of.</param>
    public static Schedule Of(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor> replaced) => new(groups, replaced);

    /// <summary>Whether every result may lie where the input lies that it replaces.</summary>
    public bool RunsInPlace { get; }

    /// <summary>In an order in which they can run.</summary>
    public IReadOnlyList<Group> Groups { get; }

    /// <summary>Number of phases.</summary>
    public int PhaseCount => phases.Values.Max() + 1;

    /// <summary>The phase of a group; −1 for the scalars that come before everything.</summary>
    public int this[Group group] => phases[group];

    /// <summary>The group that computes and stores a node.</summary>
    public Group? Owner(Tensor root) => owner.GetValueOrDefault(root);

    /// <summary>Who reads a node from memory or a register of another kernel.</summary>
    public IReadOnlyList<(Group Group, Tensor User, int Index)> Uses(Tensor root) => uses.GetValueOrDefault(root, []);

    /// <summary>Whether a node is made and used by the same units of one phase, so that no worker sees another's rows of it.</summary>
    public bool IsRowLocal(Tensor root) => Owner(root) is { } source && PartitionOf(source).Rows > 0
        && Uses(root).All(use => phases[use.Group] == phases[source] && IsAligned(use.Group, source, use.User, use.Index));

    bool TryPhases(Dictionary<Group, Tensor[]> after)
    {
        foreach (var group in Groups) phases[group] = group == Groups[0] ? -1 : 0;
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var group in Groups.Skip(1))
            {
                var phase = PhaseOf(group, after);
                if (phase > Groups.Count) return false; // a result that must come after itself
                changed |= phase != phases[group];
                phases[group] = phase;
            }
        }
        return true;
    }

    int PhaseOf(Group group, Dictionary<Group, Tensor[]> after)
    {
        var phase = 0;
        foreach (var user in group.All)
            for (var i = 0; i < user.Sources.Length; i++)
            {
                var root = Addressing.Root(user.Sources[i]);
                if ((group.Computes(root) && root != group.Anchor) || Owner(root) is not { } source || source == group) continue;
                phase = Math.Max(phase, phases[source] + (IsAligned(group, source, user, i) ? 0 : 1));
            }
        foreach (var input in after.GetValueOrDefault(group, []))
            foreach (var use in Uses(input))
                if (use.Group != group) phase = Math.Max(phase, phases[use.Group] + 1);
        return phase;
    }

    // A kernel may read what it replaces number by number, just before it writes it, and in no other way.
    bool MayReplace(Group group, Tensor input) => Uses(input).All(use => use.Group != group
        || (use.User != group.Anchor && Addressing.Kept(use.User.Sources[use.Index].Shape).SequenceEqual(group.Kept)));

    /// <summary>How a group's units are made.</summary>
    public Partition PartitionOf(Group group)
    {
        if (group.IsScalar || group.IsFlatReduction) return new(0, Twin.None, IsSingle: true);
        return group.Anchor switch
        {
            null => new(Addressing.RowCount(group.Kept), twins[group]),
            { Op: Op.MatMul } product => new(RunsByTile(product) || product.Shape.Rank > 2 ? 0 : product.Shape[0], twins[group]),
            { Op: Op.Concat or Op.Slice } copy when CopiesByRow(copy) => new(copy.Shape[0], twins[group]),
            { Op: Op.RandomUniform or Op.RandomNormal } => new(Addressing.RowCount(group.Kept), twins[group]),
            { Op: Op.Sum or Op.Max or Op.Gather } => new(0, twins[group]),
            _ => new(0, Twin.None, IsSingle: true),
        };
    }

    /// <summary>A contraction over the rows of a batch, or a product with few rows, is shared out by output tile.</summary>
    public static bool RunsByTile(Tensor product) => product.Integers[0] == 1 || product.Shape[-2] < 2 * FusedKernel.UnitRows;

    /// <summary>Whether rows of a copy come from the same rows of its sources.</summary>
    public static bool CopiesByRow(Tensor node) =>
        node.Op is Op.Concat or Op.Slice && node.Shape.Rank == 2 && node.Shape[0] > 1 && node.Shape[1] > 1 && node.Integers[0] == 1;

    // Whether unit u of the user's group needs only unit u of the source's.
    bool IsAligned(Group group, Group source, Tensor user, int index)
    {
        Partition to = PartitionOf(group), from = PartitionOf(source);
        if (to.IsSingle && from.IsSingle) return true;
        if (to.Rows == 0 || from.Rows != to.Rows || from.Twin != to.Twin) return false;
        var operand = user.Sources[index].Shape;
        var kept = Addressing.Kept(operand);
        if (user == group.Anchor) return (user.Op != Op.MatMul || index == 0) && operand[0] == to.Rows && kept.Length == (operand[1] == 1 ? 1 : 2);
        return kept.SequenceEqual(group.Kept) || (group.Kept.Length > 1 && IsPerRow(user, operand));
    }

    static bool IsPerRow(Tensor user, Shape operand)
    {
        // A row reduction's own shape has lost the last axis; its source has all of the group's.
        var strides = Addressing.StridesOver(user.Op.IsReduction() ? user.Sources[0].Shape : user.Shape, operand);
        return strides[^1] == 0 && strides[..^1].All(stride => stride != 0);
    }
}
