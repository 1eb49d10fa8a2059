namespace Iql.Cpu.Emit;

/// <summary>The few vector primitives that differ with the width; every kernel is written once over them and
/// specialised by the JIT. <typeparamref name="V"/> is the register type. Comparisons give all-ones or all-zeros
/// lanes.</summary>
unsafe interface ISimd<V> where V : struct
{
    static abstract int Width { get; }
    static abstract V Load(float* source);
    static abstract void Store(V x, float* destination);
    static abstract V Splat(float x);
    static abstract V Add(V x, V y);
    static abstract V Subtract(V x, V y);
    static abstract V Multiply(V x, V y);
    static abstract V Divide(V x, V y);
    static abstract V FusedMultiplyAdd(V x, V y, V z);
    static abstract V Minimum(V x, V y);
    static abstract V Maximum(V x, V y);
    static abstract V IsLess(V x, V y);
    static abstract V IsLessOrEqual(V x, V y);
    static abstract V IsEqual(V x, V y);
    static abstract V Select(V mask, V x, V y);
    static abstract V Abs(V x);
    static abstract V Floor(V x);
    static abstract V Sqrt(V x);
    static abstract V Exp(V x);
    static abstract V Log(V x);
    static abstract V Sin(V x);
    static abstract V Cos(V x);

    /// <summary>A mask of the first <paramref name="count"/> lanes.</summary>
    static abstract V LanesBelow(nint count);
    static abstract float SumLanes(V x);
    static abstract float MaxLanes(V x);
}
