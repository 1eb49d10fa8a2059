using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Minari;

/// <summary>Names and bounds of columns from Minari's spaces, in its own files and in flat ones made of them.</summary>
static partial class MinariColumns
{
    /// <summary>The columns; null where the spaces say neither a name nor a bound, or not of so many numbers.</summary>
    internal static DataColumns? Of(ImmutableSortedDictionary<string, string> metadata, int size, ActionSpace actions)
    {
        var observed = Space("observation_space", "observation") is { } all && all.Count == size
            ? all : Plain("observation", size);
        var acted = !actions.IsDiscrete && Space("action_space", "action") is { } some && some.Count == actions.Size
            ? some : Plain("action", actions.IsDiscrete ? 1 : actions.Size);
        return observed.Concat(acted).All(column => column is { Least: null, Greatest: null }
            && (column.Name.StartsWith("observation ", StringComparison.Ordinal)
                || column.Name.StartsWith("action", StringComparison.Ordinal)))
            ? null : new([.. observed], [.. acted]);

        List<DataColumn>? Space(string entry, string name)
        {
            if (!metadata.TryGetValue(MinariNames.Metadata + entry, out var text)) return null;
            try
            {
                var columns = new List<DataColumn>();
                // A space is a JSON text within a JSON text, and its bounds may be the bare words below.
                using var json = JsonDocument.Parse(
                    Unbounded().Replace(JsonSerializer.Deserialize<string>(text)!, "null"));
                return Add(json.RootElement, "", name, columns) ? columns : null;
            }
            catch (Exception failure) when (failure is JsonException or InvalidOperationException
                or ArgumentNullException or FormatException or KeyNotFoundException)
            {
                return null;
            }
        }
    }

    static List<DataColumn> Plain(string name, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new DataColumn($"{name} {i}"))];

    /// <summary>Whether a space is of boxes alone.</summary>
    static bool Add(JsonElement space, string path, string name, List<DataColumn> columns)
    {
        if (space.GetProperty("type").GetString() == "Dict") return space.GetProperty("subspaces").EnumerateObject()
            .OrderBy(entry => entry.Name, StringComparer.Ordinal)
            .All(entry => Add(entry.Value, path == "" ? entry.Name : $"{path}/{entry.Name}", name, columns));
        if (space.GetProperty("type").GetString() != "Box") return false;
        var (low, high) = (Numbers(space.GetProperty("low")).ToList(), Numbers(space.GetProperty("high")).ToList());
        if (low.Count != high.Count) return false;
        for (var i = 0; i < low.Count; i++)
            columns.Add(new(path == "" ? $"{name} {columns.Count}" : low.Count == 1 ? path : $"{path}[{i}]",
                Least: low[i], Greatest: high[i] >= (low[i] ?? double.NegativeInfinity) ? high[i] : null));
        return true;
    }

    static IEnumerable<double?> Numbers(JsonElement bound) => bound.ValueKind switch
    {
        JsonValueKind.Array => bound.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Number => [bound.GetDouble()],
        _ => [null],
    };

    [GeneratedRegex(@"-?\bInfinity\b|\bNaN\b")]
    private static partial Regex Unbounded();
}
