using System.Collections.Immutable;
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
        string mend = "")
    {
        if (!holds) Fail(name, expected, actual, mend);
    }

    /// <summary>The same for an interpolated expectation. It is formatted only when the check fails.</summary>
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

    /// <summary>Throws unless value is a finite number of at least 0.</summary>
    public static void NotNegative(double value, string name, string mend = "") =>
        That(double.IsFinite(value) && value >= 0, name, "a finite number of at least 0", value, mend);

    /// <summary>Throws unless value is a finite number above 0.</summary>
    public static void Positive(double value, string name, string mend = "") =>
        That(double.IsFinite(value) && value > 0, name, "a finite number above 0", value, mend);

    /// <summary>Throws unless 0 &lt;= value &lt;= 1.</summary>
    public static void Share(double value, string name, string mend = "") =>
        That(value is >= 0 and <= 1, name, "a number in [0, 1]", value, mend);

    /// <summary>Throws unless α is in (0, 1].</summary>
    public static void PolyakStep(double value, string name) =>
        That(value is > 0 and <= 1, name, "a number in (0, 1]", value, "It is the share of the online network: 0.005.");

    /// <summary>Throws unless value is in [0, 1).</summary>
    public static void Dropout(double value, string name) =>
        That(value is >= 0 and < 1, name, "a number in [0, 1)", value, "It is the share that is dropped.");

    /// <summary>Throws unless every width is at least 1.</summary>
    public static void Widths(ImmutableArray<int> sizes, string name)
    {
        That(!sizes.IsDefault, name, "a list of widths", "nothing", "An empty list makes the networks linear.");
        foreach (var size in sizes) AtLeast(size, 1, name);
    }

    /// <summary>Throws unless value is one of its type's named cases.</summary>
    public static void Known<T>(T value) where T : struct, Enum =>
        That(Enum.IsDefined(value), typeof(T).Name, $"one of {string.Join(", ", Enum.GetNames<T>())}", value);

    [DoesNotReturn, StackTraceHidden]
    static void Fail(string name, string expected, object? actual, string mend) =>
        throw new ArgumentException(
            $"{name}: expected {expected}, got {actual ?? "nothing"}.{(mend == "" ? "" : " " + mend)}");

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
