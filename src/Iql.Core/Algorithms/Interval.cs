using System.Globalization;

namespace Iql.Algorithms;

/// <summary>Numbers between two ends: "(0, 1]". A closed end at infinity contains it: no bound.</summary>
readonly record struct Interval(double Low, double High, bool ClosedLow, bool ClosedHigh)
{
    /// <summary>Reads "[0, ∞)".</summary>
    internal static Interval Parse(string text)
    {
        var ends = text.Trim('(', '[', ')', ']').Replace("∞", "Infinity").Split(',');
        Check.That(ends.Length == 2 && text[0] is '(' or '[' && text[^1] is ')' or ']', "range", "\"(0, 1]\"", text);
        return new(Number(ends[0]), Number(ends[1]), text[0] == '[', text[^1] == ']');

        static double Number(string end) => double.Parse(end, CultureInfo.InvariantCulture);
    }

    /// <summary>Whether a number lies within; NaN never does.</summary>
    internal bool Contains(double x) => (x > Low || (ClosedLow && x == Low)) && (x < High || (ClosedHigh && x == High));

    /// <summary>The infinity within, which is no bound; NaN where there is none.</summary>
    internal double None =>
        ClosedLow && double.IsInfinity(Low) ? Low : ClosedHigh && double.IsInfinity(High) ? High : double.NaN;

    /// <summary>"a number of at least 0"</summary>
    internal string Words(string number)
    {
        var (low, high) = (Low.ToString(CultureInfo.InvariantCulture), High.ToString(CultureInfo.InvariantCulture));
        var within = double.IsFinite(High) ? $" in {(ClosedLow ? '[' : '(')}{low}, {high}{(ClosedHigh ? ']' : ')')}"
            : !double.IsFinite(Low) ? "" : ClosedLow ? $" of at least {low}" : $" above {low}";
        return number + within + (double.IsNaN(None) ? "" : " or none");
    }

    /// <summary>"(0, 1]", as it is read.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(ClosedLow ? '[' : '(')}{Low}, {High}{(ClosedHigh ? ']' : ')')}").Replace("Infinity", "∞");
}
