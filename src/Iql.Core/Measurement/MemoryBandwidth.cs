using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iql.Cpu.Emit;
using Iql.Execution;

namespace Iql.Measurement;

/// <summary>How fast numbers come from memory and go back: the triad a = b + x·c of McCalpin's STREAM.</summary>
public static class MemoryBandwidth
{
    /// <summary>
    /// GB/s of a number of threads together, best of several passes. Two arrays read and one written are counted, as STREAM does;
    /// that a line is fetched before it is written is not.
    /// </summary>
    /// <param name="threads">At least 1.</param>
    /// <param name="megabytes">Size of the three arrays together, several times the last cache for figures of the memory itself.</param>
    /// <param name="passes">Passes, at least 1.</param>
    public static unsafe double Triad(int threads, int megabytes = 256, int passes = 5)
    {
        Check.AtLeast(megabytes, 1, nameof(megabytes));
        Check.AtLeast(passes, 1, nameof(passes));
        using var team = new WorkerTeam(threads);
        var count = (nint)megabytes * 1024 * 1024 / sizeof(float) / 3 / 64 * 64;
        var memory = AlignedMemory.Uncleared(3 * count);
        try
        {
            float* a = memory, b = a + count, c = b + count;
            void Pass(int worker)
            {
                var (first, last) = (count / 64 * worker / threads * 64, count / 64 * (worker + 1) / threads * 64);
                Sum(a + first, b + first, c + first, last - first);
            }
            for (nint i = 0; i < 3 * count; i++) memory[i] = 1;
            var best = double.PositiveInfinity;
            for (var pass = 0; pass <= passes; pass++)
            {
                var start = Stopwatch.GetTimestamp();
                team.Run(Pass);
                if (pass > 0) best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            return 3.0 * count * sizeof(float) / best / 1e9;
        }
        finally
        {
            AlignedMemory.Free(memory);
        }
    }

    static unsafe void Sum(float* a, float* b, float* c, nint count)
    {
        switch (InstructionSets.Default)
        {
            case InstructionSet.Vector512: Sum<Simd512, Vector512<float>>(a, b, c, count); break;
            case InstructionSet.Vector256: Sum<Simd256, Vector256<float>>(a, b, c, count); break;
            default: Sum<SimdScalar, float>(a, b, c, count); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void Sum<S, V>(float* a, float* b, float* c, nint count) where S : ISimd<V> where V : struct
    {
        var x = S.Splat(0.5f);
        for (nint i = 0; i < count; i += S.Width) S.Store(S.FusedMultiplyAdd(x, S.Load(c + i), S.Load(b + i)), a + i);
    }
}
