using System.Collections.Immutable;
using System.Text.Json;

namespace Iql.Data.Files.Logs;

/// <summary>The meaning of a log's columns, from a JSON file such as {"observations": ["x", "v"], "actions": ["force"],
/// "reward": "r", "terminal": "done", "episode": "run"}. In JSON lines a column may be a list, and a dot leads into an
/// object: "state.position".</summary>
/// <param name="Observations">Columns of s, in their order.</param>
/// <param name="Actions">Columns of a.</param>
/// <param name="Reward">The column of r.</param>
/// <param name="Terminal">The column of terminals; null: there are none.</param>
/// <param name="Timeout">The column of time-outs; null: where <paramref name="Episode"/> changes.</param>
/// <param name="Episode">The column of episodes' names. A change without a terminal is a time-out.</param>
/// <param name="NextObservations">Columns of s′, as of s; empty: the next row's, within an episode.</param>
/// <param name="Separator">Of a CSV file.</param>
public sealed record LogSchema(ImmutableArray<string> Observations, ImmutableArray<string> Actions, string Reward,
    string? Terminal, string? Timeout, string? Episode, ImmutableArray<string> NextObservations, char Separator)
{
    /// <summary>Columns of flags.</summary>
    internal IEnumerable<string> Flags => new[] { Terminal, Timeout }.OfType<string>();

    /// <summary>All columns.</summary>
    internal IEnumerable<string> All =>
        [.. Observations, .. Actions, Reward, .. Flags, .. new[] { Episode }.OfType<string>(), .. NextObservations];

    /// <summary>Reads a schema file.</summary>
    /// <exception cref="FileException">No JSON object; an unknown, missing or wrong entry.</exception>
    public static LogSchema Read(string path) => Reading.Of(path, "a schema as JSON", () => Parse(path));

    static LogSchema Parse(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Reading.Small(path)),
                Reading.Json with { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return new Reader(path, json.RootElement).Read();
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"{path}({failure.LineNumber + 1}): expected JSON, got something else at " +
                $"character {failure.BytePositionInLine + 1}. A schema looks like " +
                """{"observations": ["x"], "actions": ["u"], "reward": "r", "terminal": "done"}.""");
        }
    }

    sealed class Reader(string path, JsonElement root)
    {
        static readonly ImmutableArray<string> Known = [
            "observations", "actions", "reward", "terminal", "timeout", "episode", "next_observations", "separator"];

        internal LogSchema Read()
        {
            if (root.ValueKind != JsonValueKind.Object)
                throw Wrong("the file", "an object", root.ValueKind.ToString().ToLowerInvariant());
            foreach (var property in root.EnumerateObject())
                if (!Known.Contains(property.Name))
                    throw Wrong($"'{property.Name}'", $"one of {string.Join(", ", Known)}", "an entry of another name");
            var schema = new LogSchema(Names("observations", true), Names("actions", true),
                Name("reward") ?? throw Wrong("'reward'", "the name of a column", "nothing"),
                Name("terminal"), Name("timeout"), Name("episode"), Names("next_observations", false),
                Name("separator") switch
                {
                    null => ',',
                    [var one] => one,
                    "tab" or "\\t" => '\t',
                    var other => throw Wrong("'separator'", "one character, or tab", $"'{other}'"),
                });
            if (schema is { Terminal: null, Timeout: null, Episode: null })
                throw Wrong("'terminal', 'timeout', 'episode'",
                    "at least one of them, since nothing else tells where episodes end", "none");
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

        InvalidDataException Wrong(string what, string expected, string got) =>
            new($"{path}: {what}: expected {expected}, got {got}.");
    }
}
