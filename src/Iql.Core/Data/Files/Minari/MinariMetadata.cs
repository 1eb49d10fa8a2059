using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;

namespace Iql.Data.Files.Minari;

/// <summary>A Minari data set's metadata as named values of the flat layout.</summary>
static class MinariMetadata
{
    /// <summary>metadata.json (older data sets: attributes of the file), one text an entry; seeds of resets; and the
    /// entries of <see cref="MinariNames"/> that the columns do not tell.</summary>
    internal static ImmutableSortedDictionary<string, ArrayData> Read(Hdf5File file,
        ImmutableArray<MinariEpisode> episodes, ImmutableArray<ObservationBlock> blocks, bool discrete,
        IReadOnlyList<ImmutableSortedDictionary<string, ArrayData>> attributes)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, ArrayData>(StringComparer.Ordinal);
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file.Path))!, MinariNames.MetadataFile);
        if (File.Exists(path)) FromJson(path, values);
        else
            foreach (var (name, value) in file.Attributes("/"))
                if (value.Values.Length == 1)
                    Add(ArrayData.Of(MinariNames.Metadata + name, JsonSerializer.Serialize(value.Values.GetValue(0))));
        if (discrete && !values.ContainsKey(ColumnShapes.ActionCount)
            && values.GetValueOrDefault(MinariNames.ActionSpace)?.Values is string[] space
            && MinariSpace.Choices(space[0]) is var (choices, _))
            Add(new(ColumnShapes.ActionCount, [], new[] { choices }));
        if (blocks is not [{ Name: "", Shape.Length: 1, Kind: "float32" or "float64" }])
            Add(ArrayData.Of(MinariNames.Blocks, ObservationBlock.Text(blocks)));
        var open = episodes.Index().Where(pair => pair.Item.IsOpen).Select(pair => (long)pair.Index).ToArray();
        if (open.Length > 0) Add(new(MinariNames.OpenEnds, [open.Length], open));
        if (episodes.Any(episode => FlaggedInside(file, episode)))
            Add(new(MinariNames.Lengths, [episodes.Length], episodes.Select(e => (long)e.Length).ToArray()));
        if (Seeds(attributes) is { } seeds) Add(new(MinariNames.Seeds, [seeds.Length], seeds));
        var options = attributes.Select(OptionsText).ToList();
        if (options.Any(text => text != null))
            Add(ArrayData.Of(MinariNames.Options, JsonSerializer.Serialize(options)));
        return values.ToImmutable();

        void Add(ArrayData value) => values[value.Name] = value;
    }

    static void FromJson(string path, ImmutableSortedDictionary<string, ArrayData>.Builder values) =>
        Reading.Of(path, "the metadata of a Minari data set, a JSON object", () =>
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Reading.Small(path)), Reading.Json);
            foreach (var property in json.RootElement.EnumerateObject())
                if (property.Name == MinariNames.Flat)
                    foreach (var own in property.Value.EnumerateObject()) values[own.Name] = Value(own);
                else values[MinariNames.Metadata + property.Name] = ArrayData.Of(
                    MinariNames.Metadata + property.Name, property.Value.GetRawText());
            return values;
        });

    /// <summary>A single value as <see cref="MinariWriter"/> wrote it.</summary>
    static ArrayData Value(JsonProperty own)
    {
        var text = own.Value.GetProperty("value").GetString()!;
        return new(own.Name, [], own.Value.GetProperty("kind").GetString() switch
        {
            "float32" => new[] { float.Parse(text, CultureInfo.InvariantCulture) },
            "float64" => new[] { double.Parse(text, CultureInfo.InvariantCulture) },
            "int64" => new[] { long.Parse(text, CultureInfo.InvariantCulture) },
            "bool" => new[] { bool.Parse(text) },
            _ => new[] { text },
        });
    }

    /// <summary>Whether a flag inside an episode would cut it in two.</summary>
    static bool FlaggedInside(Hdf5File file, MinariEpisode episode) =>
        ((string[])["terminations", "truncations"]).Any(name => episode.Length > 1
            && file.Read($"{episode.Group}/{name}", 0, episode.Length - 1).Flags(file.Path).Contains(true));

    /// <summary>An episode's options, if they are a text.</summary>
    static string? OptionsText(ImmutableSortedDictionary<string, ArrayData> episode) =>
        episode.GetValueOrDefault(MinariNames.OptionsAttribute)?.Values is string[] { Length: 1 } text ? text[0] : null;

    /// <summary>Whether an episode has options that are no text, which the flat layout cannot hold.</summary>
    internal static bool HasOddOptions(ImmutableSortedDictionary<string, ArrayData> episode) =>
        episode.ContainsKey(MinariNames.OptionsAttribute) && OptionsText(episode) == null;

    /// <summary>The seeds, if every episode has one.</summary>
    static long[]? Seeds(IReadOnlyList<ImmutableSortedDictionary<string, ArrayData>> attributes)
    {
        var seeds = new long[attributes.Count];
        for (var i = 0; i < seeds.Length; i++)
        {
            if (attributes[i].GetValueOrDefault("seed")?.Values is not long[] { Length: 1 } seed) return null;
            seeds[i] = seed[0];
        }
        return seeds;
    }
}
