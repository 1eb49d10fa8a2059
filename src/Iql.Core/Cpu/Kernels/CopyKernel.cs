using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Iql.Cpu.Kernels;

/// <summary>One strided copy: extents, then where each side begins and how it moves along them.</summary>
readonly record struct StridedCopy(
    ImmutableArray<int> Extents, Address Source, ImmutableArray<int> SourceStrides,
    Address Destination, ImmutableArray<int> DestinationStrides);

/// <summary>Copies of one or more strided blocks, after filling <paramref name="cleared"/> floats with zeros:
/// concatenation, slices, padding, transposes, stretching. With <paramref name="rowCount"/> &gt; 0 every copy's first
/// axis is the result's, and a unit is 16 rows, whose first columns are <paramref name="claimed"/> before; else one
/// unit is all.</summary>
sealed unsafe class CopyKernel(
    ImmutableArray<StridedCopy> copies, int rowCount, (Address Address, int Length) cleared, int claimed = 0) : IKernel
{
    public int Units => rowCount > 0 ? (rowCount + FusedKernel.UnitRows - 1) / FusedKernel.UnitRows : 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        if (cleared.Length > 0) new Span<float>(cleared.Address.In(context), cleared.Length).Clear();
        int start = first * FusedKernel.UnitRows, end = Math.Min(last * FusedKernel.UnitRows, rowCount);
        if (claimed > 0)
        {
            nint stride = copies[0].DestinationStrides[0];
            CacheLines.Claim(copies[0].Destination.In(context) + start * stride, stride, end - start, claimed);
        }
        foreach (var copy in copies)
        {
            if (copy.Source.In(context) == copy.Destination.In(context)) continue; // what a step in place passes on
            var (from, to) = rowCount > 0 ? (start, end) : (0, copy.Extents.IsEmpty ? 1 : copy.Extents[0]);
            Copy(copy, 0, copy.Source.In(context), copy.Destination.In(context), from, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Copy(in StridedCopy copy, int axis, float* source, float* destination, int from, int to)
    {
        if (axis == copy.Extents.Length)
        {
            *destination = *source;
            return;
        }
        nint s = copy.SourceStrides[axis], d = copy.DestinationStrides[axis];
        var last = axis == copy.Extents.Length - 1;
        if (last && s == 1 && d == 1)
        {
            new Span<float>(source + from, to - from).CopyTo(new(destination + from, to - from));
            return;
        }
        for (nint i = from; i < to; i++)
            if (last) destination[i * d] = source[i * s];
            else Copy(copy, axis + 1, source + i * s, destination + i * d, 0, copy.Extents[axis + 1]);
    }
}

/// <summary>The same numbers in row-major order under rows of another length.</summary>
sealed unsafe class ReshapeKernel(
    Address source, (int Columns, int Stride) from, Address destination, (int Columns, int Stride) to, int count)
    : IKernel
{
    public int Units => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        float* read = source.In(context), write = destination.In(context);
        for (int done = 0, run; done < count; done += run)
        {
            int readColumn = done % from.Columns, writeColumn = done % to.Columns;
            run = Math.Min(from.Columns - readColumn, to.Columns - writeColumn);
            new Span<float>(read + (nint)(done / from.Columns) * from.Stride + readColumn, run)
                .CopyTo(new(write + (nint)(done / to.Columns) * to.Stride + writeColumn, run));
        }
    }
}
