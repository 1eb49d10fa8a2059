using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Compile;

/// <summary>How a kernel's units relate to rows: what decides where a barrier must stand.</summary>
/// <param name="Rows">Rows of the batch the kernel walks, 16 a unit; 0: its units are something else.</param>
/// <param name="IsSingle">One worker (number 0) does all of it.</param>
readonly record struct Partition(int Rows, bool IsSingle = false);

/// <summary>
/// Gives every group a phase. Workers run a phase's kernels one after another, each on its own units, and meet at a barrier
/// between phases. A group may share a phase with one it reads when unit u needs only what unit u wrote.
/// </summary>
sealed class Schedule
{
    readonly Dictionary<Tensor, Group> owner = [];
    readonly Dictionary<Group, int> phases = [];

    Schedule(IReadOnlyList<Group> groups)
    {
        Groups = groups;
        foreach (var group in groups)
            foreach (var node in group.All)
                owner.TryAdd(node, group);
        foreach (var group in groups) phases[group] = PhaseOf(group);
    }

    /// <summary>A schedule of groups given in an order in which they can run; the first runs before phase 0.</summary>
    public static Schedule Of(IReadOnlyList<Group> groups) => new(groups);

    /// <summary>In an order in which they can run.</summary>
    public IReadOnlyList<Group> Groups { get; }

    /// <summary>Number of phases.</summary>
    public int PhaseCount => phases.Values.Max() + 1;

    /// <summary>The phase of a group; −1 for the scalars that come before everything.</summary>
    public int this[Group group] => phases[group];

    /// <summary>The group that computes and stores a node.</summary>
    public Group? Owner(Tensor root) => owner.GetValueOrDefault(root);

    int PhaseOf(Group group)
    {
        if (group == Groups[0]) return -1;
        var phase = 0;
        foreach (var user in group.All)
            for (var i = 0; i < user.Sources.Length; i++)
            {
                var root = Addressing.Root(user.Sources[i]);
                if ((group.Computes(root) && root != group.Anchor) || Owner(root) is not { } source || source == group) continue;
                phase = Math.Max(phase, phases[source] + (IsAligned(group, source, user, i) ? 0 : 1));
            }
        return phase;
    }

    /// <summary>How a group's units are made.</summary>
    public static Partition PartitionOf(Group group)
    {
        if (group.IsScalar || group.IsFlatReduction) return new(0, IsSingle: true);
        if (group.Anchor is not { } anchor) return new(Addressing.RowCount(group.Kept));
        return anchor.Op switch
        {
            Op.MatMul => new(RunsByTile(anchor) || anchor.Shape.Rank > 2 ? 0 : anchor.Shape[0]),
            Op.Concat or Op.Slice => CopiesByRow(anchor) ? new(anchor.Shape[0]) : new(0, IsSingle: true),
            Op.RandomUniform or Op.RandomNormal => new(Addressing.RowCount(group.Kept)),
            Op.Sum or Op.Max or Op.Gather => new(0),
            _ => new(0, IsSingle: true),
        };
    }

    /// <summary>A contraction over the rows of a batch, or a product with few rows, is shared out by output tile.</summary>
    public static bool RunsByTile(Tensor product) => product.Integers[0] == 1 || product.Shape[-2] < 2 * FusedKernel.UnitRows;

    /// <summary>Whether rows of a copy come from the same rows of its sources.</summary>
    public static bool CopiesByRow(Tensor node) =>
        node.Op is Op.Concat or Op.Slice && node.Shape.Rank == 2 && node.Shape[0] > 1 && node.Shape[1] > 1 && node.Integers[0] == 1;

    // Whether unit u of the user's group needs only unit u of the source's.
    static bool IsAligned(Group group, Group source, Tensor user, int index)
    {
        Partition to = PartitionOf(group), from = PartitionOf(source);
        if (to.IsSingle && from.IsSingle) return true;
        if (to.Rows == 0 || from.Rows != to.Rows) return false;
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
