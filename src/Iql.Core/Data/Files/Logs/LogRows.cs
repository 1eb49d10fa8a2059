namespace Iql.Data.Files.Logs;

/// <summary>Checks a log's rows: sizes stay, episodes stand together; a new episode's name is a time-out.</summary>
static class LogRows
{
    internal static IEnumerable<LogRow> Checked(string path, LogSchema schema, IEnumerable<LogRow> rows)
    {
        var fields = new LogFields(path);
        var ended = new Dictionary<string, long>(StringComparer.Ordinal);
        LogRow? before = null;
        foreach (var row in rows)
        {
            if (before != null)
            {
                Size(row, row.Observation, before.Observation, schema.Observations);
                Size(row, row.Action, before.Action, schema.Actions);
                var changes = row.Episode != before.Episode;
                if (changes) ended[before.Episode!] = before.Line;
                yield return changes && !before.Terminal ? before with { Timeout = true } : before;
            }
            if (schema.NextObservations.Length > 0)
                Size(row, row.NextObservation, row.Observation, schema.NextObservations);
            if (schema.Episode is { } column && ended.TryGetValue(row.Episode!, out var line))
                throw fields.Wrong(row.Line, column, "an episode whose rows stand together",
                    $"'{row.Episode}', which ended in line {line}",
                    "Sort the log by episode and step, or give every episode a name of its own.");
            before = row;
        }
        yield return before ?? throw new InvalidDataException($"{path}: expected rows, got none.");

        void Size(LogRow row, float[] numbers, float[] expected, IEnumerable<string> columns)
        {
            if (numbers.Length != expected.Length) throw fields.Wrong(row.Line,
                string.Join(", ", columns.Take(3)), $"{expected.Length} numbers, as before", $"{numbers.Length}");
        }
    }
}
