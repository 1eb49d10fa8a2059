using System.Globalization;

namespace Iql.Algorithms;

/// <summary>Numbers as people write them: 64.1k, 1.5M, 1e4.</summary>
public static class NumberText
{
    /// <summary>A whole number; 20k, 1.5M and 1e4 are 20000, 1500000 and 10000. Null for anything else.</summary>
    public static int? Whole(string word) =>
        Decimal(word) is { } whole && whole == Math.Truncate(whole) && Math.Abs(whole) <= int.MaxValue
            ? (int)whole : null;

    /// <summary>A decimal number, exactly: 64.1k is 64100, which no product of doubles is. Null for anything
    /// else.</summary>
    public static decimal? Decimal(string word)
    {
        var factor = word.EndsWith('k') ? 1e3m : word.EndsWith('M') ? 1e6m : 1m;
        const NumberStyles Style =
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign | NumberStyles.AllowExponent;
        return decimal.TryParse(factor == 1 ? word : word[..^1], Style, CultureInfo.InvariantCulture, out var number)
            ? Math.Abs(number) < 1e20m ? number * factor : number : null;
    }
}
