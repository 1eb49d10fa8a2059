using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector512<float>;

namespace Iql.Cpu.Emit;

/// <summary>16 floats at a time.</summary>
unsafe readonly struct Simd512 : ISimd<V>
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining,
        Whole = MethodImplOptions.AggressiveOptimization;

    public static int Width => 16;
    [MethodImpl(Inline)] public static V Load(float* source) => Vector512.Load(source);
    [MethodImpl(Inline)] public static void Store(V x, float* destination) => x.Store(destination);
    [MethodImpl(Inline)] public static V Splat(float x) => Vector512.Create(x);
    [MethodImpl(Inline)] public static V Add(V x, V y) => x + y;
    [MethodImpl(Inline)] public static V Subtract(V x, V y) => x - y;
    [MethodImpl(Inline)] public static V Multiply(V x, V y) => x * y;
    [MethodImpl(Inline)] public static V Divide(V x, V y) => x / y;
    [MethodImpl(Inline)] public static V FusedMultiplyAdd(V x, V y, V z) => Vector512.FusedMultiplyAdd(x, y, z);
    [MethodImpl(Inline)] public static V Minimum(V x, V y) => Vector512.Min(x, y);
    [MethodImpl(Inline)] public static V Maximum(V x, V y) => Vector512.Max(x, y);
    [MethodImpl(Inline)] public static V IsLess(V x, V y) => Vector512.LessThan(x, y);
    [MethodImpl(Inline)] public static V IsLessOrEqual(V x, V y) => Vector512.LessThanOrEqual(x, y);
    [MethodImpl(Inline)] public static V IsEqual(V x, V y) => Vector512.Equals(x, y);
    [MethodImpl(Inline)] public static V Select(V mask, V x, V y) => Vector512.ConditionalSelect(mask, x, y);
    [MethodImpl(Inline)] public static V Abs(V x) => Vector512.Abs(x);
    [MethodImpl(Inline)] public static V Floor(V x) => Vector512.Floor(x);
    [MethodImpl(Inline)] public static V Sqrt(V x) => Vector512.Sqrt(x);
    [MethodImpl(Whole)] public static V Exp(V x) => Vector512.Exp(x);
    [MethodImpl(Whole)] public static V Log(V x) => Vector512.Log(x);
    [MethodImpl(Whole)] public static V Sin(V x) => Vector512.Sin(x);
    [MethodImpl(Whole)] public static V Cos(V x) => Vector512.Cos(x);
    [MethodImpl(Inline)] public static V LanesBelow(nint count) => Vector512.LessThan(V.Indices, Splat(count));
    [MethodImpl(Inline)] public static float SumLanes(V x) => Vector512.Sum(x);
    [MethodImpl(Whole)]
    public static float MaxLanes(V x)
    {
        var largest = x[0];
        for (var lane = 1; lane < Width; lane++) largest = MathF.Max(largest, x[lane]);
        return largest;
    }
}
