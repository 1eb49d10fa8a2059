using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>A group that another needs, and whether unit u of the one needs only unit u of the other.</summary>
/// <param name="Group">The other group.</param>
/// <param name="Value">The node that is needed; null where only the order matters.</param>
/// <param name="IsAligned">Whether no worker waits where both are shared out alike.</param>
readonly record struct Need(Group Group, Tensor? Value, bool IsAligned);

/// <summary>The groups that compute and read each node, and the groups that must come before each group.</summary>
sealed class Dependencies
{
    readonly Dictionary<Tensor, Group> owner = [];
    readonly Dictionary<Tensor, List<(Group Group, Tensor User, int Index)>> uses = [];
    readonly Dictionary<Group, List<Need>> needs = [];
    readonly Dictionary<Group, int> positions;
    readonly IReadOnlyDictionary<Tensor, Tensor> replaced;

    /// <param name="groups">In an order in which they can run; the first runs before all others.</param>
    /// <param name="replaced">Results, and the input each replaces, after all its readers. Null when none can.</param>
    public Dependencies(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor>? replaced)
    {
        foreach (var group in groups)
        {
            needs[group] = [];
            foreach (var node in group.All)
            {
                owner.TryAdd(node, group);
                for (var i = 0; i < node.Sources.Length; i++)
                {
                    var root = Addressing.Root(node.Sources[i]);
                    if (group.Computes(root) && root != group.Anchor) continue;
                    if (!uses.TryGetValue(root, out var list)) uses[root] = list = [];
                    list.Add((group, node, i));
                    if (Owner(root) is { } source && source != group)
                        needs[group].Add(new(source, root, IsAligned(group, source, node, i)));
                }
            }
        }
        var sorted = replaced is not null && replaced.All(pair => MayReplace(owner[pair.Key], pair.Value))
            ? Sorted(groups, replaced) : null;
        (Groups, RunsInPlace) = (sorted ?? groups, sorted is not null);
        positions = Groups.Select((group, i) => (group, i)).ToDictionary(pair => pair.group, pair => pair.i);
        this.replaced = sorted is null ? new Dictionary<Tensor, Tensor>() : replaced!;
        foreach (var (result, input) in this.replaced)
            foreach (var reader in ReadersOf(input, owner[result])) needs[owner[result]].Add(new(reader, null, false));
    }

    /// <summary>In an order in which they can run.</summary>
    public IReadOnlyList<Group> Groups { get; }
    /// <summary>A group's place in that order.</summary>
    public int this[Group group] => positions[group];
    /// <summary>Whether every result may lie where the input lies that it replaces.</summary>
    public bool RunsInPlace { get; }
    /// <summary>What must have run before a group.</summary>
    public IReadOnlyList<Need> Needs(Group group) => needs[group];
    /// <summary>The group that computes and stores a node.</summary>
    public Group? Owner(Tensor root) => owner.GetValueOrDefault(root);
    /// <summary>Who reads a node from memory or a register of another kernel.</summary>
    public IReadOnlyList<(Group Group, Tensor User, int Index)> Uses(Tensor root) => uses.GetValueOrDefault(root, []);

    /// <summary>Results that replace an input in place, their makers, and their readers in the next run.</summary>
    public IEnumerable<(Tensor Result, Group Maker, IEnumerable<Group> Readers)> States =>
        replaced.Select(pair => (pair.Key, owner[pair.Key], Uses(pair.Value).Select(use => use.Group)));

    /// <summary>Other groups that read a node, in this run or, of the next state of an input, in the next.</summary>
    public IEnumerable<Group> ReadersOf(Tensor root) => ReadersOf(root, Owner(root))
        .Concat(replaced.TryGetValue(root, out var input) ? ReadersOf(input, Owner(root)) : []);

    IEnumerable<Group> ReadersOf(Tensor root, Group? maker) =>
        Uses(root).Select(use => use.Group).Where(group => group != maker);

