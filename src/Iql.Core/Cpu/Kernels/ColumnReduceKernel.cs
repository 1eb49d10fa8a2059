using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Iql.Cpu.Emit;

namespace Iql.Cpu.Kernels;

/// <summary>Sum or maximum over an axis that is not the last: [outer, axis, columns] → [outer, columns], rows in order,
/// four vectors of columns at a time. The epilogue loop reads the result as its pointer 0 in scratch. Columns are the
/// contiguous floats after the axis, padding between rows included.</summary>
sealed unsafe class ColumnReduceKernel<S, V>(
    Address source, (int Extent, int Stride) outer, (int Extent, int Stride) axis, int columns, bool maximum,
    FusedLoop epilogue, ImmutableArray<Operand> operands) : IKernel where S : ISimd<V> where V : struct
{
    const int BlockColumns = 64;

    readonly int blocks = (columns + BlockColumns - 1) / BlockColumns;

    public int Units => outer.Extent * blocks;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        var pointers = stackalloc float*[operands.Length];
        var strides = stackalloc nint[operands.Length];
        for (; first < last; first++)
        {
            int index = first / blocks, column = first % blocks * BlockColumns;
            var count = Math.Min(BlockColumns, columns - column);
            var from = source.In(context) + (nint)index * outer.Stride + column;
            for (var c = 0; c < count; c += 4 * S.Width)
                if (count - c > 3 * S.Width) Four(from + c, context.Scratch + c);
                else
                    for (var single = c; single < count; single += S.Width)
                        One(from + single, context.Scratch + single);
            pointers[0] = context.Scratch;
            for (var k = 1; k < operands.Length; k++)
            {
                var (address, s) = (operands[k].Address, operands[k].Strides);
                pointers[k] = address.In(context) + (nint)index * s[0] + (nint)column * s[1];
            }
            epilogue(pointers, strides, context.Scalars, 1, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Four(float* from, float* to)
    {
        V s0 = S.Load(from), s1 = S.Load(from + S.Width),
            s2 = S.Load(from + 2 * S.Width), s3 = S.Load(from + 3 * S.Width);
        for (var row = 1; row < axis.Extent; row++)
        {
            from += axis.Stride;
            s0 = Join(s0, S.Load(from));
            s1 = Join(s1, S.Load(from + S.Width));
            s2 = Join(s2, S.Load(from + 2 * S.Width));
            s3 = Join(s3, S.Load(from + 3 * S.Width));
        }
        S.Store(s0, to);
        S.Store(s1, to + S.Width);
        S.Store(s2, to + 2 * S.Width);
        S.Store(s3, to + 3 * S.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void One(float* from, float* to)
    {
        var sum = S.Load(from);
        for (var row = 1; row < axis.Extent; row++)
        {
            from += axis.Stride;
            sum = Join(sum, S.Load(from));
        }
        S.Store(sum, to);
    }

    V Join(V x, V y) => maximum ? S.Maximum(x, y) : S.Add(x, y);
}
