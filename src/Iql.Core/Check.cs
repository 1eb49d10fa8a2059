using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Iql;

/// <summary>Argument checks whose messages name what was expected, what came, and the likely mend. Cold throws, hot callers.</summary>
public static class Check
{
    /// <summary>Throws unless <paramref name="holds"/>: "name: expected …, got …. mend".</summary>
    public static void That([DoesNotReturnIf(false)] bool holds, string name, string expected, object? actual, string mend = "")
    {
        if (!holds) Fail(name, expected, actual, mend);
    }

    /// <summary>Throws unless low &lt; value &lt; high (NaN fails).</summary>
    public static void Between<T>(T value, T low, T high, string name, string mend = "") where T : INumber<T>
    {
        if (!(value > low && value < high)) Fail(name, $"a number in ({low}, {high})", value, mend);
    }

    /// <summary>Throws unless value &gt;= low (NaN fails).</summary>
    public static void AtLeast<T>(T value, T low, string name, string mend = "") where T : INumber<T>
    {
        if (!(value >= low)) Fail(name, $"at least {low}", value, mend);
    }

    [DoesNotReturn, StackTraceHidden]
    static void Fail(string name, string expected, object? actual, string mend) =>
        throw new ArgumentException($"{name}: expected {expected}, got {actual ?? "nothing"}.{(mend == "" ? "" : " " + mend)}");
}
