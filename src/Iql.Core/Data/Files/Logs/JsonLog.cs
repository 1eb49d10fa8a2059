using System.Text.Json;

namespace Iql.Data.Files.Logs;

/// <summary>JSON lines: an object a row. A column may be a list of numbers; a dot leads into an object.</summary>
static class JsonLog
{
    internal static IEnumerable<LogRow> Rows(LogReading log)
    {
        var (path, schema, fields) = (log.Path, log.Schema, log.Fields);
        using var text = new LineReader(path, schema.Encoding);
        var isFirst = true;
        while (text.Next() is { } read)
            if (!string.IsNullOrWhiteSpace(read)) yield return Row(text.Number, read);

        LogRow Row(long line, string read)
        {
            using var json = Parse(line, read);
            var root = json.RootElement;
            var row = new LogRow(line, Numbers(schema.Observations, log.Observations),
                Numbers(schema.Actions, log.Actions), Single(schema.Reward), Flag(schema.Terminal),
                Flag(schema.Timeout), schema.Episode is { } episode ? Name(Value(episode)) : null,
                Numbers(schema.NextObservations, null),
                schema.Time is { } time ? fields.Time(line, time, Name(Value(time))) : double.NaN);
            isFirst = false;
            return row;

            JsonElement Value(string column)
            {
                if (root.TryGetProperty(column, out var value)) return value;
                var inside = root;
                foreach (var key in column.Split('.'))
                    if (inside.ValueKind != JsonValueKind.Object || !inside.TryGetProperty(key, out inside))
                    {
                        List<string> names = [.. root.EnumerateObject().Select(entry => entry.Name)];
                        throw fields.Wrong(line, column, "a value", $"none among {string.Join(", ", names.Take(20))}",
                            EditDistance.DidYouMean(names, column).TrimStart());
                    }
                return inside;
            }

            float[] Numbers(IEnumerable<string> columns, List<string>? labels)
            {
                var numbers = new List<float>();
                foreach (var column in columns) Add(column, Value(column), numbers, isFirst ? labels : null);
                return [.. numbers];
            }

            void Add(string column, JsonElement value, List<float> numbers, List<string>? labels)
            {
                if (value.ValueKind == JsonValueKind.Array)
                    foreach (var (i, item) in value.EnumerateArray().Index())
                        Add($"{column}[{i}]", item, numbers, labels);
                else
                {
                    numbers.Add(Number(column, value));
                    labels?.Add(column);
                }
            }

            float Number(string column, JsonElement value) => value.ValueKind switch
            {
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                JsonValueKind.Number => fields.Number(line, column, value.GetRawText()),
                JsonValueKind.Null when schema.Missing != MissingRule.Refuse => float.NaN,
                _ => throw fields.Wrong(line, column, "a finite number", value.GetRawText()),
            };

            float Single(string column) => Number(column, Value(column));

            bool Flag(string? column) => column != null && Value(column) is var value
                && (value.ValueKind is JsonValueKind.True or JsonValueKind.False
                    ? value.GetBoolean() : fields.Flag(line, column, Name(value)));
        }

        JsonDocument Parse(long line, string read)
        {
            try
            {
                var json = JsonDocument.Parse(read, Reading.Json);
                if (json.RootElement.ValueKind == JsonValueKind.Object) return json;
                json.Dispose();
                throw new InvalidDataException(
                    $"{path}({line}): expected an object a line, got {read[..Math.Min(40, read.Length)]}.");
            }
            catch (JsonException failure)
            {
                throw new InvalidDataException(
                    $"{path}({line}): expected JSON, got something else at character {failure.BytePositionInLine + 1}" +
                    (read.Contains("NaN") || read.Contains("Infinity") ? " (JSON has no NaN and no Infinity)."
                        : ". Every line holds one whole object."));
            }
        }

        static string Name(JsonElement value) =>
            value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
    }
}
