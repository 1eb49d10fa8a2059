using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;

namespace Iql.Data.Files.Minari;

/// <summary>Writes a Minari data set: data/main_data.hdf5, one group an episode, and data/metadata.json.</summary>
static class MinariWriter
{
    /// <summary>Writes a temporary folder and renames it.</summary>
    /// <param name="defaults">Default entries of metadata.json, as JSON texts.</param>
    internal static void Write(string folder, FlatEpisodes flat, IReadOnlyDictionary<string, string> defaults) =>
        AtomicFile.WriteFolder(folder, temporary =>
        {
            var data = Path.Combine(temporary, "data");
            Directory.CreateDirectory(data);
            var file = Path.Combine(data, MinariNames.File);
            Hdf5Writer.Write(file, Enumerable.Range(0, flat.Episodes.Length).SelectMany(flat.Arrays), Attributes(flat));
            var id = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
            AtomicFile.Write(Path.Combine(data, MinariNames.MetadataFile), (Stream stream) =>
                Metadata(stream, flat, defaults, id, new FileInfo(file).Length));
        });

    static IEnumerable<(string, ArrayData)> Attributes(FlatEpisodes flat)
    {
        for (var i = 0; i < flat.Episodes.Length; i++)
        {
            yield return (FlatEpisodes.Group(i), new("id", [], new[] { (long)i }));
            yield return (FlatEpisodes.Group(i), new("total_steps", [], new[] { (long)flat.Episodes[i].Length }));
            if (flat.Seeds is { } seeds) yield return (FlatEpisodes.Group(i), new("seed", [], new[] { seeds[i] }));
            if (flat.Options?[i] is { } options)
                yield return (FlatEpisodes.Group(i), ArrayData.Of(MinariNames.OptionsAttribute, options));
        }
    }

    static void Metadata(
        Stream stream, FlatEpisodes flat, IReadOnlyDictionary<string, string> defaults, string id, long bytes)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["dataset_id"] = JsonSerializer.Serialize(id),
            ["minari_version"] = "\">=0.4\"",
            ["observation_space"] = JsonSerializer.Serialize(MinariSpace.Of(flat.Blocks)),
            ["action_space"] = JsonSerializer.Serialize(flat.ActionSpace),
            ["dataset_size"] = FormattableString.Invariant($"{bytes / 1e6:F1}"),
        };
        foreach (var (name, json) in defaults) entries[name] = json;
        foreach (var (name, json) in flat.MinariMetadata) entries[name] = json;
        entries["total_episodes"] = FormattableString.Invariant($"{flat.Episodes.Length}");
        entries["total_steps"] = FormattableString.Invariant($"{flat.Episodes.Sum(e => (long)e.Length)}");
        entries["data_format"] = "\"hdf5\"";
        using var writer = new Utf8JsonWriter(stream, new() { Indented = true });
        writer.WriteStartObject();
        foreach (var (name, json) in entries)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json);
        }
        if (flat.FlatMetadata.Count > 0)
        {
            writer.WriteStartObject(MinariNames.Flat);
            foreach (var value in flat.FlatMetadata)
            {
                writer.WriteStartObject(value.Name);
                writer.WriteString("kind", value.Kind);
                writer.WriteString("value", Convert.ToString(value.Values.GetValue(0), CultureInfo.InvariantCulture));
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }
}
