using static Iql.Invariant;

namespace Iql.Data;

/// <summary>What a file's wider numbers lose as float32, by column.</summary>
sealed class Float32Loss
{
    /// <summary>Different numbers of a column that are compared.</summary>
    const int Most = 4096;

    readonly Dictionary<string, (HashSet<double> Given, HashSet<float> Kept)> columns = [];

    /// <summary>The first number that is too large, in a sentence; null without one.</summary>
    internal string? TooLarge { get; private set; }

    internal void Add(string column, double number)
    {
        if (!columns.TryGetValue(column, out var sets)) columns[column] = sets = ([], []);
        if (sets.Given.Count < Most && sets.Given.Add(number)) sets.Kept.Add((float)number);
    }

    /// <summary>The columns of a row-major matrix.</summary>
    internal void Add(string name, Array matrix, int width, long firstRow = 0)
    {
        for (var column = 0; column < width; column++)
        {
            var label = width == 1 ? name : $"{name}[{column}]";
            if (matrix is double[] doubles)
            {
                for (var i = column; i < Math.Min(doubles.Length, Most * width); i += width) Add(label, doubles[i]);
                for (var i = column; i < doubles.Length && TooLarge == null; i += width)
                    if (double.IsFinite(doubles[i]) && !float.IsFinite((float)doubles[i]))
                        TooLarge = TooLargeText(label, doubles[i], firstRow + i / width);
            }
            else if (matrix is long[] whole)
                for (var i = column; i < Math.Min(whole.Length, Most * width); i += width) Add(label, whole[i]);
        }
    }

    /// <summary>"rewards: 1e39 in row 3 is too large for float32, which …"</summary>
    static string TooLargeText(string label, double number, long row) =>
        Say($"{label}: {number:0.####e0} in row {row} is too large for float32, which ends at 3.4e38. ") +
        "Divide the column before saving it.";

    /// <summary>Columns in which half of the different numbers merge, a sentence each.</summary>
    internal IEnumerable<string> Merged =>
        from pair in columns
        let given = pair.Value.Given.Count
        let kept = pair.Value.Kept.Count
        where given >= 10 && kept <= given / 2
        select Say($"{pair.Key}: {given:N0} different numbers become {kept:N0} in float32. ") +
            "Subtract an offset, such as the first number, before saving them.";
}
