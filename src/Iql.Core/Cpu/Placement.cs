using System.Collections.Immutable;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Where everything lies: inputs and outputs in their blocks, temporaries in the arena, scalars in slots.</summary>
sealed class Placement
{
    const int PassedOn = -1;

    readonly Dictionary<Tensor, Place> places = [];
    readonly Dictionary<Tensor, int> slots = [];
    readonly List<(Tensor Node, Place Place)> later = [];

    public Placement(GraphFunction function, Tensor[] results, Schedule schedule)
    {
        var outputs = function.Outputs.SelectMany((group, block) => group.Layout.Entries.Select(entry =>
            (entry.Shape, Place: new Place(1 + function.Inputs.Length + block, entry.Offset)))).ToArray();
        var metrics = results[outputs.Length..];
        foreach (var metric in metrics) Check.That(metric.Shape.Count == 1, "metrics", "scalars", metric);
        // A metric is read from its slot, or from memory when a kernel of vectors made it.
        Stored = Lowering.Stored(schedule.Groups, results.Take(outputs.Length).Concat(metrics.Where(metric => schedule.Dependencies.Owner(Addressing.Root(metric))?.Anchor is not null)));
        var order = Order.Of(results);
        Inputs(function, order);
        Slots(order, schedule);
        Outputs(results, outputs, schedule);
        Arena(order, schedule, metrics, 1 + function.Inputs.Length + function.Outputs.Length);
        InputSlots = [.. function.Scalars.Select(name => slots.FirstOrDefault(pair => pair.Key.Op == Op.Input && pair.Key.Name == name) is { Key: not null } found ? found.Value : -1)];
        Metrics = [.. metrics.Select(Addressing.Root).Select(root => slots.TryGetValue(root, out var slot) ? new ScalarSource(slot, default) : new(-1, PlaceOf(root)))];
        ScratchLength = order.Where(node => node.Op == Op.MatMul).Select(node => ProductShape.ScratchFloats(
            node.Shape[-2], node.Shape[-1], node.Sources[1].Shape[node.Integers[1] == 1 ? -1 : -2], Dependencies.RunsByTile(node), schedule.Dependencies.Owner(node)!.Reductions.Count))
            .Append(ProductShape.ScratchFloats(0, 0, 0, byTile: false, 0)).Max();
        foreach (var copy in later) Copies.Add(CopyOf(copy.Node, copy.Place));
    }

    /// <summary>The nodes that lie in memory.</summary>
    public HashSet<Tensor> Stored { get; }
    /// <summary>Slots of the function's scalars, −1 for one that is not used.</summary>
    public int[] InputSlots { get; }
    /// <summary>Where the metrics are read.</summary>
    public ScalarSource[] Metrics { get; }
    /// <summary>Single floats of input blocks that kernels read from slots.</summary>
    public (int Slot, Place Place)[] Loads { get; private set; } = [];
    /// <summary>Slots that never change.</summary>
    public List<(int Slot, double Number)> Constants { get; } = [];
    /// <summary>Results that are inputs, or the second name of another result: copied at the end.</summary>
    public List<IKernel> Copies { get; } = [];
    /// <summary>The temporaries.</summary>
    public ImmutableArray<BufferInfo> Buffers { get; private set; } = [];
    public int SlotCount => slots.Count;
    /// <summary>Floats of a space for the temporaries of one lane, and of the spaces of all.</summary>
    public int SpaceLength { get; private set; }
    public int OwnLength { get; private set; }
    /// <summary>Floats of those that pass between lanes.</summary>
    public int PassedOnLength { get; private set; }
    public int ScratchLength { get; }

    /// <summary>Where a stored node or an input lies.</summary>
    public Place PlaceOf(Tensor root) => places.TryGetValue(root, out var place) ? place
        : throw new InvalidOperationException($"{root} was not given a place in memory.");

    /// <summary>A scalar's slot, or −1 when it has none.</summary>
    public int SlotOf(Tensor root) => slots.GetValueOrDefault(root, -1);

