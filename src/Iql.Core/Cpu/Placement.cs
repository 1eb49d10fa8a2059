using System.Collections.Immutable;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>All addresses: results in their blocks, temporaries in the arena, numbers in slots.</summary>
sealed class Placement
{
    // The key of temporaries that more than one stream uses.
    const int Exchanged = -1;

    readonly Dictionary<Tensor, Address> addresses = [];
    readonly Dictionary<Tensor, int> slots = [];
    readonly List<(Tensor Node, Address Address)> later = [];

    public Placement(GraphFunction function, Tensor[] results, Schedule schedule)
    {
        var firstOutput = 1 + function.Inputs.Length;
        var outputs = function.Outputs.SelectMany((group, block) => group.Layout.Entries.Select(entry =>
            (entry.Shape, Address: new Address(firstOutput + block, entry.Offset)))).ToArray();
        var metrics = results[outputs.Length..];
        foreach (var metric in metrics) Check.That(metric.Shape.Count == 1, "metrics", "scalars", metric);
        // A metric is read from its slot, or from memory when a kernel of vectors made it.
        Stored = StoredOf(schedule.Groups, results.Take(outputs.Length)
            .Concat(metrics.Where(metric => schedule.Dependencies.Owner(Addressing.Root(metric))?.Anchor is not null)));
        var order = Order.Of(results);
        Inputs(function, order);
        Slots(order, schedule);
        Outputs(results, outputs, schedule);
        Arena(order, schedule, metrics, firstOutput + function.Outputs.Length);
        var scalars = slots.Where(pair => pair.Key.Op == Op.Input)
            .ToDictionary(pair => pair.Key.Name, pair => pair.Value);
        InputSlots = [.. function.Scalars.Select(name => scalars.GetValueOrDefault(name, -1))];
        Metrics = [.. metrics.Select(SourceOf)];
        ScratchLength = order.Where(node => node.Op == Op.MatMul)
            .Select(node => ProductShape.ScratchFloats(
                node.Shape[-2], node.Shape[-1], node.Sources[1].Shape[node.Integers[1] == 1 ? -1 : -2],
                Dependencies.RunsByTile(node), schedule.Dependencies.Owner(node)!.Reductions.Count))
            .Append(ProductShape.ScratchFloats(0, 0, 0, byTile: false, 0)).Max();
        foreach (var copy in later) Copies.Add(CopyOf(copy.Node, copy.Address));
    }

    /// <summary>The nodes that lie in memory.</summary>
    public HashSet<Tensor> Stored { get; }
    /// <summary>Slots of the function's scalars, −1 for one that is not used.</summary>
    public int[] InputSlots { get; }
    public ScalarSource[] Metrics { get; }
    /// <summary>Single floats of input blocks that kernels read from slots.</summary>
    public List<(int Slot, Address Address)> Loads { get; } = [];
    /// <summary>Slots that never change.</summary>
    public List<(int Slot, double Number)> Constants { get; } = [];
    /// <summary>Results that are inputs, or the second name of another result: copied at the end.</summary>
    public List<IKernel> Copies { get; } = [];
    public ImmutableArray<BufferInfo> Buffers { get; private set; } = [];
    public int SlotCount => slots.Count;
    /// <summary>Floats of a workspace: the temporaries that one stream has to itself.</summary>
    public int WorkspaceLength { get; private set; }
    /// <summary>Floats of all workspaces together.</summary>
    public int WorkspacesLength { get; private set; }
    /// <summary>Floats of the temporaries that pass between streams.</summary>
    public int ExchangedLength { get; private set; }
    public int ScratchLength { get; }

    /// <summary>Where a stored node or an input lies.</summary>
    public Address AddressOf(Tensor node) => addresses.TryGetValue(Addressing.Root(node), out var address) ? address
        : throw new InvalidOperationException($"{node} was not given an address in memory.");

    /// <summary>A scalar's slot, or −1 when it has none.</summary>
    public int SlotOf(Tensor node) => slots.GetValueOrDefault(Addressing.Root(node), -1);

    /// <summary>A scalar's slot, or else its address.</summary>
    public ScalarSource SourceOf(Tensor node) =>
        SlotOf(node) is >= 0 and var slot ? new(slot, default) : new(-1, AddressOf(node));

    // The nodes that some group reads from memory, and the results. Scalars are read from slots.
    static HashSet<Tensor> StoredOf(IReadOnlyList<Group> groups, IEnumerable<Tensor> results)
    {
        var stored = results.Select(Addressing.Root).ToHashSet();
        // By kernels that know no slots, even a single number.
        var made = groups.Select(group => group.Anchor).ToHashSet();
        foreach (var group in groups)
            foreach (var user in group.All)
                foreach (var root in user.Sources.Select(Addressing.Root))
                {
                    var isRead = (root.Shape.Count > 1 || made.Contains(root)) && !group.Computes(root);
                    var isRandom = user.Op is Op.RandomUniform or Op.RandomNormal;
                    if (user == group.Anchor ? !isRandom : isRead) stored.Add(root);
                }
        return stored;
    }

