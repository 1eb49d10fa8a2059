using System.Collections.Immutable;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Turns groups into kernels: loop programs, and addresses and strides of operands.</summary>
/// <param name="schedule">Who computes what.</param>
/// <param name="stored">The nodes that lie in memory.</param>
/// <param name="addressOf">Where a stored node or an input lies.</param>
/// <param name="slotOf">A scalar's slot, or −1 when it has none.</param>
/// <param name="set">The vectors to use.</param>
sealed class Lowering(
    Schedule schedule, HashSet<Tensor> stored, Func<Tensor, Address> addressOf, Func<Tensor, int> slotOf,
    InstructionSet set)
{
    readonly IKernelFactory factory = KernelFactory.Of(set);

    /// <summary>The nodes that some group reads from memory, and the results. Scalars are read from slots.</summary>
    public static HashSet<Tensor> Stored(IReadOnlyList<Group> groups, IEnumerable<Tensor> results)
    {
        var stored = results.Select(Addressing.Root).ToHashSet();
        // By kernels that know no slots, even a single number.
        var made = groups.Select(group => group.Anchor).ToHashSet();
        foreach (var group in groups)
            foreach (var user in group.All)
                foreach (var root in user.Sources.Select(Addressing.Root))
                {
                    var isRead = (root.Shape.Count > 1 || made.Contains(root)) && !group.Computes(root);
                    if (user == group.Anchor ? !IsRandom(user) : isRead) stored.Add(root);
                }
        return stored;
    }

    static bool IsRandom(Tensor node) => node.Op is Op.RandomUniform or Op.RandomNormal;

    /// <summary>The kernel of one group.</summary>
    public IKernel KernelOf(Group group) => group.Anchor is { } anchor ? anchor.Op switch
    {
        Op.MatMul => Product(group, anchor),
        Op.Sum or Op.Max => ColumnReduce(group, anchor),
        _ => DataMovement.KernelOf(anchor, addressOf, slotOf, schedule.IsReadByOthers(anchor)),
    } : group.IsScalar ? Scalars(group) : Loop(group);

    ScalarKernel Scalars(Group group)
    {
        ScalarSource SourceOf(Tensor node)
        {
            var root = Addressing.Root(node);
            return slotOf(root) is >= 0 and var slot ? new(slot, default) : new(-1, addressOf(root));
        }
        var values = group.Nodes.Select(node =>
        {
            var sources = node.Sources.Select(SourceOf).ToArray();
            return new ScalarValue(node.Op, slotOf(node), sources[0], sources[Math.Min(1, sources.Length - 1)],
                sources[^1]);
        });
        var kept = group == schedule.Groups[0]
            ? group.Nodes.Concat(stored.Where(node => node.Shape.Count == 1 && IsLooseScalar(node)))
            : group.Nodes;
        return new([.. values], [.. kept.Where(stored.Contains).Select(node => (slotOf(node), addressOf(node)))]);
    }

    /// <summary>A scalar input or a constant that some kernel wants in memory.</summary>
    public static bool IsLooseScalar(Tensor node) =>
        node.Op == Op.Constant || (node.Op == Op.Input && node.Shape.Rank == 0);

    FusedKernel Loop(Group group)
    {
        var (program, operands) = Program(group);
        if (!group.IsFlatReduction) return new(factory.Loop(program), group.Kept, operands);
        var sum = group.Reductions[0];
        Address? address = stored.Contains(sum) ? addressOf(sum) : null;
        return new(factory.Loop(program), group.Kept, operands, slotOf(sum), address);
    }

    (LoopProgram Program, ImmutableArray<Operand> Operands) Program(Group group) =>
        new LoopBuilder(group, schedule, addressOf, slotOf, stored).Build();

    IKernel Product(Group group, Tensor anchor)
    {
        var (x, y) = (anchor.Sources[0], anchor.Sources[1]);
        var lead = anchor.Shape.Extents[..^2];
        int[] a = Addressing.Strides(x.Shape), b = Addressing.Strides(y.Shape);
        var transposed = (First: anchor.Integers[0] == 1, Second: anchor.Integers[1] == 1);
        var (row, innerA) = transposed.First ? (a[^1], a[^2]) : (a[^2], a[^1]);
        var (innerB, column) = transposed.Second ? (b[^1], b[^2]) : (b[^2], b[^1]);
        var shape = new ProductShape(anchor.Shape[-2], anchor.Shape[-1], x.Shape[transposed.First ? -2 : -1],
            row, innerA, innerB, column, lead, Leading(x.Shape, a), Leading(y.Shape, b));
        var (program, operands) = Program(group);
        return factory.Product(shape, addressOf(Addressing.Root(x)), addressOf(Addressing.Root(y)), program,
            [.. operands.Select(operand => operand with { Strides = Expanded(operand.Strides, anchor.Shape) })],
            Dependencies.RunsByTile(anchor));

        // Leading axes align from the right; stretched ones do not move.
        ImmutableArray<int> Leading(Shape source, int[] strides) =>
            [.. Enumerable.Range(0, lead.Length).Select(axis => axis - lead.Length + source.Rank - 2)
                .Select(axis => axis < 0 ? 0 : strides[axis])];
    }

    // Strides over all axes of a shape from those over its kept axes.
    static ImmutableArray<int> Expanded(ImmutableArray<int> strides, Shape shape)
    {
        var next = 0;
        return [.. shape.Extents.Select(extent => extent == 1 ? 0 : strides[next++])];
    }

    IKernel ColumnReduce(Group group, Tensor anchor)
    {
        var source = anchor.Sources[0];
        var axis = anchor.Integers[0];
        var strides = Addressing.Strides(source.Shape);
        var before = new Shape(source.Shape.Extents.AsSpan()[..axis]);
        var after = new Shape(source.Shape.Extents.AsSpan()[(axis + 1)..]);
        // Rows inside one entry of the axis lie evenly, padding included, and so they do in the result.
        var columns = after.Count == Layout.RowLength(after) ? after.Count : Layout.PaddedLength(after);
        var outer = before.Count == 1 ? (1, 0)
            : (before.Count, strides[Enumerable.Range(0, axis).Last(i => before[i] != 1)]);
        var (program, operands) = Program(group);
        var single = group.Kept.Length == 1;
        var outerStride = before.Count == 1 ? 0
            : Addressing.Strides(anchor.Shape)[Enumerable.Range(0, axis).Last(i => before[i] != 1)];
        return factory.ColumnReduce(addressOf(Addressing.Root(source)), outer, (source.Shape[axis], strides[axis]),
            columns, anchor.Op == Op.Max, factory.Loop(program), [.. operands.Select(operand =>
                operand with { Strides = single ? [0, operand.Strides[0]] : [outerStride, 1] })]);
    }
}
