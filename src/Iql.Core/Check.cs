using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Iql;

/// <summary>Argument checks whose messages name what was expected, what came, and the likely mend. Cold throws, hot callers.</summary>
public static class Check
{
    /// <summary>Throws unless <paramref name="holds"/>: "name: expected …, got …. mend".</summary>
    public static void That<T>([DoesNotReturnIf(false)] bool holds, string name, string expected, T actual, string mend = "")
    {
        if (!holds) Fail(name, expected, actual, mend);
    }

    /// <summary>The same for an interpolated expectation, which is only put together when the check fails: checks in hot paths allocate nothing.</summary>
    public static void That<T>([DoesNotReturnIf(false)] bool holds, string name,
        [InterpolatedStringHandlerArgument(nameof(holds))] ref Expectation expected, T actual, string mend = "")
    {
        if (!holds) Fail(name, expected.ToString(), actual, mend);
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

    /// <summary>An interpolated string that stays unwritten when the check it belongs to holds.</summary>
    [InterpolatedStringHandler]
    public ref struct Expectation
    {
        DefaultInterpolatedStringHandler text;

        /// <summary>Called by the compiler.</summary>
        public Expectation(int literalLength, int formattedCount, bool holds, out bool wanted)
        {
            wanted = !holds;
            text = wanted ? new(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
        }

        /// <summary>Called by the compiler.</summary>
        public void AppendLiteral(string value) => text.AppendLiteral(value);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

        /// <summary>Called by the compiler.</summary>
        public void AppendFormatted<T>(T value, string? format) => text.AppendFormatted(value, format);

        /// <inheritdoc/>
        public override string ToString() => text.ToStringAndClear();
    }
}
