using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector128<float>;

namespace Iql.Cpu.Emit;

/// <summary>4 floats at a time.</summary>
/// <remarks>A multiply-add rounds once, as FMA and NEON do. On x86 before AVX2, without FMA, it rounds twice: a Zen 5
/// core with AVX2 off makes 78 of IQL's steps a second, and 1 with one rounding, in software.</remarks>
unsafe readonly struct Simd128 : ISimd<V>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining,
        Whole = MethodImplOptions.AggressiveOptimization;

    public static int Width => 4;
    [MethodImpl(Inline)] public static V Load(float* source) => Vector128.Load(source);
    [MethodImpl(Inline)] public static void Store(V x, float* destination) => x.Store(destination);
    [MethodImpl(Inline)] public static V Splat(float x) => Vector128.Create(x);
    [MethodImpl(Inline)] public static V Add(V x, V y) => x + y;
    [MethodImpl(Inline)] public static V Subtract(V x, V y) => x - y;
    [MethodImpl(Inline)] public static V Multiply(V x, V y) => x * y;
    [MethodImpl(Inline)] public static V Divide(V x, V y) => x / y;
    [MethodImpl(Inline)] public static V FusedMultiplyAdd(V x, V y, V z) => Vector128.MultiplyAddEstimate(x, y, z);
    [MethodImpl(Inline)] public static V Minimum(V x, V y) => Vector128.Min(x, y);
    [MethodImpl(Inline)] public static V Maximum(V x, V y) => Vector128.Max(x, y);
    [MethodImpl(Inline)] public static V IsLess(V x, V y) => Vector128.LessThan(x, y);
    [MethodImpl(Inline)] public static V IsLessOrEqual(V x, V y) => Vector128.LessThanOrEqual(x, y);
    [MethodImpl(Inline)] public static V IsEqual(V x, V y) => Vector128.Equals(x, y);
    [MethodImpl(Inline)] public static V Select(V mask, V x, V y) => Vector128.ConditionalSelect(mask, x, y);
    [MethodImpl(Inline)] public static V Abs(V x) => Vector128.Abs(x);
    [MethodImpl(Inline)] public static V Floor(V x) => Vector128.Floor(x);
    [MethodImpl(Inline)] public static V Sqrt(V x) => Vector128.Sqrt(x);
    [MethodImpl(Whole)] public static V Exp(V x) => Vector128.Exp(x);
    [MethodImpl(Whole)] public static V Log(V x) => Vector128.Log(x);
    [MethodImpl(Whole)] public static V Sin(V x) => Vector128.Sin(x);
    [MethodImpl(Whole)] public static V Cos(V x) => Vector128.Cos(x);
    [MethodImpl(Inline)] public static V LanesBelow(nint count) => Vector128.LessThan(V.Indices, Splat(count));
    // Not Vector128.Sum: its order may be another on Arm, and the bits with it.
    [MethodImpl(Inline)] public static float SumLanes(V x) => (x[0] + x[1]) + (x[2] + x[3]);
    [MethodImpl(Whole)]
    public static float MaxLanes(V x)
    {
        var largest = x[0];
        for (var lane = 1; lane < Width; lane++) largest = MathF.Max(largest, x[lane]);
        return largest;
    }
}
