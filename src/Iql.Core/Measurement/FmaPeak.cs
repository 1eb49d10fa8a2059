using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Iql.Cpu.Emit;
using Iql.Execution;

namespace Iql.Measurement;

/// <summary>
/// The most floating-point operations a machine makes: fused multiply-adds in registers that do not wait for each other and touch no
/// memory. No product of matrices can be faster, so this is what the training step is measured against.
/// </summary>
public static class FmaPeak
{
    // Two pipes of latency 4 need 8 chains; 12 and two operands fit the 16 registers of AVX2.
    const int Chains = 12;
    const int Probes = 7, RoundFloats = 32_000_000;

    /// <summary>GFLOP/s of a number of threads together: the best of several probes of about 3 ms, begun at the same time on every thread.</summary>
    /// <param name="threads">At least 1.</param>
    /// <param name="set">The vectors used; null is <see cref="InstructionSets.Default"/>.</param>
    public static double Measure(int threads, InstructionSet? set = null)
    {
        var path = set ?? InstructionSets.Default;
        Check.That(InstructionSets.Available.Contains(path), nameof(set), $"one of {string.Join(", ", InstructionSets.Available)} on this machine", path);
        using var team = new WorkerTeam(threads);
        var rounds = RoundFloats / (int)path;
        var sums = new float[threads];
        void Probe(int worker) => sums[worker] += Chained(path, rounds);
        team.Run(Probe); // compiles
        var best = double.PositiveInfinity;
        for (var probe = 0; probe < Probes; probe++)
        {
            var start = Stopwatch.GetTimestamp();
            team.Run(Probe);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return threads * (2.0 * Chains * (int)path * rounds) / best / 1e9;
    }

    static float Chained(InstructionSet path, int rounds) => path switch
    {
        InstructionSet.Vector512 => Chained<Simd512, Vector512<float>>(rounds),
        InstructionSet.Vector256 => Chained<Simd256, Vector256<float>>(rounds),
        _ => Chained<SimdScalar, float>(rounds),
    };

    // Every chain settles at y / (1 − x) = 1, far from infinities and denormals.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Chained<S, V>(int rounds) where S : ISimd<V> where V : struct
    {
        V x = S.Splat(0.999f), y = S.Splat(1e-3f);
        V a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (var n = 0; n < rounds; n++)
        {
            a = S.FusedMultiplyAdd(a, x, y);
            b = S.FusedMultiplyAdd(b, x, y);
            c = S.FusedMultiplyAdd(c, x, y);
            d = S.FusedMultiplyAdd(d, x, y);
            e = S.FusedMultiplyAdd(e, x, y);
            f = S.FusedMultiplyAdd(f, x, y);
            g = S.FusedMultiplyAdd(g, x, y);
            h = S.FusedMultiplyAdd(h, x, y);
            i = S.FusedMultiplyAdd(i, x, y);
            j = S.FusedMultiplyAdd(j, x, y);
            k = S.FusedMultiplyAdd(k, x, y);
            l = S.FusedMultiplyAdd(l, x, y);
        }
        V abc = S.Add(S.Add(a, b), c), def = S.Add(S.Add(d, e), f), ghi = S.Add(S.Add(g, h), i), jkl = S.Add(S.Add(j, k), l);
        return S.SumLanes(S.Add(S.Add(abc, def), S.Add(ghi, jkl)));
    }
}
