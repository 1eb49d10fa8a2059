using System.Globalization;

namespace Iql.Data.Files.Logs;

/// <summary>One row of a log.</summary>
/// <param name="Observation">s, [S].</param>
/// <param name="Action">a, [A].</param>
/// <param name="Reward">r.</param>
/// <param name="Timeout">Whether the episode was cut after it.</param>
/// <param name="Episode">Its episode's name, or null.</param>
/// <param name="NextObservation">s′, [S], or empty.</param>
sealed record LogRow(long Line, float[] Observation, float[] Action, float Reward, bool Terminal, bool Timeout,
    string? Episode, float[] NextObservation);

/// <summary>Reads fields as numbers and flags; errors name the place.</summary>
/// <param name="loss">Told the first numbers of every column.</param>
sealed class LogFields(string path, Float32Loss? loss = null)
{
    const int LossRows = 5000;

    /// <summary>"log.csv(17): column 'reward': expected a finite number, got 'abc'."</summary>
    internal InvalidDataException Wrong(long line, string column, string expected, string got, string hint = "") =>
        new(FormattableString.Invariant(
            $"{path}({line}): column '{column}': expected {expected}, got {got}.{(hint == "" ? "" : " " + hint)}"));

    internal float Number(long line, string column, string text)
    {
        if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && float.IsFinite(number))
        {
            if (loss != null && line <= LossRows)
                loss.Add(column, double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
            return number;
        }
        if (float.IsInfinity(number) && !text.Contains("inf", StringComparison.OrdinalIgnoreCase))
            throw Wrong(line, column, "a number that float32 holds, up to 3.4E+38", $"'{text}'", "Divide the column.");
        var comma = text.Contains(',') && float.TryParse(text.Replace(',', '.'), CultureInfo.InvariantCulture, out _);
        throw Wrong(line, column, "a finite number",
            text.Trim() == "" ? "an empty field" : $"'{text}'", comma ? "Write decimals with a point." : "");
    }

    internal bool Flag(long line, string column, string text) => text.Trim().ToLowerInvariant() switch
    {
        "0" or "false" or "0.0" => false,
        "1" or "true" or "1.0" => true,
        var other => throw Wrong(line, column, "a flag (0 or 1, false or true)",
            other == "" ? "an empty field" : $"'{text}'"),
    };
}
