using System.Collections.Immutable;
using System.Text;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;
using Iql.Data.Files.Layouts;
using Iql.Data.Files.Minari;
using Iql.Data.Rows;

namespace Iql.Data.Files;

/// <summary>Data sets on disk: D4RL's HDF5 layout, the same names in .npz, Minari's folders, and the layouts of
/// <see cref="Layout"/>.</summary>
public static class DatasetFile
{
    /// <summary>Reads a file's transitions.</summary>
    /// <param name="path">An HDF5 or .npz file, by its first bytes, or a Minari data set's folder or file.</param>
    /// <param name="timeLimit">The task's longest episode, for a file without time-outs.</param>
    /// <param name="actionCount">Number of discrete actions; null: from the file, or one more than the largest.</param>
    /// <exception cref="FileException">Another kind of file, a damaged one, wrong columns, NaN.</exception>
    public static Transitions Load(string path, DatasetMode mode, int? timeLimit = null, int? actionCount = null)
    {
        var raw = Read(path, actionCount);
        return RowSelection.Of(raw, mode, timeLimit).Of(raw);
    }

    /// <summary>Reads a file's columns unchanged.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static RawDataset Read(string path, int? actionCount = null)
    {
        using var file = Open(path);
        return RawDataset.Read(file, actionCount);
    }

    /// <summary>Opens an .npz or HDF5 file by its first bytes, or a Minari data set.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    /// <param name="unpackedLimit">Bytes that an .npz file may unpack to; null: 256 MB, or 100 times its own.</param>
    /// <param name="columns">The file's names by D4RL's, such as observations: obs; null: by its layout.</param>
    public static IArrayFile Open(string path, long? unpackedLimit = null,
        IReadOnlyDictionary<string, string>? columns = null) =>
        Reading.Of(path, "a data set file", () => Opened(path, unpackedLimit, columns));

    static IArrayFile Opened(string path, long? unpackedLimit, IReadOnlyDictionary<string, string>? columns)
    {
        if (MinariFile.Inside(path) is { } inside) path = inside;
        if (!File.Exists(path)) throw new FileNotFoundException(
            MinariFile.IsArrow(path) ? $"{path}: expected a Minari data set in HDF5, got one in Arrow or Parquet. " +
                "Let Minari write it with data_format=\"hdf5\"."
            : Directory.Exists(path) ? $"{path}: expected a data set file, got a folder that is no Minari data set " +
                "(none of data/main_data.hdf5, main_data.hdf5 in it). Name the .hdf5, .npz or .rows file in it."
            : $"{path}: expected a data set file (.hdf5, .npz or .rows) or a Minari data set's folder, " +
                "found none there.", path);
        var start = new byte[64];
        using (var stream = File.OpenRead(path))
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (start.AsSpan().StartsWith("PK"u8)) return Layout.Of(new NpzFile(path, unpackedLimit), columns);
        if (Hdf5Superblock.Fits(path)) return Layout.Of(new Hdf5File(path), columns);
        if (RowFileHeader.Fits(start)) throw new InvalidDataException(
            $"{path}: expected an HDF5 or .npz file, got a row file, which is mapped and not read. " +
            "Open it with RowFile, or give it to --data.");
        if (start.AsSpan().TrimStart(" \r\n"u8) is [(byte)'{', ..] && RllibLayout.Fits(path))
            return Layout.Of(RllibLayout.Of(path), columns);
        var text = Encoding.Latin1.GetString(start);
        throw new InvalidDataException(
            $"{path}: expected an HDF5, .npz or row file, got " + text.TrimStart().FirstOrDefault() switch
            {
                _ when start.Length == 0 => "an empty file. Copy it again.",
                _ when text.StartsWith("version https://git-lfs", StringComparison.Ordinal) =>
                    "a pointer of Git LFS. Fetch the file itself with git lfs pull.",
                '<' => "what looks like a web page. The download failed; fetch it again.",
                _ when start.All(letter => letter is >= 32 or (byte)'\t' or (byte)'\n' or (byte)'\r') =>
                    "text. Make a data set of a log first: iql data import --guess " +
                    $"{Path.GetFileName(path)} writes a schema to start from.",
                _ => "first bytes of another kind (" +
                    $"{Convert.ToHexString(start.AsSpan(0, Math.Min(8, start.Length)))}). " +
                    "Convert it to one of the three.",
            });
    }

    /// <summary>Writes transitions in D4RL's layout, with one text per metadata entry; discrete actions as integers,
    /// with their number. Strict mode reads the same transitions back, bit for bit.</summary>
    /// <param name="path">The file, ending in .hdf5, .h5 or .npz; written whole or not at all.</param>
    /// <param name="metadata">The origin of the data: name and text, stored as "metadata/name".</param>
    /// <param name="more">Further arrays, such as D4RL's "infos/qpos".</param>
    public static void Save(string path, Transitions transitions,
        IReadOnlyDictionary<string, string>? metadata = null, params ArrayData[] more)
    {
        var t = transitions;
        List<ArrayData> arrays =
        [
            new("observations", [t.Count, t.ObservationSize], Plain(t.Observations)),
            t.ActionSpace.IsDiscrete ? new("actions", [t.Count], Choices(t))
                : new("actions", [t.Count, t.ActionSize], Plain(t.Actions)),
            new("rewards", [t.Count], Plain(t.Rewards)),
            new("terminals", [t.Count], Plain(t.Terminals)),
            new("timeouts", [t.Count], Plain(t.Timeouts)),
            new("next_observations", [t.Count, t.ObservationSize], Plain(t.NextObservations)),
        ];
        arrays.AddRange(more);
        if (t.ActionSpace.IsDiscrete) arrays.Add(new(ColumnShapes.ActionCount, [], new long[] { t.ActionSize }));
        var texts = DataColumns.Beside(metadata, t.Columns);
        foreach (var name in texts.Keys.Order(StringComparer.Ordinal))
            arrays.Add(ArrayData.Of("metadata/" + name, texts[name]));
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".hdf5" or ".h5": Hdf5Writer.Write(path, arrays); break;
            case ".npz": NpzFile.Write(path, arrays); break;
            case var other:
                throw new InputException(
                    $"path: expected a name ending in .hdf5, .h5 or .npz, got '{other}' in {path}.");
        }

        static long[] Choices(Transitions t) =>
            [.. Enumerable.Range(0, t.Count).Select(row => (long)ActionSpace.Choice(t.Action(row)))];
        static T[] Plain<T>(ImmutableArray<T> column) =>
            System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsArray(column)!;
    }
}
