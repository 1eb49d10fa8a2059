using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Turns groups into kernels: loop programs, and addresses and strides of operands.</summary>
static class Lowering
{
    /// <summary>Makes the kernel of a group. This is the one place where an instruction set becomes types.</summary>
    public static Func<Group, IKernel> Of(Schedule schedule, Placement plan, InstructionSet set) => set switch
    {
        InstructionSet.Vector512 => new Lowering<Simd512, Vector512<float>>(schedule, plan).KernelOf,
        InstructionSet.Vector256 => new Lowering<Simd256, Vector256<float>>(schedule, plan).KernelOf,
        InstructionSet.Vector128 => new Lowering<Simd128, Vector128<float>>(schedule, plan).KernelOf,
        _ => new Lowering<SimdScalar, float>(schedule, plan).KernelOf,
    };
}

sealed class Lowering<S, V>(Schedule schedule, Placement plan) where S : ISimd<V> where V : struct
{
    public IKernel KernelOf(Group group) => group.Anchor is { } anchor ? anchor.Op switch
    {
        Op.MatMul => Product(group, anchor),
        Op.Sum or Op.Max => ColumnReduce(group, anchor),
        _ => DataMovement.KernelOf(anchor, plan, schedule.IsReadByOthers(anchor)),
    } : group.IsScalar ? Scalars(group) : Loop(group);

    ScalarKernel Scalars(Group group)
    {
        var values = group.Nodes.Select(node =>
        {
            var sources = node.Sources.Select(plan.SourceOf).ToArray();
            return new ScalarValue(node.Op, plan.SlotOf(node), sources[0], sources[Math.Min(1, sources.Length - 1)],
                sources[^1]);
        });
        // The first group also stores scalar inputs and constants that some kernel reads from memory.
        var kept = group == schedule.Groups[0]
            ? group.Nodes.Concat(plan.Stored.Where(node => node.Sources.IsEmpty && node.Shape.Rank == 0))
            : group.Nodes;
        return new([.. values], [.. kept.Where(plan.Stored.Contains)
            .Select(node => (plan.SlotOf(node), plan.AddressOf(node)))]);
    }

    FusedKernel Loop(Group group)
    {
        var (program, operands) = Program(group);
        var loop = LoopEmitter<S, V>.Emit(program);
        if (!group.IsFlatReduction) return new(loop, group.Kept, operands);
        var sum = group.Reductions[0];
        Address? address = plan.Stored.Contains(sum) ? plan.AddressOf(sum) : null;
        return new(loop, group.Kept, operands, plan.SlotOf(sum), address);
    }

    (LoopProgram Program, ImmutableArray<Operand> Operands) Program(Group group) =>
        new LoopBuilder(group, schedule, plan).Build();

    IKernel Product(Group group, Tensor anchor)
    {
        var (x, y) = (anchor.Sources[0], anchor.Sources[1]);
        var lead = anchor.Shape.Extents[..^2];
        var (a, b) = (Addressing.Strides(x.Shape), Addressing.Strides(y.Shape));
        var transposed = (First: anchor.Integers[0] == 1, Second: anchor.Integers[1] == 1);
        var (row, innerA) = transposed.First ? (a[^1], a[^2]) : (a[^2], a[^1]);
        var (innerB, column) = transposed.Second ? (b[^1], b[^2]) : (b[^2], b[^1]);
        var shape = new ProductShape(anchor.Shape[-2], anchor.Shape[-1], x.Shape[transposed.First ? -2 : -1],
            row, innerA, innerB, column, lead, Leading(x.Shape, a), Leading(y.Shape, b));
        var (program, kept) = Program(group);
        ImmutableArray<Operand> operands =
            [.. kept.Select(operand => operand with { Strides = Expanded(operand.Strides, anchor.Shape) })];
        var (first, second) = (plan.AddressOf(x), plan.AddressOf(y));
        return NarrowProductKernel<S, V>.Takes(shape)
            ? new NarrowProductKernel<S, V>(shape, first, second, LoopEmitter<S, V>.Emit(program), operands)
            : new MatMulKernel<S, V>(shape, first, second, program, operands, Dependencies.RunsByTile(anchor));

        // Leading axes align from the right; stretched ones do not move.
        ImmutableArray<int> Leading(Shape source, ImmutableArray<int> strides) =>
            [.. Enumerable.Range(0, lead.Length).Select(axis => axis - lead.Length + source.Rank - 2)
                .Select(axis => axis < 0 ? 0 : strides[axis])];
    }

    // Strides over all axes of a shape from those over its kept axes.
    static ImmutableArray<int> Expanded(ImmutableArray<int> strides, Shape shape)
    {
        var next = 0;
        return [.. shape.Extents.Select(extent => extent == 1 ? 0 : strides[next++])];
    }

    ColumnReduceKernel<S, V> ColumnReduce(Group group, Tensor anchor)
    {
        var (source, axis) = (anchor.Sources[0].Shape, anchor.Integers[0]);
        var before = new Shape(source.Extents.AsSpan()[..axis]).Count;
        var after = new Shape(source.Extents.AsSpan()[(axis + 1)..]);
        // Rows inside one entry of the axis lie evenly, padding included, and so they do in the result.
        var columns = after.Count == Layout.RowLength(after) ? after.Count : Layout.PaddedLength(after);
        var (program, operands) = Program(group);
        return new(plan.AddressOf(anchor.Sources[0]), (before, Outer(source)),
            (source[axis], Addressing.Strides(source)[axis]), columns, anchor.Op == Op.Max,
            LoopEmitter<S, V>.Emit(program), [.. operands.Select(operand => operand with
            {
                Strides = group.Kept.Length == 1 ? [0, operand.Strides[0]] : [Outer(anchor.Shape), 1],
            })]);

        // Floats from one entry of the axes before to the next.
        int Outer(Shape shape) => before == 1 ? 0
            : Addressing.Strides(shape)[Enumerable.Range(0, axis).Last(i => source[i] != 1)];
    }
}
