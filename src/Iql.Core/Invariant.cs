using System.Globalization;
using System.Runtime.CompilerServices;

namespace Iql;

/// <summary>Interpolated text in the invariant culture, whatever the user's is.</summary>
static class Invariant
{
    /// <summary>The text.</summary>
    internal static string Say(ref Text text) => text.ToString();

    /// <summary>What the compiler makes of an interpolated string.</summary>
    [InterpolatedStringHandler]
    internal ref struct Text(int literals, int holes)
    {
        DefaultInterpolatedStringHandler inner = new(literals, holes, CultureInfo.InvariantCulture);

        public void AppendLiteral(string value) => inner.AppendLiteral(value);
        public void AppendFormatted<T>(T value) => inner.AppendFormatted(value);
        public void AppendFormatted<T>(T value, string? format) => inner.AppendFormatted(value, format);
        public void AppendFormatted<T>(T value, int alignment, string? format = null) =>
            inner.AppendFormatted(value, alignment, format);

        public override string ToString() => inner.ToStringAndClear();
    }
}
