using System.Collections.Immutable;
using System.Text;

namespace Iql.Data.Files.Logs;

/// <summary>What becomes of a row in which a number is missing.</summary>
public enum MissingRule
{
    /// <summary>The log is refused.</summary>
    Refuse,
    /// <summary>The row is left out, and the row before leads to the next one.</summary>
    Drop,
    /// <summary>The column's last number in the same episode stays; without one, the row is left out.</summary>
    Hold,
    /// <summary>The row is left out, and the episode is cut there.</summary>
    Cut,
}

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
public sealed record LogSchema(ImmutableArray<string> Observations, ImmutableArray<string> Actions, string Reward,
    string? Terminal, string? Timeout, string? Episode, ImmutableArray<string> NextObservations)
{
    /// <summary>Of a CSV file; null: a comma, or a semicolon where the comma is the decimal sign.</summary>
    public char? Separator { get; init; }
    /// <summary>The decimal sign, '.' or ','.</summary>
    public char Decimal { get; init; } = '.';
    /// <summary>Of the log's text; a byte order mark decides before it.</summary>
    public Encoding Encoding { get; init; } = Encoding.UTF8;
    /// <summary>What becomes of a row in which a number is missing.</summary>
    public MissingRule Missing { get; init; }
    /// <summary>Whether the one column of actions holds choices, whole numbers from 0 on.</summary>
    public bool IsDiscrete { get; init; }
    /// <summary>Number of choices; null: one more than the largest.</summary>
    public int? ActionCount { get; init; }
    /// <summary>The column of times, which ascend within an episode: numbers, or dates with a time; or null.</summary>
    public string? Time { get; init; }
    /// <summary>The largest step of time inside an episode; a larger one cuts it. Of dates, in seconds.</summary>
    public double? LargestStep { get; init; }
    /// <summary>Units and bounds of columns, by name.</summary>
    public ImmutableDictionary<string, DataColumn> Columns { get; init; } =
        ImmutableDictionary<string, DataColumn>.Empty;

    /// <summary>All columns.</summary>
    internal IEnumerable<string> All => [.. Observations, .. Actions, Reward, .. NextObservations,
        .. new[] { Terminal, Timeout, Episode, Time }.OfType<string>()];

    /// <summary>Reads a schema file.</summary>
    /// <exception cref="FileException">No JSON object; an unknown, missing or wrong entry.</exception>
    public static LogSchema Read(string path) =>
        Reading.Of(path, "a schema as JSON", () => LogSchemaReader.Read(path));

    /// <summary>A column with what the schema says of it, and the unit in its name: "temperature [°C]".</summary>
    internal DataColumn Describe(string name)
    {
        var said = Columns.GetValueOrDefault(name) ?? new(name);
        var open = name.EndsWith(']') ? name.LastIndexOf('[') : name.EndsWith(')') ? name.LastIndexOf('(') : -1;
        var unit = open > 0 ? name[(open + 1)..^1].Trim() : "";
        // "s[0]" is a part of a list.
        if (unit == "" || name[..open].Trim() == "" || unit.All(char.IsAsciiDigit) || (said.Unit ?? unit) != unit)
            return said;
        return said with { Name = said.Name == name ? name[..open].Trim() : said.Name, Unit = unit };
    }
}
