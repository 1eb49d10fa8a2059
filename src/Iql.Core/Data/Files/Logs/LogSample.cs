using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Iql.Data.Files.Logs;

/// <summary>The beginning of a log, read before its schema is known.</summary>
/// <param name="Encoding">"utf-8" or "latin1".</param>
/// <param name="Separator">Of CSV; null in JSON lines, and where a line "sep=;" tells it.</param>
/// <param name="Columns">Its columns with their first texts.</param>
sealed record LogSample(string Encoding, char? Separator, IReadOnlyList<(string Name, List<string> Texts)> Columns)
{
    const int Rows = 1000, Bytes = 1 << 20;

    internal static LogSample Of(string log)
    {
        var ending = Path.GetExtension(log).ToLowerInvariant();
        if (ending == ".parquet") return new("utf-8", null, ParquetLog.Sample(log));
        if (ending is not (".csv" or ".tsv" or ".jsonl" or ".ndjson" or ".json")) throw new InputException(
            $"log: expected a name ending in .csv, .tsv, .jsonl, .ndjson or .parquet, got '{ending}' in {log}.");
        var latin = !IsUtf8(log);
        using var text = new LineReader(log, latin ? System.Text.Encoding.Latin1 : null);
        if (ending is ".jsonl" or ".ndjson" or ".json") return new("utf-8", null, Json(text));
        var separator = ending == ".tsv" ? '\t' : Separators(log, latin);
        var columns = new List<(string Name, List<string> Texts)>();
        foreach (var (_, fields) in CsvLog.Records(log, text, separator ?? ',').Take(Rows + 1))
            if (columns.Count == 0) columns.AddRange(fields.Select(name => (name.Trim(), new List<string>())));
            else for (var i = 0; i < Math.Min(fields.Count, columns.Count); i++) columns[i].Texts.Add(fields[i]);
        return new(latin ? "latin1" : "utf-8", separator, columns);
    }

    static bool IsUtf8(string log)
    {
        using var stream = File.OpenRead(log);
        var start = new byte[Bytes];
        var read = start.AsSpan(0, stream.ReadAtLeast(start, Bytes, throwOnEndOfStream: false));
        // A byte order mark is the reader's.
        if (read.StartsWith((byte[])[0xFF, 0xFE]) || read.StartsWith((byte[])[0xFE, 0xFF])) return true;
        var end = read.LastIndexOf((byte)'\n');
        return System.Text.Unicode.Utf8.IsValid(end < 0 ? read : read[..end]);
    }

    /// <summary>The sign that stands most often in the line of names; null where "sep=" is before it.</summary>
    static char? Separators(string log, bool latin)
    {
        using var text = new LineReader(log, latin ? System.Text.Encoding.Latin1 : null);
        var line = text.Next() ?? throw new InvalidDataException(
            $"{log}: expected a line of column names, got an empty file.");
        return line.StartsWith("sep=", StringComparison.OrdinalIgnoreCase) ? null
            : new[] { ',', ';', '\t', '|' }.MaxBy(sign => line.Count(letter => letter == sign));
    }

    static List<(string, List<string>)> Json(LineReader text)
    {
        var columns = new List<(string Name, List<string> Texts)>();
        for (var row = 0; row < Rows && text.Next() is { } line; row++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            using var json = JsonDocument.Parse(line, Reading.Json);
            Add("", json.RootElement);
        }
        return columns;

        void Add(string name, JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Object)
            {
                foreach (var entry in value.EnumerateObject())
                    Add(name == "" ? entry.Name : $"{name}.{entry.Name}", entry.Value);
                return;
            }
            var place = columns.FindIndex(column => column.Name == name);
            if (place < 0) columns.Add((name, []));
            // Of a list, its first number says what it holds.
            var first = value;
            while (first.ValueKind == JsonValueKind.Array && first.GetArrayLength() > 0) first = first[0];
            columns[place < 0 ? ^1 : place].Texts.Add(
                first.ValueKind == JsonValueKind.String ? first.GetString()! : first.GetRawText());
        }
    }

    /// <summary>Whether numbers are written with a comma: more of them than with a point.</summary>
    internal bool HasCommas => Separator != ',' && Numbers(',') > Numbers('.');

    int Numbers(char sign) => Columns.Sum(column => column.Texts.Count(text => Number(text, sign) != null));

    internal static double? Number(string text, char sign) => double.TryParse(text, NumberStyles.Float,
        new NumberFormatInfo { NumberDecimalSeparator = $"{sign}" }, out var number) && double.IsFinite(number)
        ? number : null;
}
