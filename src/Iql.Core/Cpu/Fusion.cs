using System.Collections.Immutable;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Nodes that one kernel computes: an anchor (product, column reduction, copy …) or none, elementwise nodes
/// over the same kept axes that follow it without leaving registers, and row reductions of those. Mutable while
/// <see cref="Fusion"/> builds it.</summary>
sealed class Group(Tensor? anchor, ImmutableArray<int> kept)
{
    /// <summary>The node that gives the kernel its kind; null for a purely elementwise one.</summary>
    public Tensor? Anchor { get; } = anchor;
    /// <summary>Axes of the iteration.</summary>
    public ImmutableArray<int> Kept { get; } = kept;
    /// <summary>Elementwise nodes, sources first.</summary>
    public List<Tensor> Nodes { get; } = [];
    /// <summary>Sum and Max over the last kept axis.</summary>
    public List<Tensor> Reductions { get; } = [];

    /// <summary>Whether elementwise nodes of these axes may follow in the same kernel.</summary>
    public bool TakesElementwise => Kept.Length > 0 && (Anchor is null
        ? !IsFlatReduction
        : Anchor.Op == Op.MatMul || (Anchor.Op.IsReduction() && Kept.Length == 1));

    /// <summary>A reduction of one axis to a scalar: one worker does it, in order.</summary>
    public bool IsFlatReduction => Reductions.Count > 0 && Kept.Length == 1;
    /// <summary>Scalar arithmetic in double precision.</summary>
    public bool IsScalar => Anchor is null && Kept.Length == 0;
    /// <summary>Whether the value of a node is at hand inside this kernel.</summary>
    public bool Computes(Tensor node) => node == Anchor || Nodes.Contains(node);
    /// <summary>Everything it computes.</summary>
    public IEnumerable<Tensor> All => (Anchor is null ? [] : new[] { Anchor }).Concat(Nodes).Concat(Reductions);
}

/// <summary>Splits a graph into groups, by four rules. A group depends only on groups before it. A node joins the last
/// group of its sources when the axes agree. A node of inputs alone floats until a group needs it and is then computed
/// there. At the end a node that its own group does not use moves to its users if that saves a pass over memory, such
/// as a rectifier's mask. Group 0 holds the scalars that depend on inputs alone.</summary>
sealed class Fusion
{
    readonly Group prologue = new(null, []);
    readonly List<Group> groups;
    readonly Dictionary<Tensor, Group> owner = [];
    readonly HashSet<Tensor> floating = [], wanted;

    Fusion(IReadOnlyList<Tensor> results)
    {
        groups = [prologue];
        wanted = [.. results.Select(Addressing.Root)];
        foreach (var node in Order.Of(results)) Visit(node);
        foreach (var result in wanted) Ensure(result);
        Sink();
    }

    /// <summary>Groups in an order in which they can run.</summary>
    public static IReadOnlyList<Group> Of(IReadOnlyList<Tensor> results) => new Fusion(results).groups;

    void Visit(Tensor node)
    {
        if (node.Sources.IsEmpty || Addressing.IsAlias(node)) return;
        var sources = node.Sources.Select(Addressing.Root).ToArray();
        if (IsPointwise(node))
        {
            var isAtHand = (Tensor source) => source.Sources.IsEmpty || prologue.Computes(source);
            if (node.Shape.Count == 1 && sources.All(isAtHand)) Add(node, prologue);
            else if (node.Shape.Count > 1 && sources.All(source => isAtHand(source) || floating.Contains(source)))
                floating.Add(node);
            else Join(node, sources);
        }
        else if (node.Op.IsReduction() && IsOverLastAxis(node)) Reduce(node, sources[0]);
        else
        {
            foreach (var source in sources) Ensure(source);
            Open(node, Addressing.Kept(node.Shape));
        }
    }

    /// <summary>Whether a node works number by number; stretching counts.</summary>
    public static bool IsPointwise(Tensor node) => node.Op.IsElementwise() || node.Op == Op.Broadcast;

    /// <summary>Whether a reduction runs along contiguous numbers.</summary>
    public static bool IsOverLastAxis(Tensor node)
    {
        var shape = node.Sources[0].Shape;
        return Enumerable.Range(node.Integers[0] + 1, shape.Rank - node.Integers[0] - 1).All(axis => shape[axis] == 1);
    }

    Group Open(Tensor? anchor, ImmutableArray<int> kept, Group? before = null)
    {
        var group = new Group(anchor, kept);
        groups.Insert(before is null ? groups.Count : groups.IndexOf(before), group);
        if (anchor is not null) owner[anchor] = group;
        return group;
    }

