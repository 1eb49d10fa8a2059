using System.Collections.Immutable;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Kernels of the ops that move numbers or draw them.</summary>
static class DataMovement
{
    public static IKernel KernelOf(Tensor node, Placement plan, bool isReadByOthers)
    {
        var sources = node.Sources;
        var to = plan.AddressOf(node);
        var (strides, own) = (Addressing.Strides(node.Shape), Addressing.Strides(sources[0].Shape));
        var rows = Dependencies.CopiesByRow(node) ? node.Shape[0] : 0;
        var claimed = rows > 0 && isReadByOthers ? node.Shape[1] : 0;
        switch (node.Op)
        {
            case Op.Concat:
                var copies = ImmutableArray.CreateBuilder<StridedCopy>();
                var start = 0;
                foreach (var part in sources)
                {
                    copies.Add(new(part.Shape.Extents, plan.AddressOf(part), Addressing.Strides(part.Shape),
                        to.Plus(start * strides[node.Integers[0]]), strides));
                    start += part.Shape[node.Integers[0]];
                }
                return new CopyKernel(copies.ToImmutable(), rows, default, claimed);
            case Op.Slice:
                var from = At(0).Plus(node.Integers[1] * own[node.Integers[0]]);
                return new CopyKernel([new(node.Shape.Extents, from, own, to, strides)], rows, default, claimed);
            case Op.Pad:
                var inside = to.Plus(node.Integers[1] * strides[node.Integers[0]]);
                return new CopyKernel([new(sources[0].Shape.Extents, At(0), own, inside, strides)],
                    0, (to, Layout.PaddedLength(node.Shape)));
            case Op.Transpose:
                ImmutableArray<int> swapped = [.. node.Integers.Select(axis => own[axis])];
                return new CopyKernel([new(node.Shape.Extents, At(0), swapped, to, strides)], 0, default);
            case Op.Reshape:
                return new ReshapeKernel(At(0), Rows(sources[0].Shape), to, Rows(node.Shape),
                    node.Shape.Count);
            case Op.Gather:
                var (table, stride) = (sources[0].Shape, Block(sources[0].Shape));
                return new GatherKernel(At(0), stride, table[0], At(1), node.Shape[0],
                    to, Block(node.Shape), Math.Min(stride, Block(node.Shape)));
            case Op.ScatterAdd:
                var added = sources[0].Shape;
                return new ScatterAddKernel(At(0), Block(added), At(1), added[0], to,
                    Block(node.Shape), node.Shape[0], Math.Min(Block(added), Block(node.Shape)));
            case Op.RandomUniform or Op.RandomNormal:
                var (columns, rowStride) = Rows(node.Shape);
                return new RandomKernel(plan.SlotOf(sources[0]), plan.SlotOf(sources[1]), node.Integers[0],
                    node.Op == Op.RandomNormal, to, node.Shape.Count / columns, columns, rowStride);
            default:
                throw new NotSupportedException($"{node.Op} has no kernel; add one to DataMovement or VectorOps.");
        }

        Address At(int source) => plan.AddressOf(sources[source]);
    }

    static (int Columns, int Stride) Rows(Shape shape) => (Layout.RowLength(shape), Layout.RowStride(shape));

    // Floats from one entry of axis 0 to the next; of a single entry, all of it.
    static int Block(Shape shape) => shape[0] > 1 ? Addressing.Strides(shape)[0] : Layout.PaddedLength(shape);
}
