using System.Collections.Immutable;
using Iql.Graph;
using Iql.Kernels;

namespace Iql.Compile;

/// <summary>How a kernel's units relate to rows and are shared out: what decides who must wait for whom.</summary>
/// <param name="Rows">Rows of the batch the kernel walks, 16 a unit; 0: its units are something else.</param>
/// <param name="Twin">Which of several like networks it belongs to.</param>
/// <param name="IsSingle">One worker does all of it.</param>
readonly record struct Partition(int Rows, Twin Twin, bool IsSingle = false)
{
    /// <summary>The units, first to last − 1, of a worker. Whole networks go to one worker each while there are enough of them.</summary>
    public (int First, int Last) Share(int units, int worker, int workers)
    {
        if (IsOwned(workers)) return (0, worker == Twin.Index % workers ? units : 0);
        if (IsSingle) return (0, worker == 0 ? units : 0);
        return ((int)((long)units * worker / workers), (int)((long)units * (worker + 1) / workers));
    }

    /// <summary>Whether one worker does all units of the network.</summary>
    public bool IsOwned(int workers) => Twin.Count > 1 && Twin.Index < Twin.Count / workers * workers;
}

/// <summary>Positions that every worker must have passed: of other groups, and of groups of the same one of several like networks.</summary>
readonly record struct Wait(int Others, int Twins)
{
    /// <summary>The position that counts when a network is owned by one worker, who does not wait for itself, or is shared.</summary>
    public int For(bool isOwned) => isOwned ? Others : Math.Max(Others, Twins);

    /// <summary>Both waits.</summary>
    public Wait And(Wait wait) => new(Math.Max(Others, wait.Others), Math.Max(Twins, wait.Twins));
}

/// <summary>
/// The order of the groups, and for each how far everybody must have come before a worker may begin with it. All workers walk the
/// groups in this one order, each doing its own units; where unit u needs only what unit u wrote, nobody waits.
/// </summary>
sealed class Schedule
{
    readonly Dictionary<Tensor, Group> owner = [];
    readonly Dictionary<Tensor, List<(Group Group, Tensor User, int Index)>> uses = [];
    readonly Dictionary<Group, int> positions = [];
    readonly Dictionary<Group, Twin> twins;
    readonly Wait[] waits;
    readonly IReadOnlyDictionary<Tensor, Tensor> replaced;

    Schedule(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor>? replaced)
    {
        twins = Twins.Of(groups);
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
        var sorted = replaced is not null && replaced.All(pair => MayReplace(owner[pair.Key], pair.Value)) ? Sorted(groups, replaced) : null;
        RunsInPlace = sorted is not null;
        this.replaced = replaced ?? new Dictionary<Tensor, Tensor>();
        Groups = sorted ?? groups;
        for (var i = 0; i < Groups.Count; i++) positions[Groups[i]] = i;
        waits = new Wait[Groups.Count];
        foreach (var group in Groups)
            foreach (var (source, user, index) in Sources(group))
                if (!IsAligned(group, source, user, index)) WaitFor(group, source);
        foreach (var (result, input) in this.replaced.Where(_ => RunsInPlace))
            foreach (var (group, _, _) in Uses(input))
                if (group != owner[result]) WaitFor(owner[result], group);
    }

    /// <summary>A schedule of groups given in an order in which they can run; the first runs before all others.</summary>
    /// <param name="groups">Who computes what.</param>
    /// <param name="replaced">Results, and the input each is going to take the place of: everybody else who reads it comes before. Null when none can.</param>
    public static Schedule Of(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor>? replaced) => new(groups, replaced);

    /// <summary>Whether every result may lie where the input lies that it replaces.</summary>
    public bool RunsInPlace { get; }

    /// <summary>In the order in which they run.</summary>
    public IReadOnlyList<Group> Groups { get; }

    /// <summary>A group's place in that order.</summary>
    public int this[Group group] => positions[group];

    /// <summary>For every group, what everybody must have passed before.</summary>
    public IReadOnlyList<Wait> Waits => waits;

    /// <summary>Has a group wait for another, too.</summary>
    public void WaitFor(Group group, Group other)
    {
        var (twin, position) = (PartitionOf(group).Twin, positions[other]);
        waits[positions[group]] = waits[positions[group]].And(twin.Count > 1 && twin == PartitionOf(other).Twin ? new(0, position) : new(position, 0));
    }

    /// <summary>The group that computes and stores a node.</summary>
    public Group? Owner(Tensor root) => owner.GetValueOrDefault(root);