    // The last group that computes one of the sources, if there is one.
    Group? Last(IEnumerable<Tensor> sources) =>
        sources.Where(owner.ContainsKey).Select(source => owner[source]).MaxBy(groups.IndexOf);

    void Join(Tensor node, Tensor[] sources)
    {
        var kept = Addressing.Kept(node.Shape);
        var last = Last(sources);
        // A row reduction is known only after its row, so its users wait for the next kernel.
        var fits = last is not null && last.Kept.SequenceEqual(kept)
            && (kept.IsEmpty ? last.IsScalar : last.TakesElementwise) && !sources.Any(last.Reductions.Contains);
        Add(node, fits ? last! : Open(null, kept));
    }

    void Add(Tensor node, Group group)
    {
        Absorb(node, group);
        owner[node] = group;
    }

    // Computes a node in a group, with the floating nodes it needs over the same axes.
    void Absorb(Tensor node, Group group)
    {
        if (group.Computes(node)) return;
        foreach (var source in node.Sources)
        {
            var root = Addressing.Root(source);
            if (!floating.Contains(root)) continue;
            if (Addressing.Kept(source.Shape).SequenceEqual(group.Kept)) Absorb(root, group);
            else Ensure(root, group);
        }
        group.Nodes.Add(node);
    }

    // Gives a floating node a group of its own, before the group that needs it.
    void Ensure(Tensor root, Group? before = null)
    {
        if (!floating.Contains(root) || owner.ContainsKey(root)) return;
        Add(root, Open(null, Addressing.Kept(root.Shape), before));
    }

    void Reduce(Tensor node, Tensor source)
    {
        var kept = Addressing.Kept(node.Sources[0].Shape);
        var last = Last([source]);
        var joins = kept.Length != 1 && last is not null && last.Kept.SequenceEqual(kept)
            && (last.Anchor is null || Dependencies.SumsRows(last.Anchor, node));
        var group = joins ? last! : Open(null, kept);
        if (floating.Contains(source)) Absorb(source, group);
        group.Reductions.Add(node);
        owner[node] = group;
    }

    // Users of each node's memory or register, past aliases.
    static Dictionary<Tensor, List<(Tensor User, Group Group)>> Users(IEnumerable<Group> groups)
    {
        var users = new Dictionary<Tensor, List<(Tensor, Group)>>();
        foreach (var group in groups)
            foreach (var user in group.All)
                foreach (var source in user.Sources)
                {
                    var root = Addressing.Root(source);
                    if (!users.TryGetValue(root, out var list)) users[root] = list = [];
                    list.Add((user, group));
                }
        return users;
    }

    void Sink()
    {
        var users = Users(groups);
        foreach (var group in Enumerable.Reverse(groups).ToArray())
            foreach (var node in Enumerable.Reverse(group.Nodes).ToArray())
            {
                if (wanted.Contains(node) || node.Op.IsCostly() || group.Kept.IsEmpty) continue;
                if (!users.TryGetValue(node, out var used)) continue;
                var outside = used.Where(use => !use.Group.Computes(node)).ToArray();
                if (outside.Length < used.Count || outside.Any(use => !CanTake(use.User, use.Group, node))) continue;
                if (!node.Sources.Select(Addressing.Root)
                    .All(source => InMemoryAnyway(source, node, group, users[source]))) continue;
                group.Nodes.Remove(node);
                foreach (var target in outside.Select(use => use.Group).Distinct()) target.Nodes.Insert(0, node);
                owner[node] = outside[0].Group;
                users = Users(groups);
            }
        groups.RemoveAll(group => group != prologue && group.Anchor is null && group.Nodes.Count == 0
            && group.Reductions.Count == 0);
    }

    static bool CanTake(Tensor user, Group group, Tensor node) =>
        user != group.Anchor && group.Kept.SequenceEqual(Addressing.Kept(node.Shape))
            && (group.TakesElementwise || group.IsFlatReduction);

    // A leaf, a scalar, or a value that some other node reads from memory in any case.
    bool InMemoryAnyway(Tensor source, Tensor node, Group group, List<(Tensor User, Group Group)> users) =>
        source.Sources.IsEmpty || source.Shape.Count == 1 || wanted.Contains(source) || !group.Computes(source)
        || users.Any(use => use.User != node && (use.User == use.Group.Anchor || !use.Group.Computes(source)));
}
