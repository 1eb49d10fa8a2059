using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace Iql.Cpu.Emit;

/// <summary>8 floats at a time.</summary>
unsafe readonly struct Simd256 : ISimd<V>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining,
        Whole = MethodImplOptions.AggressiveOptimization;

    public static int Width => 8;
    [MethodImpl(Inline)] public static V Load(float* source) => Vector256.Load(source);
    [MethodImpl(Inline)] public static void Store(V x, float* destination) => x.Store(destination);
    [MethodImpl(Inline)] public static V Splat(float x) => Vector256.Create(x);
    [MethodImpl(Inline)] public static V Add(V x, V y) => x + y;
    [MethodImpl(Inline)] public static V Subtract(V x, V y) => x - y;
    [MethodImpl(Inline)] public static V Multiply(V x, V y) => x * y;
    [MethodImpl(Inline)] public static V Divide(V x, V y) => x / y;
    [MethodImpl(Inline)] public static V FusedMultiplyAdd(V x, V y, V z) => Vector256.FusedMultiplyAdd(x, y, z);
    [MethodImpl(Inline)] public static V Minimum(V x, V y) => Vector256.Min(x, y);
    [MethodImpl(Inline)] public static V Maximum(V x, V y) => Vector256.Max(x, y);
    [MethodImpl(Inline)] public static V IsLess(V x, V y) => Vector256.LessThan(x, y);
    [MethodImpl(Inline)] public static V IsLessOrEqual(V x, V y) => Vector256.LessThanOrEqual(x, y);
    [MethodImpl(Inline)] public static V IsEqual(V x, V y) => Vector256.Equals(x, y);
    [MethodImpl(Inline)] public static V Select(V mask, V x, V y) => Vector256.ConditionalSelect(mask, x, y);
    [MethodImpl(Inline)] public static V Abs(V x) => Vector256.Abs(x);
    [MethodImpl(Inline)] public static V Floor(V x) => Vector256.Floor(x);
    [MethodImpl(Inline)] public static V Sqrt(V x) => Vector256.Sqrt(x);
    [MethodImpl(Whole)] public static V Exp(V x) => Vector256.Exp(x);
    [MethodImpl(Whole)] public static V Log(V x) => Vector256.Log(x);
    [MethodImpl(Whole)] public static V Sin(V x) => Vector256.Sin(x);
    [MethodImpl(Whole)] public static V Cos(V x) => Vector256.Cos(x);
    [MethodImpl(Inline)] public static V LanesBelow(nint count) => Vector256.LessThan(V.Indices, Splat(count));
    [MethodImpl(Inline)] public static float SumLanes(V x) => Vector256.Sum(x);
    [MethodImpl(Whole)]
    public static float MaxLanes(V x)
    {
        var largest = x[0];
        for (var lane = 1; lane < Width; lane++) largest = MathF.Max(largest, x[lane]);
        return largest;
    }
}
