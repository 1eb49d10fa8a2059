using System.Collections.Immutable;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Layouts;

/// <summary>Any file whose columns the user names: observations=obs, actions=acts. Other arrays keep their
/// names.</summary>
static class NamedColumns
{
    static readonly ImmutableArray<string> Names =
        ["observations", "actions", "rewards", "terminals", "timeouts", "next_observations"];

    /// <param name="names">The file's names of columns, by the columns'.</param>
    /// <exception cref="InvalidDataException">No column of D4RL's layout, or no array of the file.</exception>
    internal static IArrayFile Of(IArrayFile file, IReadOnlyDictionary<string, string> names)
    {
        var entries = Layout.Entries(file);
        foreach (var (column, name) in names)
        {
            if (!Names.Contains(column)) throw new InvalidDataException(
                $"{file.Path}: columns: expected names of {string.Join(", ", Names)}, got {column}.");
            if (!entries.TryGetValue(name, out var found) || found.Shape.Length == 0) throw new InvalidDataException(
                $"{file.Path}: columns: expected {column} to be one of {string.Join(", ", entries.Keys.Take(20))}, " +
                $"got {name}.");
        }
        // An array under a name that another one takes is left out.
        var kept = entries.Values.Where(entry => entry.Shape.Length > 0
            && !names.ContainsKey(entry.Name) && !names.Values.Contains(entry.Name));
        return new FlatView(file, "columns named by hand",
            [.. names.Select(pair => FlatColumn.Renamed(file, entries[pair.Value], pair.Key)),
                .. kept.Select(entry => FlatColumn.Renamed(file, entry, entry.Name))],
            [.. names.Keys.Where(entries.ContainsKey).Except(names.Values)]);
    }
}
