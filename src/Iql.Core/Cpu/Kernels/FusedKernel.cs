using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Iql.Cpu.Emit;
using Iql.Graph;

namespace Iql.Cpu.Kernels;

/// <summary>The start of a fused loop's pointer, its strides along the kept axes of the iteration, and whether other
/// workers read what the loop writes there.</summary>
readonly record struct Operand(Address Address, ImmutableArray<int> Strides, bool IsReadByOthers = false)
{
    /// <summary>Floats from row to row over the last but one axis.</summary>
    public int RowStride => Strides.Length >= 2 ? Strides[^2] : 0;
}

/// <summary>A fused loop over all entries of a shape. A unit is 16 rows (of one axis: 16 entries), so no vector and no
/// tile is shared. With a slot, the loop's last pointer takes one reduced number, which goes to the slot, and to an
/// address if there is one.</summary>
sealed unsafe class FusedKernel(
    FusedLoop loop, ImmutableArray<int> kept, ImmutableArray<Operand> operands, int slot = -1, Address? scalar = null)
    : IKernel
{
    public const int UnitRows = 16;

    readonly int rowCount = RowCount(kept);

    // Rows with even strides share one call: those of the last leading axis, and all rows where each leading stride is
    // the inner stride times the inner extent.
    readonly int evenRows = EvenRows(kept, operands);

    public int Units => slot >= 0 ? 1 : (rowCount + UnitRows - 1) / UnitRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        var pointers = stackalloc float*[operands.Length];
        var strides = stackalloc nint[operands.Length];
        if (kept.Length <= 1)
        {
            var start = first * UnitRows;
            var count = slot >= 0 ? rowCount : Math.Min(last * UnitRows, rowCount) - start;
            for (var k = 0; k < operands.Length; k++)
            {
                nint offset = operands[k].Strides.Length == 0 ? 0 : (nint)start * operands[k].Strides[0];
                pointers[k] = operands[k].Address.In(context) + offset;
                strides[k] = 0;
            }
            float reduced = 0;
            if (slot >= 0) pointers[operands.Length - 1] = &reduced;
            loop(pointers, strides, context.Scalars, 1, count);
            if (slot >= 0) context.Scalars[slot] = reduced;
            if (scalar is { } address) *address.In(context) = reduced;
            return;
        }
        int row = first * UnitRows, end = Math.Min(last * UnitRows, rowCount);
        while (row < end)
        {
            var count = Math.Min(end - row, evenRows - row % evenRows);
            for (var k = 0; k < operands.Length; k++)
            {
                pointers[k] = operands[k].Address.In(context) + OffsetOf(operands[k].Strides, row);
                strides[k] = operands[k].RowStride;
            }
            loop(pointers, strides, context.Scalars, count, kept[^1]);
            row += count;
        }
    }

    nint OffsetOf(ImmutableArray<int> strides, int row)
    {
        nint offset = 0;
        for (var axis = kept.Length - 2; axis >= 0; axis--)
        {
            offset += (nint)(row % kept[axis]) * strides[axis];
            row /= kept[axis];
        }
        return offset;
    }

    static int EvenRows(ImmutableArray<int> kept, ImmutableArray<Operand> operands)
    {
        if (kept.Length < 2) return 1;
        var even = kept[^2];
        for (var axis = kept.Length - 3; axis >= 0; axis--)
        {
            if (operands.Any(operand => operand.Strides[axis] != operand.Strides[axis + 1] * kept[axis + 1])) break;
            even *= kept[axis];
        }
        return even;
    }

    /// <summary>Product of all but the last of the kept axes; of one axis, the axis itself.</summary>
    public static int RowCount(ImmutableArray<int> kept) =>
        kept.Length <= 1 ? kept.FirstOrDefault(1) : new Shape(kept.AsSpan()[..^1]).Count;
}
