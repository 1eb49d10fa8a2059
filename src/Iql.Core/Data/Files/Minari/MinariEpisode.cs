using System.Collections.Immutable;
using System.Globalization;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;

namespace Iql.Data.Files.Minari;

/// <summary>One episode's group: T steps, with T + 1 observations.</summary>
/// <param name="Number">n of episode_n.</param>
/// <param name="Start">Its first row among all episodes.</param>
/// <param name="Length">T.</param>
/// <param name="IsOpen">Whether no flag ends it although another episode follows.</param>
sealed record MinariEpisode(int Number, long Start, int Length, bool IsOpen)
{
    internal const string Prefix = "episode_";

    /// <summary>"episode_3"</summary>
    internal string Group => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Number}");

    /// <summary>The index of the episode that holds a row.</summary>
    internal static int Holding(ImmutableArray<MinariEpisode> episodes, long row)
    {
        var (low, high) = (0, episodes.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (episodes[middle].Start <= row) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// <summary>All episodes with steps, in order; the blocks of an observation; the action; and the rest, which has no
    /// place in flat columns: further arrays, named within their group, and episodes without steps.</summary>
    /// <exception cref="FileException">An episode lacks an array, or has another one than the first.</exception>
    internal static (ImmutableArray<MinariEpisode> Episodes, ImmutableArray<ObservationBlock> Blocks,
        ObservationBlock Action, ImmutableArray<string> Others) All(Hdf5File file)
    {
        var groups = file.Entries
            .Where(entry => entry.Name.StartsWith(Prefix, StringComparison.Ordinal) && entry.Name.Contains('/'))
            .GroupBy(entry => entry.Name[..entry.Name.IndexOf('/')]).OrderBy(group => Order(group.Key)).ToList();
        ImmutableArray<ObservationBlock> blocks = default;
        ObservationBlock? action = null;
        var episodes = ImmutableArray.CreateBuilder<MinariEpisode>();
        var others = new SortedSet<string>(StringComparer.Ordinal);
        var start = 0L;
        foreach (var group in groups)
        {
            var entries = group.ToDictionary(entry => entry.Name[(group.Key.Length + 1)..]);
            var length = Column("rewards", null);
            Column("terminations", length);
            Column("truncations", length);
            var found = Blocks("observations", length + 1);
            if (Blocks("actions", length) is not [{ Name: "" } only])
                throw Wrong("actions", "one array of numbers", "a group", "Flatten the actions before writing them.");
            if (only.Shape.Length > 1 || IsChoice(only) != (only.Shape.Length == 0)) throw Wrong("actions",
                $"floating-point numbers of shape [{length}, A], or choices, whole numbers of shape [{length}]",
                $"{only.Kind} {ArrayData.Text(entries["actions"].Shape)}", "Write the actions as one of the two.");
            (blocks, action) = (blocks.IsDefault ? found : blocks, action ?? only);
            if (blocks.Length != found.Length || !blocks.Zip(found).All(pair => pair.First.IsSame(pair.Second)))
                throw Wrong("observations", string.Join(", ", blocks), string.Join(", ", found),
                    "All episodes hold the same observations.");
            if (only.Kind != action.Kind || only.Size != action.Size)
                throw Wrong("actions", $"{action.Kind} {ArrayData.Text(action.Shape)} a step",
                    $"{only.Kind} {ArrayData.Text(only.Shape)}", "All episodes hold the same actions.");
            others.UnionWith(entries.Keys
                .Except(["rewards", "terminations", "truncations", "actions", "observations"])
                .Where(key => !key.StartsWith("observations/", StringComparison.Ordinal)));
            if (length == 0) others.Add(group.Key);
            else episodes.Add(new(Order(group.Key), start, checked((int)length), false));
            start += length;

            long Column(string name, long? rows)
            {
                if (!entries.TryGetValue(name, out var entry))
                    throw Wrong(name, "Minari's layout (observations, actions, rewards, terminations, truncations)",
                        string.Join(", ", entries.Keys.Take(8)), "Add the array.");
                if (entry.Shape.Length != 1 || entry.Shape[0] != (rows ?? entry.Shape[0]))
                    throw Wrong(name, rows is { } n ? $"shape [{n}]" : "shape [T]",
                        ArrayData.Text(entry.Shape), "Write the episode again.");
                return entry.Shape[0];
            }

            ImmutableArray<ObservationBlock> Blocks(string name, long rows)
            {
                var parts = entries.Where(pair => pair.Key == name
                    || pair.Key.StartsWith(name + "/", StringComparison.Ordinal)).ToList();
                if (parts.Count == 0) throw Wrong(name, "an array or a group of arrays", "none", "Add it.");
                foreach (var (key, entry) in parts)
                    if (entry.Shape.Length == 0 || entry.Shape[0] != rows)
                        throw Wrong(key, $"{rows} rows ({(name == "actions" ? "one a step" : "one more than steps")})",
                            ArrayData.Text(entry.Shape), "Write the episode again.");
                    else if (entry.Shape.Skip(1).Any(extent => extent < 1))
                        throw Wrong(
                            key, "extents of at least 1", ArrayData.Text(entry.Shape), "Write the episode again.");
                    else if (entry.Kind == "string") throw Wrong(key, "numbers", "texts", "Leave the texts out.");
                return [
                    .. parts.Select(pair => Block(pair.Key == name ? "" : pair.Key[(name.Length + 1)..], pair.Value))
                    .Order(Comparer<ObservationBlock>.Create((a, b) => ObservationBlock.Compare(a.Name, b.Name)))];

                static ObservationBlock Block(string name, ArrayEntry entry) =>
                    new(name, entry.Kind, [.. entry.Shape.Skip(1)]);
            }

            InvalidDataException Wrong(string name, string expected, string got, string hint) =>
                new($"{file.Path}: '{group.Key}/{name}': expected {expected}, got {got}. {hint}");
        }
        if (episodes.Count == 0)
            throw new InvalidDataException($"{file.Path}: expected episodes with steps, got none.");
        for (var i = 0; i < episodes.Count - 1; i++)
            if (Unflagged(file, episodes[i])) episodes[i] = episodes[i] with { IsOpen = true };
        return (episodes.ToImmutable(), blocks, action!, [.. others]);
    }

    static bool Unflagged(Hdf5File file, MinariEpisode episode) =>
        ((string[])["terminations", "truncations"]).All(name =>
            !file.Read($"{episode.Group}/{name}", episode.Length - 1, 1).Flags(file.Path)[0]);

    /// <summary>Whether actions are discrete.</summary>
    internal static bool IsChoice(ObservationBlock action) => action.Kind.StartsWith("int", StringComparison.Ordinal)
        || action.Kind.StartsWith("uint", StringComparison.Ordinal);

    static int Order(string group) =>
        int.TryParse(group.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : throw new InvalidDataException($"'{group}': expected a group named episode_ and a number.");
}
