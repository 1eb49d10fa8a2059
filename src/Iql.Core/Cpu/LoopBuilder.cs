using System.Collections.Immutable;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Writes a group's elementwise nodes as a loop program, with the operands of its pointers.</summary>
sealed class LoopBuilder(Group group, Schedule schedule, Placement plan)
{
    readonly List<LoopValue> values = [];
    readonly Dictionary<Tensor, int> computed = [];
    readonly Dictionary<LoopValue, int> invariants = [];
    readonly Dictionary<(Tensor Root, string Strides), int> loaded = [];
    readonly List<Operand> operands = [];
    readonly List<(int Value, int Pointer)> stores = [];
    readonly List<(int Value, Op Op, int Pointer)> reductions = [];

    /// <summary>The program, and the operand of every pointer. Pointer 0 is the anchor's scratch, if any.</summary>
    public (LoopProgram Program, ImmutableArray<Operand> Operands) Build()
    {
        if (group.Anchor is { } anchor)
        {
            values.Add(new(LoopSource.Vector, 0));
            operands.Add(new(default, [.. group.Kept.Select(_ => 0)]));
            Computed(anchor, 0);
        }
        foreach (var node in group.Nodes)
        {
            var sources = node.Sources.Select(source => ValueOf(node.Shape, source)).ToArray();
            values.Add(new(LoopSource.Apply, sources[0], node.Op, sources.ElementAtOrDefault(1),
                sources.ElementAtOrDefault(2)));
            Computed(node, values.Count - 1);
        }
        foreach (var node in group.Reductions)
        {
            var shape = node.Sources[0].Shape;
            var value = ValueOf(shape, node.Sources[0]);
            var address = group.IsFlatReduction ? default : plan.AddressOf(node);
            reductions.Add((value, node.Op, Pointer(address, Addressing.StridesOver(shape, node.Shape))));
        }
        // A product's kernel makes a row in several pieces.
        return (new([.. values], [.. stores], [.. reductions], operands.Count, AddsUp: group.Anchor is not null),
            [.. operands]);
    }

    void Computed(Tensor node, int value)
    {
        computed[node] = value;
        if (plan.Stored.Contains(node) && schedule.Dependencies.Owner(node) == group)
        {
            var strides = Addressing.StridesOver(node.Shape, node.Shape);
            stores.Add((value, Pointer(plan.AddressOf(node), strides, schedule.IsReadByOthers(node))));
        }
    }

    int Pointer(Address address, ImmutableArray<int> strides, bool isReadByOthers = false)
    {
        operands.Add(new(address, strides, isReadByOthers));
        return operands.Count - 1;
    }

    int ValueOf(Shape user, Tensor source)
    {
        var root = Addressing.Root(source);
        if (computed.TryGetValue(root, out var value)) return value;
        if (root.Op == Op.Constant) return Invariant(new(LoopSource.Constant, 0, Number: root.Number));
        if (plan.SlotOf(root) is >= 0 and var slot) return Invariant(new(LoopSource.Slot, slot));
        var strides = Addressing.StridesOver(user, source.Shape);
        var key = (root, string.Join(',', strides));
        if (loaded.TryGetValue(key, out var load)) return load;
        var kind = strides[^1] == 0 ? LoopSource.PerRow : LoopSource.Vector;
        values.Add(new(kind, Pointer(plan.AddressOf(root), strides)));
        return loaded[key] = values.Count - 1;
    }

    int Invariant(LoopValue value)
    {
        if (invariants.TryGetValue(value, out var known)) return known;
        values.Add(value);
        return invariants[value] = values.Count - 1;
    }
}