    void Inputs(GraphFunction function, IEnumerable<Tensor> order)
    {
        var known = new Dictionary<string, (Place Place, Shape Shape)>();
        for (var block = 0; block < function.Inputs.Length; block++)
            foreach (var entry in function.Inputs[block].Entries)
                known[$"{function.Inputs[block].Name}/{entry.Name}"] = (new(1 + block, entry.Offset), entry.Shape);
        foreach (var node in order.Where(node => node.Op == Op.Input))
            if (known.TryGetValue(node.Name, out var input))
            {
                Check.That(input.Shape == node.Shape, node.Name, $"shape {input.Shape} as in its block", node.Shape);
                places[node] = input.Place;
            }
            else
                Check.That(node.Shape.Rank == 0 && function.Scalars.Contains(node.Name), node.Name,
                    $"an entry of the input blocks ({string.Join(", ", function.Inputs.Select(layout => layout.Name))}) or a scalar ({string.Join(", ", function.Scalars)})",
                    $"an input {node.Shape} that neither holds");
    }

    void Slots(IEnumerable<Tensor> order, Schedule schedule)
    {
        foreach (var node in order.Where(node => node.Shape.Count == 1 && !Addressing.IsAlias(node)))
        {
            var owner = schedule.Dependencies.Owner(node);
            if (node.Sources.IsEmpty || owner is { IsScalar: true } || owner is { IsFlatReduction: true }) slots[node] = slots.Count;
        }
        Loads = [.. slots.Where(pair => places.ContainsKey(pair.Key)).Select(pair => (pair.Value, places[pair.Key]))];
        Constants.AddRange(slots.Where(pair => pair.Key.Op == Op.Constant).Select(pair => (pair.Value, pair.Key.Number)));
    }

    // A computed node takes its first place among the results; what is left over is copied.
    void Outputs(Tensor[] results, (Shape Shape, Place Place)[] outputs, Schedule schedule)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            var root = Addressing.Root(results[i]);
            if (schedule.Dependencies.Owner(root) is not null && !places.ContainsKey(root)) places[root] = outputs[i].Place;
            else later.Add((results[i], outputs[i].Place));
        }
    }

    void Arena(IReadOnlyList<Tensor> order, Schedule schedule, IEnumerable<Tensor> metrics, int passedOnBase)
    {
        var kept = later.Select(copy => copy.Node).Concat(metrics).Select(Addressing.Root).ToHashSet();
        // By lane what no other reads; the rest one worker may still read when another makes it for the run after.
        var temporaries = order.Where(node => Stored.Contains(node) && !places.ContainsKey(node)).ToLookup(node =>
            !schedule.Overlaps ? 0 : schedule.IsPrivate(node) && !kept.Contains(node) ? schedule.PartitionOf(schedule.Dependencies.Owner(node)!).Lane : PassedOn);
        var plans = temporaries.ToDictionary(lane => lane.Key, lane => MemoryPlan.Of(schedule, lane, kept));
        foreach (var (lane, plan) in plans)
            foreach (var buffer in plan) places[buffer.Value] = new(lane == PassedOn ? passedOnBase : 0, buffer.Offset);
        SpaceLength = plans.Where(plan => plan.Key != PassedOn).Select(plan => Length(plan.Value)).DefaultIfEmpty(0).Max();
        (OwnLength, PassedOnLength) = (SpaceLength * (schedule.IsShared ? 1 : schedule.Walkers.Count), Length(plans.GetValueOrDefault(PassedOn, [])));
        Buffers = [.. plans.SelectMany(plan => plan.Value.Select(buffer => buffer with { Offset = (plan.Key == PassedOn ? OwnLength : SpaceLength * plan.Key) + buffer.Offset })).OrderBy(buffer => buffer.Made)];

        int Length(IReadOnlyList<BufferInfo> buffers) => buffers.Select(buffer => buffer.Offset + buffer.Length + (schedule.Workers > 1 ? Layout.Apart : 0)).DefaultIfEmpty(0).Max();
    }

    CopyKernel CopyOf(Tensor node, Place to)
    {
        var strides = Addressing.Strides(node.Shape);
        return new([new(node.Shape.Extents, PlaceOf(Addressing.Root(node)), [.. strides], to, [.. strides])], 0, default);
    }
}
