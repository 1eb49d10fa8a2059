using System.Globalization;
using System.Text.RegularExpressions;

namespace Iql.Algorithms;

/// <summary>A type of its own for a hyperparameter: it is read from a word, which <c>ToString</c> writes.</summary>
public interface IHyperparameterValue<TSelf> where TSelf : IHyperparameterValue<TSelf>
{
    /// <summary>What a word should be: "layer widths such as 256x256".</summary>
    static abstract string Expected { get; }
    /// <summary>A value out of its word.</summary>
    static abstract bool TryParse(string word, out TSelf value);
    /// <summary>A substitute for a value without a word, somebody's own function; null: there are none.</summary>
    static virtual object? StandIn(string word) => null;
}

/// <summary>How values of one hyperparameter look as text.</summary>
/// <param name="Read">A value out of a word; null where the word is none.</param>
/// <param name="Write">The word of a value.</param>
/// <param name="StandIn">A substitute for a stored word that cannot be read, if any.</param>
sealed record ValueText(string Expected, string Hint, Func<string, object?> Read, Func<object, string> Write,
    Func<string, object?>? StandIn = null)
{
    /// <summary>The words of a type; numbers lie in the interval.</summary>
    internal static ValueText Of(Type type, Interval range)
    {
        if (type == typeof(double)) return new(range.Words("a number"), "NUMBER", word => Number(word, range), Number);
        if (type == typeof(int)) return new(
            range.Words("a whole number"), "N",
            word => NumberText.Whole(word) is { } n && range.Contains(n) ? n : null, Number);
        if (type == typeof(bool)) return Words([("yes", true), ("no", false)]);
        if (type.IsEnum) return Words([.. from object value in Enum.GetValues(type) select (Kebab($"{value}"), value)]);
        var own = new Func<ValueText>(Own<Widths>).Method.GetGenericMethodDefinition().MakeGenericMethod(type);
        return (ValueText)own.Invoke(null, null)!;
    }

    /// <summary>"ReverseKL" is "reverse-kl".</summary>
    internal static string Kebab(string name) =>
        Regex.Replace(name, "(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-").ToLowerInvariant();

    static object? Number(string word, Interval range)
    {
        if (word == "none") return double.IsNaN(range.None) ? null : range.None;
        var fits = double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var x)
            && double.IsFinite(x);
        return fits && range.Contains(x) ? x : null;
    }

    static string Number(object value) => value switch
    {
        double x when double.IsInfinity(x) => "none",
        double x when double.IsInteger(x) && Math.Abs(x) < 1e15 => x.ToString("0", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    static ValueText Words((string Word, object Value)[] words) => new(
        "one of " + string.Join(", ", words.Select(each => each.Word)), "WORD",
        word => words.FirstOrDefault(each => each.Word == word).Value,
        value => words.FirstOrDefault(each => each.Value.Equals(value)).Word ?? value.ToString()!);

    static ValueText Own<T>() where T : IHyperparameterValue<T> => new(
        T.Expected, "WORD", word => T.TryParse(word, out var value) ? value : null, value => $"{value}", T.StandIn);
}
