using System.Runtime.CompilerServices;

namespace Iql.Cpu.Kernels;

/// <summary>Rows of a table by index: blocks of <paramref name="length"/> floats, padding included.</summary>
sealed unsafe class GatherKernel(Address table, int tableStride, int tableRows, Address indices, int count,
    Address destination, int stride, int length) : IKernel
{
    public int Units => (count + FusedKernel.UnitRows - 1) / FusedKernel.UnitRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        var index = indices.In(context);
        for (var i = first * FusedKernel.UnitRows; i < Math.Min(last * FusedKernel.UnitRows, count); i++)
            new Span<float>(table.In(context) + (nint)TableIndex.Of(index[i], tableRows) * tableStride, length)
                .CopyTo(new(destination.In(context) + (nint)i * stride, length));
    }
}

/// <summary>Rows summed into a table of zeros at their indices, in order.</summary>
sealed unsafe class ScatterAddKernel(Address rows, int rowStride, Address indices, int count, Address table,
    int tableStride, int tableRows, int length) : IKernel
{
    public int Units => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        var index = indices.In(context);
        for (var row = 0; row < tableRows; row++)
            new Span<float>(table.In(context) + (nint)row * tableStride, length).Clear();
        for (var i = 0; i < count; i++)
        {
            var to = table.In(context) + (nint)TableIndex.Of(index[i], tableRows) * tableStride;
            var from = rows.In(context) + (nint)i * rowStride;
            for (var c = 0; c < length; c++) to[c] += from[c];
        }
    }
}

static class TableIndex
{
    /// <summary>A whole number in [0, rows), or a message that says so.</summary>
    public static int Of(float index, int rows)
    {
        Check.That(index >= 0 && index < rows && index == MathF.Floor(index),
            "indices", $"whole numbers in [0, {rows})", index);
        return (int)index;
    }
}
