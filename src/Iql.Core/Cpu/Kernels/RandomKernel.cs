using System.Runtime.CompilerServices;

namespace Iql.Cpu.Kernels;

/// <summary>Uniform or normal numbers from (seed, stream, counter): entry i is draw number i.</summary>
sealed unsafe class RandomKernel(
    int seedSlot, int counterSlot, int stream, bool normal, Address destination, int rows, int columns, int rowStride)
    : IKernel
{
    readonly bool flat = rows == 1;

    public int Units => ((flat ? columns : rows) + FusedKernel.UnitRows - 1) / FusedKernel.UnitRows;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        var (root, counter) = ((ulong)context.Scalars[seedSlot], (ulong)context.Scalars[counterSlot]);
        var seed = new Seed(root).Split((ulong)stream).Split(counter);
        int from = first * FusedKernel.UnitRows, to = Math.Min(last * FusedKernel.UnitRows, flat ? columns : rows);
        for (var row = flat ? 0 : from; row < (flat ? 1 : to); row++)
        {
            var line = destination.In(context) + (nint)row * rowStride;
            for (var column = flat ? from : 0; column < (flat ? to : columns); column++)
            {
                var i = (ulong)row * (ulong)columns + (ulong)column;
                line[column] = (float)(normal ? seed.Normal(i) : seed.Unit(i));
            }
        }
    }
}
