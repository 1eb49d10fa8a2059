using System.Collections.Immutable;
using System.IO.Compression;

namespace Iql.Data.Files.Arrays;

/// <summary>NumPy's .npz: a zip of .npy arrays. Reads files of np.savez and np.savez_compressed; writes uncompressed
/// with a fixed date, so the same arrays give the same bytes.</summary>
public sealed class NpzFile : IArrayFile
{
    readonly ZipArchive zip;
    readonly Dictionary<string, Reader> open = [];

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="InvalidDataException">No zip file, or a truncated one.</exception>
    public NpzFile(string path)
    {
        Path = path;
        try { zip = ZipFile.OpenRead(path); }
        catch (InvalidDataException)
        {
            throw new InvalidDataException($"{path}: expected an .npz file (a zip of arrays), got something else " +
                "or a truncated copy. Copy or write it again.");
        }
        try
        {
            Entries = [.. zip.Entries.Where(IsArray).Select(entry => InFile(() =>
            {
                using var stream = entry.Open();
                var header = NpyFormat.ReadHeader(stream, NameOf(entry));
                return new ArrayEntry(NameOf(entry), KindOf(header.Descr), header.Shape);
            })).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch { zip.Dispose(); throw; }
    }

    public string Path { get; }
    public string Kind => "npz";
    public ImmutableArray<ArrayEntry> Entries { get; }

    public ArrayData Read(string name) => InFile(() =>
    {
        using var stream = new BufferedStream(Find(name).Open(), 1 << 16);
        return NpyFormat.ReadValues(stream, NpyFormat.ReadHeader(stream, name), name);
    });

    public ArrayData Read(string name, long first, int count) => InFile(() =>
    {
        if (!open.TryGetValue(name, out var reader) || reader.Row > first)
        {
            reader?.Dispose();
            open[name] = reader = new(Find(name), name);
        }
        return reader.Read(first, count);
    });

    ZipArchiveEntry Find(string name) => zip.GetEntry(name + ".npy") ?? throw new InvalidDataException(
        $"'{name}': expected one of {string.Join(", ", Entries.Select(e => e.Name))}; there is no such array.");

    /// <summary>An array read in pieces.</summary>
    sealed class Reader : IDisposable
    {
        readonly Stream stream;
        readonly NpyFormat.Header header;
        readonly string name;

        internal Reader(ZipArchiveEntry entry, string name)
        {
            (this.name, stream) = (name, new BufferedStream(entry.Open(), 1 << 16));
            header = NpyFormat.ReadHeader(stream, name);
            if (header.FortranOrder && header.Shape.Length > 1) throw new InvalidDataException(
                $"'{name}': expected rows behind each other (C order) to read it in pieces, got Fortran order. " +
                "Save numpy.ascontiguousarray of it.");
        }

        /// <summary>The next row.</summary>
        internal long Row { get; private set; }

        internal ArrayData Read(long first, int count)
        {
            new ArrayEntry(name, header.Descr, header.Shape).RequireRows(first, count, "this file");
            for (; Row < first; Row += Math.Min(count, first - Row))
                Take((int)Math.Min(Math.Max(1, count), first - Row));
            var piece = Take(count);
            Row += count;
            return piece;
        }

        ArrayData Take(int count) =>
            NpyFormat.ReadValues(stream, header with { Shape = header.Shape.SetItem(0, count) }, name);

        public void Dispose() => stream.Dispose();
    }

    /// <summary>Writes arrays in order to a temporary file, then renames it.</summary>
    public static void Write(string path, IEnumerable<ArrayData> arrays) => AtomicFile.Write(path, temporary =>
    {
        using var zip = ZipFile.Open(temporary, ZipArchiveMode.Create);
        foreach (var array in arrays)
        {
            var entry = zip.CreateEntry(array.Name + ".npy", CompressionLevel.NoCompression);
            entry.LastWriteTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var stream = entry.Open();
            NpyFormat.Write(stream, array);
        }
    });

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        foreach (var reader in open.Values) reader.Dispose();
        zip.Dispose();
    }

    static bool IsArray(ZipArchiveEntry entry) => entry.FullName.EndsWith(".npy", StringComparison.Ordinal);
    static string NameOf(ZipArchiveEntry entry) => entry.FullName[..^".npy".Length];

    static string KindOf(string descr) => descr switch
    {
        "|b1" => "bool",
        [_, 'U' or 'S', ..] => "string",
        [_, 'f', .. var bytes] => $"float{8 * int.Parse(bytes)}",
        [_, 'i', .. var bytes] => $"int{8 * int.Parse(bytes)}",
        [_, 'u', .. var bytes] => $"uint{8 * int.Parse(bytes)}",
        _ => descr,
    };

    T InFile<T>(Func<T> read)
    {
        try { return read(); }
        catch (InvalidDataException failure) { throw new InvalidDataException($"{Path}: {failure.Message}", failure); }
    }
}
