using System.Runtime.CompilerServices;

namespace Iql.Cpu.Emit;

/// <summary>The kernel table: what each elementwise op does to a vector of any width. A method's name is its op's name;
/// the emitter finds it by that. Accuracy of the functions: a few units in the last place of a float.</summary>
static class VectorOps<S, V> where S : ISimd<V> where V : struct
{
    // Called from loops: without Whole the JIT leaves a long function unoptimised for thousands of calls.
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining,
        Whole = MethodImplOptions.AggressiveOptimization;

    [MethodImpl(Inline)] public static V Negate(V x) => S.Subtract(S.Splat(-0f), x);
    [MethodImpl(Inline)] public static V Exp(V x) => S.Exp(x);
    [MethodImpl(Inline)] public static V Log(V x) => S.Log(x);
    [MethodImpl(Inline)] public static V Sqrt(V x) => S.Sqrt(x);
    [MethodImpl(Inline)] public static V Square(V x) => S.Multiply(x, x);
    [MethodImpl(Inline)] public static V Reciprocal(V x) => S.Divide(S.Splat(1), x);
    [MethodImpl(Inline)] public static V Abs(V x) => S.Abs(x);
    [MethodImpl(Inline)] public static V Floor(V x) => S.Floor(x);

    [MethodImpl(Inline)]
    public static V Sign(V x)
    {
        var signed = S.Subtract(Less(S.Splat(0), x), Less(x, S.Splat(0)));
        return S.Select(S.IsEqual(x, x), signed, x);
    }

    // x <= 0 ? 0 : x keeps NaN and costs one compare and one blend
    [MethodImpl(Inline)] public static V Relu(V x) => S.Select(S.IsLessOrEqual(x, S.Splat(0)), S.Splat(0), x);

    [MethodImpl(Inline)] public static V Sin(V x) => S.Sin(x);
    [MethodImpl(Inline)] public static V Cos(V x) => S.Cos(x);
    [MethodImpl(Inline)] public static V Broadcast(V x) => x;

    [MethodImpl(Inline)] public static V Add(V x, V y) => S.Add(x, y);
    [MethodImpl(Inline)] public static V Subtract(V x, V y) => S.Subtract(x, y);
    [MethodImpl(Inline)] public static V Multiply(V x, V y) => S.Multiply(x, y);
    [MethodImpl(Inline)] public static V Divide(V x, V y) => S.Divide(x, y);
    [MethodImpl(Inline)] public static V Minimum(V x, V y) => S.Minimum(x, y);
    [MethodImpl(Inline)] public static V Maximum(V x, V y) => S.Maximum(x, y);
    [MethodImpl(Inline)] public static V Less(V x, V y) => S.Select(S.IsLess(x, y), S.Splat(1), S.Splat(0));
    [MethodImpl(Inline)]
    public static V LessOrEqual(V x, V y) =>
        S.Select(S.IsLessOrEqual(x, y), S.Splat(1), S.Splat(0));
    [MethodImpl(Inline)] public static V Equal(V x, V y) => S.Select(S.IsEqual(x, y), S.Splat(1), S.Splat(0));
    [MethodImpl(Inline)] public static V Where(V x, V y, V z) => S.Select(S.IsEqual(x, S.Splat(0)), z, y);

    /// <summary>Cephes' tanhf: a polynomial below 0.625, else 1 − 2 / (e²ˣ + 1) with the sign of x.</summary>
    [MethodImpl(Whole)]
    public static V Tanh(V x)
    {
        var size = S.Abs(x);
        var square = S.Multiply(x, x);
        var small = Polynomial(square, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f,
            -3.33332819422e-1f);
        small = S.FusedMultiplyAdd(S.Multiply(small, square), x, x);
        var large = S.Subtract(S.Splat(1), S.Divide(S.Splat(2), S.Add(S.Exp(S.Add(size, size)), S.Splat(1))));
        large = S.Select(S.IsLess(x, S.Splat(0)), Negate(large), large);
        return S.Select(S.IsLess(size, S.Splat(0.625f)), small, large);
    }

    /// <summary>1 / (1 + e⁻ˣ)</summary>
    [MethodImpl(Whole)]
    public static V Sigmoid(V x) => Reciprocal(S.Add(S.Splat(1), S.Exp(Negate(x))));

    /// <summary>max(x, 0) + ln(1 + e), e = e^−|x|; ln(u) · e / (u − 1), u = 1 + e, stays exact for tiny e.</summary>
    [MethodImpl(Whole)]
    public static V Softplus(V x)
    {
        var e = S.Exp(Negate(S.Abs(x)));
        var u = S.Add(S.Splat(1), e);
        var tiny = S.IsEqual(u, S.Splat(1));
        var quotient = S.Divide(e, S.Select(tiny, S.Splat(1), S.Subtract(u, S.Splat(1))));
        return S.Add(S.Maximum(x, S.Splat(0)), S.Select(tiny, e, S.Multiply(S.Log(u), quotient)));
    }

    /// <summary>x · P(x²) below 1 (Taylor's series to x¹⁹), else 1 − e^(−x²) · Q(1 / (1 + 0.3275911 x)), Abramowitz and
    /// Stegun 7.1.26 (absolute error 1.5e-7).</summary>
    [MethodImpl(Whole)]
    public static V Erf(V x)
    {
        var size = S.Abs(x);
        var square = S.Multiply(x, x);
        var small = S.Multiply(x,
            Polynomial(square, -1.6342614e-7f, 1.6462114e-6f, -1.4925651e-5f, 1.2055333e-4f, -8.5483270e-4f,
            5.2239776e-3f, -2.6866171e-2f, 1.1283792e-1f, -3.7612639e-1f, 1.1283792f));
        var t = Reciprocal(S.FusedMultiplyAdd(S.Splat(0.3275911f), size, S.Splat(1)));
        var tail = S.Multiply(t, Polynomial(t, 1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f));
        var large = S.Subtract(S.Splat(1), S.Multiply(tail, S.Exp(Negate(square))));
        large = S.Select(S.IsLess(x, S.Splat(0)), Negate(large), large);
        return S.Select(S.IsLess(size, S.Splat(1)), small, large);
    }

    [MethodImpl(Inline)]
    static V Polynomial(V x, params ReadOnlySpan<float> coefficients)
    {
        var sum = S.Splat(coefficients[0]);
        foreach (var coefficient in coefficients[1..]) sum = S.FusedMultiplyAdd(sum, x, S.Splat(coefficient));
        return sum;
    }
}
