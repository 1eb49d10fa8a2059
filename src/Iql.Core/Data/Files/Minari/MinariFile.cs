using System.Collections.Immutable;
using System.Globalization;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;

namespace Iql.Data.Files.Minari;

/// <summary>A Minari data set (HDF5, a group episode_0, episode_1, … for each episode) as flat columns of D4RL's
/// layout. The T + 1 observations of an episode become T observations and T next observations; terminations are
/// terminals, truncations time-outs. Dictionary observations are flattened (<see cref="ObservationBlock"/>). An episode
/// before the last without a final flag counts as timed out at its last row.</summary>
/// <remarks>Source: Minari's documentation, "Dataset structure", with both its forms of metadata.</remarks>
public sealed class MinariFile : IArrayFile
{
    readonly Hdf5File inner;
    readonly ImmutableArray<MinariEpisode> episodes;
    readonly ImmutableSortedDictionary<string, ArrayData> metadata;
    readonly ObservationBlock action;
    readonly long rows;
    /// <summary>Minari's number of the first discrete action, which is 0 among the columns.</summary>
    readonly long start;

    /// <summary>Takes over an open HDF5 file.</summary>
    /// <exception cref="FileException">An episode lacks an array, or has another one than the first.</exception>
    public MinariFile(Hdf5File file)
    {
        inner = file;
        try
        {
            (episodes, Blocks, action, Others) = MinariEpisode.All(file);
            rows = episodes[^1].Start + episodes[^1].Length;
            var attributes = episodes.Select(episode => file.Attributes(episode.Group)).ToList();
            if (attributes.Any(MinariMetadata.HasOddOptions)) Others = Others.Add(MinariNames.OptionsAttribute);
            metadata = MinariMetadata.Read(file, episodes, Blocks, MinariEpisode.IsChoice(action), attributes);
            if (metadata.GetValueOrDefault(MinariNames.ActionSpace)?.Values is string[] space)
                start = MinariSpace.Choices(space[0])?.Start ?? 0;
            long size = Blocks.Sum(block => (long)block.Size);
            var kind = Blocks.All(block => block.IsSingle) ? "float32" : "float64";
            Entries =
            [
                MinariEpisode.IsChoice(action) ? new("actions", "int64", [rows])
                    : new("actions", action.IsSingle ? "float32" : "float64", [rows, action.Size]),
                .. metadata.Values.Select(value => new ArrayEntry(value.Name, value.Kind, value.Shape)),
                new("next_observations", kind, [rows, size]),
                new("observations", kind, [rows, size]),
                new("rewards", file.Entries.First(entry => entry.Name == episodes[0].Group + "/rewards").Kind, [rows]),
                new("terminals", "bool", [rows]),
                new("timeouts", "bool", [rows]),
            ];
        }
        catch { file.Dispose(); throw; }
    }

    /// <summary>Whether an open file is Minari's.</summary>
    public static bool Fits(IArrayFile file) =>
        file.Entries.Any(entry => entry.Name.StartsWith("episode_0/", StringComparison.Ordinal));

    /// <summary>The data file of a Minari data set's folder (or of data/ in it); null for another folder.</summary>
    public static string? Inside(string folder) =>
        ((string[])[System.IO.Path.Combine(folder, "data", MinariNames.File),
            System.IO.Path.Combine(folder, MinariNames.File)]).FirstOrDefault(File.Exists);

    /// <summary>Whether a folder has Minari's other formats: data/0/….arrow or .parquet.</summary>
    internal static bool IsArrow(string folder) =>
        ((string[])[System.IO.Path.Combine(folder, "data", "0"), System.IO.Path.Combine(folder, "0")])
        .Any(episode => Directory.Exists(episode) && Directory.EnumerateFiles(episode)
            .Any(file => System.IO.Path.GetExtension(file) is ".arrow" or ".parquet"));

    public string Path => inner.Path;
    public string Kind => "minari";

    /// <summary>The data set's folder: D4RL/door/human-v2/data/main_data.hdf5 is human-v2.</summary>
    public string Name
    {
        get
        {
            var folder = new FileInfo(Path).Directory!;
            var own = folder.Name == "data" && folder.Parent is { } above ? above.Name : folder.Name;
            return System.IO.Path.GetFileName(Path) == MinariNames.File && own != "" ? own
                : System.IO.Path.GetFileNameWithoutExtension(Path);
        }
    }

