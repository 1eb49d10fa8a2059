namespace Iql.Data.Files.Logs;

/// <summary>One row of a log.</summary>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Observation">s, [S].</param>
/// <param name="Action">a, [A].</param>
/// <param name="Reward">r.</param>
/// <param name="Terminal">Whether the environment ended after it.</param>
/// <param name="Timeout">Whether the episode was cut after it.</param>
/// <param name="Episode">What its episode is called, or null.</param>
/// <param name="NextObservation">s′, [S], or empty.</param>
sealed record LogRow(long Line, float[] Observation, float[] Action, float Reward, bool Terminal, bool Timeout, string? Episode, float[] NextObservation);

/// <summary>Reads fields as numbers and flags, and says where one is wrong.</summary>
sealed class LogFields(string path)
{
    /// <summary>"log.csv(17): column 'reward': expected a finite number, got 'abc'."</summary>
    internal InvalidDataException Wrong(long line, string column, string expected, string got, string mend = "") =>
        new(FormattableString.Invariant($"{path}({line}): column '{column}': expected {expected}, got {got}.{(mend == "" ? "" : " " + mend)}"));

    internal float Number(long line, string column, string text)
    {
        if (float.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) && float.IsFinite(number)) return number;
        var comma = text.Contains(',') && float.TryParse(text.Replace(',', '.'), System.Globalization.CultureInfo.InvariantCulture, out _);
        throw Wrong(line, column, "a finite number", text.Trim() == "" ? "an empty field" : $"'{text}'", comma ? "Write decimals with a point." : "");
    }

    internal bool Flag(long line, string column, string text) => text.Trim().ToLowerInvariant() switch
    {
        "0" or "false" or "0.0" => false,
        "1" or "true" or "1.0" => true,
        var other => throw Wrong(line, column, "a flag (0 or 1, false or true)", other == "" ? "an empty field" : $"'{text}'"),
    };
}