    /// <summary>Who reads a node from memory or a register of another kernel.</summary>
    public IReadOnlyList<(Group Group, Tensor User, int Index)> Uses(Tensor root) => uses.GetValueOrDefault(root, []);

    /// <summary>Whether other groups read a node, in this run or, where it is the next state of an input, in the next.</summary>
    public bool IsReadElsewhere(Tensor root) =>
        Uses(root).Concat(replaced.TryGetValue(root, out var input) ? Uses(input) : []).Any(use => use.Group != Owner(root));

    /// <summary>Whether a node is made and used by the same units, so that no worker sees another's rows of it.</summary>
    public bool IsRowLocal(Tensor root) => Owner(root) is { } source && PartitionOf(source).Rows > 0
        && Uses(root).All(use => IsAligned(use.Group, source, use.User, use.Index));

    // Where a group reads what another computes.
    IEnumerable<(Group Source, Tensor User, int Index)> Sources(Group group)
    {
        foreach (var user in group.All)
            for (var i = 0; i < user.Sources.Length; i++)
            {
                var root = Addressing.Root(user.Sources[i]);
                if ((group.Computes(root) && root != group.Anchor) || Owner(root) is not { } source || source == group) continue;
                yield return (source, user, i);
            }
    }

    // The given order, but readers of an input before the one who replaces it; null when that goes in a circle.
    List<Group>? Sorted(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor> replaced)
    {
        var before = groups.ToDictionary(group => group, group => Sources(group).Select(use => use.Source).ToHashSet());
        foreach (var (result, input) in replaced)
            before[owner[result]].UnionWith(Uses(input).Select(use => use.Group).Where(group => group != owner[result]));
        var sorted = new List<Group>();
        var waiting = groups.ToList();
        while (waiting.Count > 0)
        {
            var next = waiting.FindIndex(group => !before[group].Overlaps(waiting));
            if (next < 0) return null;
            sorted.Add(waiting[next]);
            waiting.RemoveAt(next);
        }
        return sorted;
    }

    // A kernel may read what it replaces number by number, just before it writes it, and in no other way.
    bool MayReplace(Group group, Tensor input) => Uses(input).All(use => use.Group != group
        || (use.User != group.Anchor && Addressing.Kept(use.User.Sources[use.Index].Shape).SequenceEqual(group.Kept)));

    /// <summary>How a group's units are made.</summary>
    public Partition PartitionOf(Group group)
    {
        if (group.IsScalar || group.IsFlatReduction) return new(0, twins[group], IsSingle: true);
        return group.Anchor switch
        {
            null => new(FusedKernel.RowCount(group.Kept), twins[group]),
            { Op: Op.MatMul } product => new(RunsByTile(product) || product.Shape.Rank > 2 ? 0 : product.Shape[0], twins[group]),
            { Op: Op.Concat or Op.Slice } copy when CopiesByRow(copy) => new(copy.Shape[0], twins[group]),
            { Op: Op.RandomUniform or Op.RandomNormal } => new(FusedKernel.RowCount(group.Kept), twins[group]),
            { Op: Op.Sum or Op.Max or Op.Gather } => new(0, twins[group]),
            _ => new(0, Twin.None, IsSingle: true),
        };
    }

    /// <summary>A contraction over the rows of a batch, or a product with few rows, is shared out by output tile.</summary>
    public static bool RunsByTile(Tensor product) => product.Integers[0] == 1 || product.Shape[-2] < 2 * FusedKernel.UnitRows;

    /// <summary>Whether a product's kernel can add up its rows: it has all columns of them, in whole vectors.</summary>
    public static bool SumsRows(Tensor product, Tensor reduction) => product.Op == Op.MatMul && reduction.Op == Op.Sum && product.Shape.Rank == 2
        && !RunsByTile(product) && product.Shape[-1] % ProductShape.ScratchColumns == 0;

    /// <summary>Whether rows of a copy come from the same rows of its sources.</summary>
    public static bool CopiesByRow(Tensor node) =>
        node.Op is Op.Concat or Op.Slice && node.Shape.Rank == 2 && node.Shape[0] > 1 && node.Shape[1] > 1 && node.Integers[0] == 1;

    // Whether unit u of the user's group needs only unit u of the source's.
    bool IsAligned(Group group, Group source, Tensor user, int index)
    {
        Partition to = PartitionOf(group), from = PartitionOf(source);
        if (to.IsSingle && from.IsSingle) return to.Twin == from.Twin;
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