    public ImmutableArray<ArrayEntry> Entries { get; }
    /// <summary>The parts of an observation, in their order.</summary>
    public ImmutableArray<ObservationBlock> Blocks { get; }
    /// <summary>Steps of each episode.</summary>
    public IEnumerable<int> Lengths => episodes.Select(episode => episode.Length);
    /// <summary>Arrays without a place among the columns: "infos/qpos", or "episode_4", which has no steps.</summary>
    public ImmutableArray<string> Others { get; }

    public ArrayData Read(string name) =>
        metadata.TryGetValue(name, out var value) ? value : Read(name, 0, checked((int)rows));

    public ArrayData Read(string name, long first, int count) =>
        Reading.Of(Path, "a Minari data set", () => Column(name, first, count));

    ArrayData Column(string name, long first, int count)
    {
        var entry = Entries.FirstOrDefault(entry => entry.Name == name) ?? throw new InvalidDataException(
            $"{Path}: '{name}': expected one of {string.Join(", ", Entries.Select(e => e.Name))}; " +
            "there is no such column.");
        entry.RequireRows(first, count, Path);
        return name switch
        {
            "observations" => Matrix(name, Blocks, "observations", 0, first, count),
            "next_observations" => Matrix(name, Blocks, "observations", 1, first, count),
            "actions" when MinariEpisode.IsChoice(action) => new(name, [count],
                Column(name, first, count, piece => Array.ConvertAll((long[])piece.Values, choice => choice - start))),
            "actions" => Matrix(name, [action], "actions", 0, first, count),
            "rewards" => Matrix(name, [new("", entry.Kind, [])], "rewards", 0, first, count),
            "terminals" => new(name, [count], Flags("terminations", first, count)),
            "timeouts" => new(name, [count], Timeouts(first, count)),
            _ => throw new InvalidDataException(
                $"{Path}: '{name}': expected a column, got single values. Read it whole."),
        };
    }

    T[] Column<T>(string name, long first, int count, Func<ArrayData, T[]> values)
    {
        inner.RequireSize(Pieces(first, count).Select(piece => $"{piece.Episode.Group}/{name}"));
        var column = new T[count];
        foreach (var (episode, from, length, at) in Pieces(first, count))
            values(inner.Read($"{episode.Group}/{name}", from, length)).CopyTo(column, at);
        return column;
    }

    bool[] Flags(string name, long first, int count) => Column(name, first, count, piece => piece.Flags(Path));

    bool[] Timeouts(long first, int count)
    {
        var flags = Flags("truncations", first, count);
        foreach (var (episode, from, length, at) in Pieces(first, count))
            if (episode.IsOpen && from + length == episode.Length) flags[at + length - 1] = true;
        return flags;
    }

    ArrayData Matrix(
        string name, ImmutableArray<ObservationBlock> blocks, string group, int shift, long first, int count)
    {
        var width = blocks.Sum(block => block.Size);
        inner.RequireSize(from piece in Pieces(first, count)
                          from block in blocks
                          select $"{piece.Episode.Group}/{block.Under(group)}");
        Array numbers = blocks.All(block => block.IsSingle)
            ? new float[checked((long)count * width)] : new double[checked((long)count * width)];
        foreach (var (episode, from, length, at) in Pieces(first, count))
        {
            var column = 0;
            foreach (var block in blocks)
            {
                var piece = inner.Read($"{episode.Group}/{block.Under(group)}", from + shift, length);
                block.Place(piece, numbers, at, column, width, Path);
                column += block.Size;
            }
        }
        return new(name, group == "rewards" ? [count] : [count, width], numbers);
    }

    /// <summary>The parts of episodes in rows first … first + count − 1: first step, length, target row.</summary>
    IEnumerable<(MinariEpisode Episode, int From, int Length, int At)> Pieces(long first, int count)
    {
        var at = 0;
        for (var i = MinariEpisode.Holding(episodes, first); at < count; i++)
        {
            var from = (int)(first + at - episodes[i].Start);
            var length = Math.Min(count - at, episodes[i].Length - from);
            if (length > 0) yield return (episodes[i], from, length, at);
            at += length;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => inner.Dispose();

    /// <summary>"minari data set human-v2: 25 episodes"</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"minari data set {Name}: {episodes.Length} episodes");
}