    void Inputs(GraphFunction function, IEnumerable<Tensor> order)
    {
        var known = new Dictionary<string, (Address Address, Shape Shape)>();
        for (var block = 0; block < function.Inputs.Length; block++)
            foreach (var entry in function.Inputs[block].Entries)
                known[$"{function.Inputs[block].Name}/{entry.Name}"] = (new(1 + block, entry.Offset), entry.Shape);
        foreach (var node in order.Where(node => node.Op == Op.Input))
            if (known.TryGetValue(node.Name, out var input))
            {
                Check.That(input.Shape == node.Shape, node.Name, $"shape {input.Shape} as in its block", node.Shape);
                addresses[node] = input.Address;
            }
            else
                Check.That(node.Shape.Rank == 0 && function.Scalars.Contains(node.Name), node.Name,
                    $"an entry of the input blocks ({string.Join(", ", function.Inputs.Select(layout => layout.Name))})"
                    + $" or a scalar ({string.Join(", ", function.Scalars)})",
                    $"an input {node.Shape} that neither holds");
    }

    void Slots(IEnumerable<Tensor> order, Schedule schedule)
    {
        foreach (var node in order.Where(node => node.Shape.Count == 1 && !Addressing.IsAlias(node)))
        {
            var owner = schedule.Dependencies.Owner(node);
            if (node.Sources.IsEmpty || owner is { IsScalar: true } or { IsFlatReduction: true })
                slots[node] = slots.Count;
        }
        foreach (var (node, slot) in slots)
        {
            if (addresses.TryGetValue(node, out var address)) Loads.Add((slot, address));
            if (node.Op == Op.Constant) Constants.Add((slot, node.Number));
        }
    }

    // A computed node takes its first place among the results; what is left over is copied.
    void Outputs(Tensor[] results, (Shape Shape, Address Address)[] outputs, Schedule schedule)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            var root = Addressing.Root(results[i]);
            if (schedule.Dependencies.Owner(root) is not null && !addresses.ContainsKey(root))
                addresses[root] = outputs[i].Address;
            else later.Add((results[i], outputs[i].Address));
        }
    }

    void Arena(IReadOnlyList<Tensor> order, Schedule schedule, IEnumerable<Tensor> metrics, int exchangedBlock)
    {
        var kept = later.Select(copy => copy.Node).Concat(metrics).Select(Addressing.Root).ToHashSet();
        var apart = schedule.Workers > 1 ? Layout.Apart : 0;
        // One plan for each stream's own temporaries, and one for those that a run and the next may use at once.
        var plans = order.Where(node => Stored.Contains(node) && !addresses.ContainsKey(node)).GroupBy(StreamOf)
            .ToDictionary(nodes => nodes.Key, nodes => MemoryPlan.Of(schedule, nodes, kept));
        foreach (var (stream, plan) in plans)
            foreach (var buffer in plan)
                addresses[buffer.Value] = new(stream == Exchanged ? exchangedBlock : Address.Workspace, buffer.Offset);
        WorkspaceLength = plans.Where(plan => plan.Key != Exchanged)
            .Select(plan => Length(plan.Value)).DefaultIfEmpty(0).Max();
        WorkspacesLength = WorkspaceLength * (schedule.Overlaps ? schedule.Streams.Count : 1);
        ExchangedLength = Length(plans.GetValueOrDefault(Exchanged, []));
        Buffers = [.. plans.SelectMany(plan => plan.Value.Select(buffer => buffer with
        {
            Offset = buffer.Offset + (plan.Key == Exchanged ? WorkspacesLength : WorkspaceLength * plan.Key),
        })).OrderBy(buffer => buffer.Made)];

        int StreamOf(Tensor node) => !schedule.Overlaps ? 0 : schedule.IsPrivate(node) && !kept.Contains(node)
            ? schedule.PartitionOf(schedule.Dependencies.Owner(node)!).Stream!.Value : Exchanged;

        int Length(IReadOnlyList<BufferInfo> buffers) =>
            buffers.Select(buffer => buffer.Offset + buffer.Length + apart).DefaultIfEmpty(0).Max();
    }

    CopyKernel CopyOf(Tensor node, Address to)
    {
        var strides = Addressing.Strides(node.Shape);
        return new([new(node.Shape.Extents, AddressOf(node), strides, to, strides)], 0, default);
    }
}
