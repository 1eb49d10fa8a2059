using System.Collections.Immutable;
using Iql.Cpu.Kernels;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Kernels of the ops that move numbers or draw them.</summary>
static class DataMovement
{
    public static IKernel KernelOf(
        Tensor node, Func<Tensor, Address> addressOf, Func<Tensor, int> slotOf, bool isReadByOthers)
    {
        var sources = node.Sources.Select(Addressing.Root).ToArray();
        var to = addressOf(node);
        var strides = Addressing.Strides(node.Shape);
        var rows = Dependencies.CopiesByRow(node) ? node.Shape[0] : 0;
        var claimed = rows > 0 && isReadByOthers ? node.Shape[1] : 0;
        switch (node.Op)
        {
            case Op.Concat:
                var copies = ImmutableArray.CreateBuilder<StridedCopy>();
                var start = 0;
                foreach (var part in node.Sources)
                {
                    copies.Add(Copy(part.Shape, addressOf(Addressing.Root(part)), Addressing.Strides(part.Shape),
                        to.Plus(start * strides[node.Integers[0]]), strides));
                    start += part.Shape[node.Integers[0]];
                }
                return new CopyKernel(copies.ToImmutable(), rows, default, claimed);
            case Op.Slice:
                var own = Addressing.Strides(node.Sources[0].Shape);
                var from = addressOf(sources[0]).Plus(node.Integers[1] * own[node.Integers[0]]);
                return new CopyKernel([Copy(node.Shape, from, own, to, strides)], rows, default, claimed);
            case Op.Pad:
                var inside = node.Sources[0].Shape;
                return new CopyKernel([Copy(inside, addressOf(sources[0]), Addressing.Strides(inside),
                    to.Plus(node.Integers[1] * strides[node.Integers[0]]), strides)],
                    0, (to, Layout.PaddedLength(node.Shape)));
            case Op.Transpose:
                var source = Addressing.Strides(node.Sources[0].Shape);
                return new CopyKernel([Copy(node.Shape, addressOf(sources[0]),
                    [.. node.Integers.Select(axis => source[axis])], to, strides)], 0, default);
            case Op.Reshape:
                return new ReshapeKernel(addressOf(sources[0]), Rows(node.Sources[0].Shape), to, Rows(node.Shape),
                    node.Shape.Count);
            case Op.Gather:
                var (table, stride) = (node.Sources[0].Shape, Block(node.Sources[0].Shape));
                return new GatherKernel(addressOf(sources[0]), stride, table[0], addressOf(sources[1]), node.Shape[0],
                    to, Block(node.Shape), Math.Min(stride, Block(node.Shape)));
            case Op.ScatterAdd:
                var added = node.Sources[0].Shape;
                return new ScatterAddKernel(addressOf(sources[0]), Block(added), addressOf(sources[1]), added[0], to,
                    Block(node.Shape), node.Shape[0], Math.Min(Block(added), Block(node.Shape)));
            case Op.RandomUniform or Op.RandomNormal:
                var (columns, rowStride) = Rows(node.Shape);
                return new RandomKernel(slotOf(sources[0]), slotOf(sources[1]), node.Integers[0],
                    node.Op == Op.RandomNormal, to, node.Shape.Count / columns, columns, rowStride);
            default:
                throw new NotSupportedException($"{node.Op} has no kernel; add one to DataMovement or VectorOps.");
        }
    }

    static (int Columns, int Stride) Rows(Shape shape) => (Layout.RowLength(shape), Layout.RowStride(shape));

    // Floats from one entry of axis 0 to the next; of a single entry, all of it.
    static int Block(Shape shape) => shape[0] > 1 ? Addressing.Strides(shape)[0] : Layout.PaddedLength(shape);

    static StridedCopy Copy(
        Shape extents, Address source, IEnumerable<int> sourceStrides,
        Address destination, IEnumerable<int> destinationStrides) =>
        new(extents.Extents, source, [.. sourceStrides], destination, [.. destinationStrides]);
}
