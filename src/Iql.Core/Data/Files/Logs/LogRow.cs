using System.Globalization;

namespace Iql.Data.Files.Logs;

/// <summary>One row of a log. A number that is missing is NaN, unless the schema refuses it.</summary>
/// <param name="Observation">s, [S].</param>
/// <param name="Action">a, [A]; of discrete ones the choice alone.</param>
/// <param name="Reward">r.</param>
/// <param name="Timeout">Whether the episode was cut after it.</param>
/// <param name="Episode">Its episode's name, or null.</param>
/// <param name="NextObservation">s′, [S], or empty.</param>
/// <param name="Time">Its time, or NaN without such a column.</param>
sealed record LogRow(long Line, float[] Observation, float[] Action, float Reward, bool Terminal, bool Timeout,
    string? Episode, float[] NextObservation, double Time = double.NaN)
{
    internal bool Ends => Terminal || Timeout;
}

/// <summary>Reads fields as numbers and flags; errors name the place.</summary>
/// <param name="loss">Told the first numbers of every column.</param>
sealed class LogFields(string path, LogSchema schema, Float32Loss? loss = null)
{
    const int LossRows = 5000;
    const string MissingHint = """Leave such rows out: "missing": "drop" (or "hold", "cut") in the schema.""";

    readonly NumberFormatInfo format = new() { NumberDecimalSeparator = $"{schema.Decimal}" };

    /// <summary>"log.csv(17): column 'reward': expected a finite number, got 'abc'."</summary>
    internal InvalidDataException Wrong(long line, string column, string expected, string got, string hint = "") =>
        new(FormattableString.Invariant(
            $"{path}({line}): column '{column}': expected {expected}, got {got}.{(hint == "" ? "" : " " + hint)}"));

    internal float Number(long line, string column, string text)
    {
        if (float.TryParse(text, NumberStyles.Float, format, out var number) && float.IsFinite(number))
        {
            if (loss != null && line <= LossRows) loss.Add(column, double.Parse(text, NumberStyles.Float, format));
            return number;
        }
        var missing = IsMissing(text);
        if (missing && schema.Missing != MissingRule.Refuse) return float.NaN;
        if (float.IsInfinity(number) && !text.Contains("inf", StringComparison.OrdinalIgnoreCase))
            throw Wrong(line, column, "a number that float32 holds, up to 3.4E+38", $"'{text}'", "Divide the column.");
        var other = schema.Decimal == ',' ? '.' : ',';
        var decimals = text.Contains(other)
            && float.TryParse(text.Replace(other, schema.Decimal), NumberStyles.Float, format, out _);
        throw Wrong(line, column, "a finite number", text.Trim() == "" ? "an empty field" : $"'{text}'",
            missing ? MissingHint : !decimals ? ""
                : other == '.' ? "The schema says \"decimal\": \"comma\"."
                : "Write decimals with a point. Or say \"decimal\": \"comma\" in the schema.");
    }

    /// <summary>A time: a number, or the seconds of a date with a time.</summary>
    internal double Time(long line, string column, string text) =>
        double.TryParse(text, NumberStyles.Float, format, out var number) && double.IsFinite(number) ? number
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? (date - DateTimeOffset.UnixEpoch).TotalSeconds
        : throw Wrong(line, column, "a number, or a date with a time such as 2026-11-30T16:28:00", $"'{text}'");

    internal bool Flag(long line, string column, string text) => text.Trim().ToLowerInvariant() switch
    {
        "0" or "false" or "0.0" => false,
        "1" or "true" or "1.0" => true,
        var other => throw Wrong(line, column, "a flag (0 or 1, false or true)",
            other == "" ? "an empty field" : $"'{text}'"),
    };

    /// <summary>Texts that stand for no number.</summary>
    internal static bool IsMissing(string text) =>
        text.Trim().ToLowerInvariant() is "" or "na" or "n/a" or "nan" or "null" or "none" or "-" or "?";
}
