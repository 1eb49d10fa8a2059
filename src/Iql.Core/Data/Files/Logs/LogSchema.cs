using System.Collections.Immutable;
using System.Text.Json;

namespace Iql.Data.Files.Logs;

/// <summary>The meaning of a log's columns, from a JSON file such as {"observations": ["x", "v"], "actions": ["force"],
/// "reward": "r", "terminal": "done", "episode": "run"}. In JSON lines a column may be a list, and a dot leads into an
/// object: "state.position".</summary>
public sealed record LogSchema
{
    /// <summary>Columns of s, in their order.</summary>
    public required ImmutableArray<string> Observations { get; init; }
    /// <summary>Columns of a.</summary>
    public required ImmutableArray<string> Actions { get; init; }
    /// <summary>The column of r.</summary>
    public required string Reward { get; init; }
    /// <summary>The column of terminals; null: there are none.</summary>
    public string? Terminal { get; init; }
    /// <summary>The column of time-outs; null: where <see cref="Episode"/> changes.</summary>
    public string? Timeout { get; init; }
    /// <summary>The column of episodes' names. A change without a terminal is a time-out.</summary>
    public string? Episode { get; init; }
    /// <summary>Columns of s′, as <see cref="Observations"/>; empty: the next row's, within an episode.</summary>
    public ImmutableArray<string> NextObservations { get; init; } = [];
    /// <summary>The separator of a CSV file.</summary>
    public char Separator { get; init; } = ',';
    /// <summary>Columns of flags.</summary>
    internal IEnumerable<string> Flags => new[] { Terminal, Timeout }.OfType<string>();

    /// <summary>All columns.</summary>
    internal IEnumerable<string> All =>
        [.. Observations, .. Actions, Reward, .. Flags, .. new[] { Episode }.OfType<string>(), .. NextObservations];

    /// <summary>Reads a schema file.</summary>
    /// <exception cref="InvalidDataException">No JSON object; an unknown, missing or wrong entry.</exception>
    public static LogSchema Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path),
                new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
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
            var schema = new LogSchema
            {
                Observations = Names("observations", true),
                Actions = Names("actions", true),
                Reward = Name("reward") ?? throw Wrong("'reward'", "the name of a column", "nothing"),
                Terminal = Name("terminal"),
                Timeout = Name("timeout"),
                Episode = Name("episode"),
                NextObservations = Names("next_observations", false),
                Separator = Name("separator") switch
                {
                    null => ',',
                    [var one] => one,
                    "tab" or "\\t" => '\t',
                    var other => throw Wrong("'separator'", "one character, or tab", $"'{other}'"),
                },
            };
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
