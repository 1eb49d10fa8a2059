using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Iql.Data.Files.Logs;

/// <summary>Reads a <see cref="LogSchema"/> from JSON, in which comments are allowed.</summary>
sealed class LogSchemaReader
{
    static readonly ImmutableArray<string> Known =
    [
        "observations", "actions", "reward", "terminal", "timeout", "episode", "next_observations", "time",
        "largest_step", "action_kind", "action_count", "missing", "separator", "decimal", "encoding", "columns",
    ];

    readonly string path;
    readonly JsonElement root;

    LogSchemaReader(string path, JsonElement root) => (this.path, this.root) = (path, root);

    internal static LogSchema Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Reading.Small(path)),
                Reading.Json with { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return new LogSchemaReader(path, json.RootElement).Schema();
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"{path}({failure.LineNumber + 1}): expected JSON, got something else at " +
                $"character {failure.BytePositionInLine + 1}. A schema looks like " +
                """{"observations": ["x"], "actions": ["u"], "reward": "r", "terminal": "done"}.""");
        }
    }

    LogSchema Schema()
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Wrong("the file", "an object", root.ValueKind.ToString().ToLowerInvariant());
        foreach (var property in root.EnumerateObject())
            if (!Known.Contains(property.Name)) throw Wrong($"'{property.Name}'", $"one of {string.Join(", ", Known)}",
                "an entry of another name", EditDistance.DidYouMean(Known, property.Name));
        var schema = new LogSchema(Names("observations", true), Names("actions", true),
            Name("reward") ?? throw Wrong("'reward'", "the name of a column", "nothing"),
            Name("terminal"), Name("timeout"), Name("episode"), Names("next_observations", false))
        {
            Separator = Name("separator") switch
            {
                null => null,
                [var one] => one,
                "tab" or "\\t" => '\t',
                var other => throw Wrong("'separator'", "one character, or tab", $"'{other}'"),
            },
            Decimal = Choice("decimal", ("point", '.'), (".", '.'), ("comma", ','), (",", ',')),
            Encoding = Choice<Encoding>("encoding", ("utf-8", Encoding.UTF8), ("latin1", Encoding.Latin1),
                ("utf-16", Encoding.Unicode),
                ("windows-1252", CodePagesEncodingProvider.Instance.GetEncoding(1252)!)),
            Missing = Choice("missing", ("refuse", MissingRule.Refuse), ("drop", MissingRule.Drop),
                ("hold", MissingRule.Hold), ("cut", MissingRule.Cut)),
            IsDiscrete = Choice("action_kind", ("continuous", false), ("discrete", true)),
            ActionCount = (int?)Number("action_count", "a whole number of choices, from 1 on",
                number => number >= 1 && number <= ActionSpace.MostChoices && number == Math.Floor(number)),
            Time = Name("time"),
            LargestStep = Number("largest_step", "a number above 0", number => number > 0),
            Columns = Columns(),
        };
        if (schema.Separator == schema.Decimal)
            throw Wrong("'separator'", "another sign than the decimal one", $"'{schema.Separator}'");
        if (schema is { Terminal: null, Timeout: null, Episode: null })
            throw Wrong("'terminal', 'timeout', 'episode'",
                "at least one of them, since nothing else tells where episodes end", "none");
        if (schema.ActionCount != null && !schema.IsDiscrete)
            throw Wrong("'action_count'", "none for continuous actions", $"{schema.ActionCount}",
                """ For choices: "action_kind": "discrete".""");
        if (schema.IsDiscrete && schema.Actions.Length != 1)
            throw Wrong("'actions'", "one column of choices", $"{schema.Actions.Length}");
        if (schema.LargestStep != null && schema.Time == null)
            throw Wrong("'time'", "the name of a column, beside largest_step", "nothing");
        return schema;
    }

    ImmutableArray<string> Names(string entry, bool needed)
    {
        if (!root.TryGetProperty(entry, out var value))
            return needed ? throw Wrong($"'{entry}'", "a list of columns", "nothing") : [];
        if (value.ValueKind == JsonValueKind.String) return [value.GetString()!];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0
            || value.EnumerateArray().Any(name => name.ValueKind != JsonValueKind.String))
            throw Wrong($"'{entry}'", "a list of columns' names", value.GetRawText());
        return [.. value.EnumerateArray().Select(name => name.GetString()!)];
    }

    string? Name(string entry) =>
        !root.TryGetProperty(entry, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() != "" ? value.GetString()
        : throw Wrong($"'{entry}'", "the name of a column", value.GetRawText());

    T Choice<T>(string entry, params (string Word, T Meaning)[] choices)
    {
        if (!root.TryGetProperty(entry, out var value)) return choices[0].Meaning;
        foreach (var (word, meaning) in choices)
            if (value.ValueKind == JsonValueKind.String
                && string.Equals(word, value.GetString(), StringComparison.OrdinalIgnoreCase)) return meaning;
        throw Wrong($"'{entry}'", string.Join(", ", choices.Select(choice => choice.Word)), value.GetRawText());
    }

    double? Number(string entry, string expected, Func<double, bool> holds) =>
        root.TryGetProperty(entry, out var value) ? Number($"'{entry}'", value, expected, holds) : null;

    double Number(string what, JsonElement value, string expected, Func<double, bool> holds) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && double.IsFinite(number) && holds(number)
            ? number : throw Wrong(what, expected, value.GetRawText());

    ImmutableDictionary<string, DataColumn> Columns()
    {
        var columns = ImmutableDictionary.CreateBuilder<string, DataColumn>(StringComparer.Ordinal);
        if (!root.TryGetProperty("columns", out var value)) return columns.ToImmutable();
        const string example = """an object such as {"valve": {"unit": "%", "least": 0, "greatest": 100}}""";
        if (value.ValueKind != JsonValueKind.Object) throw Wrong("'columns'", example, value.GetRawText());
        foreach (var column in value.EnumerateObject())
        {
            var what = $"'columns', '{column.Name}'";
            if (column.Value.ValueKind != JsonValueKind.Object || column.Value.EnumerateObject()
                .Any(entry => entry.Name is not ("name" or "unit" or "least" or "greatest")))
                throw Wrong(what, "an object of name, unit, least, greatest", column.Value.GetRawText());
            var (least, greatest) = (Bound("least"), Bound("greatest"));
            if (least > greatest) throw Wrong(what, "a least number that is not above the greatest",
                string.Create(CultureInfo.InvariantCulture, $"{least} and {greatest}"));
            columns[column.Name] = new(Text("name") ?? column.Name, Text("unit"), least, greatest);

            string? Text(string entry) => !column.Value.TryGetProperty(entry, out var text) ? null
                : text.ValueKind == JsonValueKind.String && text.GetString() != "" ? text.GetString()
                : throw Wrong(what, $"a text as {entry}", text.GetRawText());

            double? Bound(string entry) => column.Value.TryGetProperty(entry, out var bound)
                ? Number($"{what}, '{entry}'", bound, "a number", _ => true) : null;
        }
        return columns.ToImmutable();
    }

    InvalidDataException Wrong(string what, string expected, string got, string hint = "") =>
        new($"{path}: {what}: expected {expected}, got {got}.{hint}");
}
