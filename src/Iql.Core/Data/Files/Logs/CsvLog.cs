using System.Text;

namespace Iql.Data.Files.Logs;

/// <summary>A CSV file: a line of names, then one record a row. Fields with separators, quotes or line breaks stand in
/// quotes; a quote in them is doubled (RFC 4180). Blank lines are skipped, names are trimmed, and a first line "sep=;"
/// tells the separator.</summary>
static class CsvLog
{
    /// <param name="separator">Null: the schema's.</param>
    internal static IEnumerable<LogRow> Rows(LogReading log, char? separator = null)
    {
        var (path, schema, fields) = (log.Path, log.Schema, log.Fields);
        using var text = new LineReader(path, schema.Encoding);
        var first = separator ?? schema.Separator ?? (schema.Decimal == ',' ? ';' : ',');
        var records = Records(path, text, first).GetEnumerator();
        if (!records.MoveNext())
            throw new InvalidDataException($"{path}: expected a line of column names, got an empty file.");
        var header = records.Current.Fields.ConvertAll(name => name.Trim());
        log.Observations.AddRange(schema.Observations);
        log.Actions.AddRange(schema.Actions);
        int[] observations = Places(schema.Observations),
            actions = Places(schema.Actions), next = Places(schema.NextObservations);
        int reward = Place(schema.Reward), terminal = Optional(schema.Terminal),
            timeout = Optional(schema.Timeout), episode = Optional(schema.Episode), time = Optional(schema.Time);
        while (records.MoveNext())
        {
            var (line, record) = records.Current;
            if (record.Count != header.Count) throw new InvalidDataException(FormattableString.Invariant(
                $"{path}({line}): expected {header.Count} fields, as in the first line, got {record.Count}.") +
                (record.Count == 1 && header.Count == 1 ? "" : " A field with a separator in it stands in quotes."));
            yield return new(line, Numbers(observations), Numbers(actions),
                fields.Number(line, schema.Reward, record[reward]), Flag(terminal), Flag(timeout),
                episode < 0 ? null : record[episode].Trim(), Numbers(next),
                time < 0 ? double.NaN : fields.Time(line, header[time], record[time]));

            float[] Numbers(int[] places) =>
                Array.ConvertAll(places, place => fields.Number(line, header[place], record[place]));
            bool Flag(int place) => place >= 0 && fields.Flag(line, header[place], record[place]);
        }

        int[] Places(IEnumerable<string> names) => [.. names.Select(Place)];
        int Optional(string? name) => name == null ? -1 : Place(name);
        int Place(string name) => header.Count(other => other == name) switch
        {
            1 => header.IndexOf(name),
            0 => throw new InvalidDataException($"{path}(1): expected a column '{name}', which the schema names, " +
                $"got {string.Join(", ", header.Take(30))}{(header.Count > 30 ? ", …" : "")}." +
                (header.Count == 1 ? " Is the separator another? Say so in the schema: \"separator\": \";\"."
                    : header.Any(other => other.Contains('\uFFFD'))
                        ? " Is the encoding another? Say so in the schema: \"encoding\": \"latin1\"."
                    : EditDistance.DidYouMean(header, name))),
            var several => throw new InvalidDataException(
                $"{path}(1): expected one column '{name}', got {several}. Rename the others."),
        };
    }

    /// <summary>The records of a text, and the line that each begins in.</summary>
    internal static IEnumerable<(long Line, List<string> Fields)> Records(
        string path, LineReader text, char separator)
    {
        while (text.Next() is { } line)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (text.Number == 1 && line.StartsWith("sep=", StringComparison.OrdinalIgnoreCase) && line.Length == 5)
            {
                separator = line[4];
                continue;
            }
            var first = text.Number;
            var fields = new List<string>();
            var at = 0;
            while (true)
            {
                if (at < line.Length && line[at] == '"')
                {
                    var field = new StringBuilder();
                    for (at++; ; at++)
                    {
                        if (at == line.Length)
                        {
                            var more = field.Length > Reading.Longest ? null : text.Next();
                            if (more == null) throw new InvalidDataException(
                                $"{path}({first}): expected a quote that closes the one in field {fields.Count + 1}, " +
                                $"got {(field.Length > Reading.Longest ? "16 MB without one" : "the file's end")}.");
                            (line, at) = (more, -1);
                            field.Append('\n');
                        }
                        else if (line[at] != '"') field.Append(line[at]);
                        else if (at + 1 < line.Length && line[at + 1] == '"') field.Append(line[at++]);
                        else break;
                    }
                    at++;
                    if (at < line.Length && line[at] != separator)
                        throw new InvalidDataException($"{path}({text.Number}): expected '{separator}' behind a " +
                            $"closing quote, got '{line[at]}'. A quote inside a field is doubled.");
                    fields.Add(field.ToString());
                }
                else
                {
                    var end = line.IndexOf(separator, at);
                    fields.Add(end < 0 ? line[at..] : line[at..end]);
                    at = end < 0 ? line.Length : end;
                }
                if (at >= line.Length) break;
                at++;
            }
            yield return (first, fields);
        }
    }
}
