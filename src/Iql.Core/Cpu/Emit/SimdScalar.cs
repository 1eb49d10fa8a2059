namespace Iql.Cpu.Emit;

/// <summary>One float at a time; a mask is the float whose bits are all ones or all zeros.</summary>
unsafe readonly struct SimdScalar : ISimd<float>
{
    public static int Width => 1;
    public static float Load(float* source) => *source;
    public static void Store(float x, float* destination) => *destination = x;
    public static float Splat(float x) => x;
    public static float Add(float x, float y) => x + y;
    public static float Subtract(float x, float y) => x - y;
    public static float Multiply(float x, float y) => x * y;
    public static float Divide(float x, float y) => x / y;
    public static float FusedMultiplyAdd(float x, float y, float z) => MathF.FusedMultiplyAdd(x, y, z);
    public static float Minimum(float x, float y) => MathF.Min(x, y);
    public static float Maximum(float x, float y) => MathF.Max(x, y);
    public static float IsLess(float x, float y) => Mask(x < y);
    public static float IsLessOrEqual(float x, float y) => Mask(x <= y);
    public static float IsEqual(float x, float y) => Mask(x == y);
    public static float Select(float mask, float x, float y) => BitConverter.SingleToInt32Bits(mask) != 0 ? x : y;
    public static float Abs(float x) => MathF.Abs(x);
    public static float Floor(float x) => MathF.Floor(x);
    public static float Sqrt(float x) => MathF.Sqrt(x);
    public static float Exp(float x) => MathF.Exp(x);
    public static float Log(float x) => MathF.Log(x);
    public static float Sin(float x) => MathF.Sin(x);
    public static float Cos(float x) => MathF.Cos(x);
    public static float LanesBelow(nint count) => Mask(count > 0);
    public static float SumLanes(float x) => x;
    public static float MaxLanes(float x) => x;

    static float Mask(bool set) => BitConverter.Int32BitsToSingle(set ? -1 : 0);
}