    /// <summary>Whether a node is made and used by the same units.</summary>
    public bool IsRowLocal(Tensor root) => Owner(root) is { } source && RowsOf(source) > 0
        && Uses(root).All(use => IsAligned(use.Group, source, use.User, use.Index));

    // The given order, but readers of an input before the group that replaces it; null when that goes in a circle.
    List<Group>? Sorted(IReadOnlyList<Group> groups, IReadOnlyDictionary<Tensor, Tensor> replaced)
    {
        var before = groups.ToDictionary(group => group, group => needs[group].Select(need => need.Group).ToHashSet());
        foreach (var (result, input) in replaced)
            before[owner[result]].UnionWith(ReadersOf(input, owner[result]));
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

    // A kernel may read an input that it replaces only number by number, just before it writes each number.
    bool MayReplace(Group group, Tensor input) => Uses(input).All(use => use.Group != group
        || (use.User != group.Anchor && Addressing.Kept(use.User.Sources[use.Index].Shape).SequenceEqual(group.Kept)));

    /// <summary>Rows of the batch a group's kernel walks, 16 a unit; 0: its units are something else.</summary>
    public static int RowsOf(Group group) => IsSingle(group) ? 0 : group.Anchor switch
    {
        null or { Op: Op.RandomUniform or Op.RandomNormal } => FusedKernel.RowCount(group.Kept),
        { Op: Op.MatMul } product => RunsByTile(product) || product.Shape.Rank > 2 ? 0 : product.Shape[0],
        { Op: Op.Concat or Op.Slice } copy => copy.Shape[0],
        _ => 0,
    };

    /// <summary>Whether a group's kernel is one unit.</summary>
    public static bool IsSingle(Group group) => group.IsScalar || group.IsFlatReduction || group.Anchor switch
    {
        null or { Op: Op.MatMul or Op.RandomUniform or Op.RandomNormal or Op.Sum or Op.Max or Op.Gather } => false,
        { } copy => !CopiesByRow(copy),
    };

    /// <summary>Whether a product is shared out by tile: it contracts the rows of a batch, or has few.</summary>
    public static bool RunsByTile(Tensor product) =>
        product.Integers[0] == 1 || product.Shape[-2] < 2 * FusedKernel.UnitRows;

    /// <summary>Whether a product's kernel can add up its rows: it has all columns of them, in whole vectors.</summary>
    public static bool SumsRows(Tensor product, Tensor reduction) =>
        product.Op == Op.MatMul && reduction.Op == Op.Sum && product.Shape.Rank == 2
        && !RunsByTile(product) && product.Shape[-1] % ProductShape.ScratchColumns == 0;

    /// <summary>Whether rows of a copy come from the same rows of its sources.</summary>
    public static bool CopiesByRow(Tensor node) =>
        node.Op is Op.Concat or Op.Slice && node.Integers[0] == 1
        && node.Shape.Rank == 2 && node.Shape[0] > 1 && node.Shape[1] > 1;

    // Whether unit u of the user's group needs only unit u of the source's.
    static bool IsAligned(Group group, Group source, Tensor user, int index)
    {
        var rows = RowsOf(group);
        if (rows == 0 || RowsOf(source) != rows) return false;
        var operand = user.Sources[index].Shape;
        var kept = Addressing.Kept(operand);
        if (user == group.Anchor)
            return (user.Op != Op.MatMul || index == 0) && operand[0] == rows
                && kept.Length == (operand[1] == 1 ? 1 : 2);
        return kept.SequenceEqual(group.Kept) || (group.Kept.Length > 1 && IsPerRow(user, operand));
    }

    static bool IsPerRow(Tensor user, Shape operand)
    {
        // A row reduction's own shape has lost the last axis; its source has all of the group's.
        var strides = Addressing.StridesOver(user.Op.IsReduction() ? user.Sources[0].Shape : user.Shape, operand);
        return strides[^1] == 0 && strides[..^1].All(stride => stride != 0);
    }
}
