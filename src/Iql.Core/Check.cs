using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Iql;

/// <summary>Argument checks. A message names what was expected, what came, and a hint.</summary>
public static class Check
{
    /// <summary>Throws unless <paramref name="holds"/>: "name: expected …, got …. Hint."</summary>
    public static void That<T>([DoesNotReturnIf(false)] bool holds, string name, string expected, T actual,
        string hint = "")
    {
        if (!holds) Fail(name, expected, actual, hint);
    }

    /// <summary>The same for an interpolated expectation. It is formatted only when the check fails.</summary>
    public static void That<T>([DoesNotReturnIf(false)] bool holds, string name,
        [InterpolatedStringHandlerArgument(nameof(holds))] ref Expectation expected, T actual, string hint = "")
    {
        if (!holds) Fail(name, expected.ToString(), actual, hint);
    }

    /// <summary>Throws unless low &lt; value &lt; high (NaN fails).</summary>
    public static void Between<T>(T value, T low, T high, string name, string hint = "") where T : INumber<T>
    {
        if (!(value > low && value < high)) Fail(name, $"a number in ({low}, {high})", value, hint);
    }

    /// <summary>Throws unless value &gt;= low (NaN fails).</summary>
    public static void AtLeast<T>(T value, T low, string name, string hint = "") where T : INumber<T>
    {
        if (!(value >= low)) Fail(name, $"at least {low}", value, hint);
    }

    /// <summary>Throws unless value is a finite number of at least 0.</summary>
    public static void NotNegative(double value, string name, string hint = "") =>
        That(double.IsFinite(value) && value >= 0, name, "a finite number of at least 0", value, hint);

    [DoesNotReturn, StackTraceHidden]
    static void Fail(string name, string expected, object? actual, string hint) =>
        throw new InputException(
            $"{name}: expected {expected}, got {actual ?? "nothing"}.{(hint == "" ? "" : " " + hint)}");

    /// <summary>An interpolated string that is not formatted when its check holds.</summary>
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

        public override string ToString() => text.ToStringAndClear();
    }
}
