using System.Collections.Immutable;
using System.IO.Compression;
using static Iql.Invariant;

namespace Iql.Data.Files.Arrays;

/// <summary>NumPy's .npz: a zip of .npy arrays. Reads files of np.savez and np.savez_compressed; writes uncompressed
/// with a fixed date, so the same arrays give the same bytes.</summary>
public sealed class NpzFile : IArrayFile
{
    /// <summary>Without an option, a file may unpack to so many bytes, or to <see cref="UsualRatio"/> times its
    /// own.</summary>
    const long UsualBytes = 1L << 28;
    const int UsualRatio = 100;
    /// <summary>The best ratio of deflate is 1032.</summary>
    const int MostCompression = 1100, Slack = 1 << 10;

    readonly ZipArchive zip;
    readonly Dictionary<string, Reader> open = [];
    readonly HashSet<string> verified = [];

    /// <summary>Opens a file for reading.</summary>
    /// <param name="unpackedLimit">Bytes that it may unpack to; null: 256 MB, or 100 times the file's own.</param>
    /// <exception cref="FileException">No zip file, a truncated one, or one that unpacks to more.</exception>
    public NpzFile(string path, long? unpackedLimit = null)
    {
        Path = path;
        try { zip = Reading.Of(path, "an .npz file", () => ZipFile.OpenRead(path)); }
        catch (FileException failure) when (failure.InnerException is InvalidDataException)
        {
            throw new FileException($"{path}: expected an .npz file (a zip of arrays), got something else " +
                "or a truncated copy. Copy or write it again.");
        }
        try { Entries = InFile(() => List(unpackedLimit)); }
        catch { zip.Dispose(); throw; }
    }

    ImmutableArray<ArrayEntry> List(long? unpackedLimit)
    {
        using var handle = File.OpenHandle(Path);
        var packed = RandomAccess.GetLength(handle); // FileInfo has that of a link, not of its file
        var unpacked = zip.Entries.Sum(entry => (double)entry.Length);
        if (unpacked > (unpackedLimit ?? Math.Max(UsualBytes, UsualRatio * packed))) throw new InvalidDataException(Say(
            $"expected contents of at most {unpackedLimit ?? Math.Max(UsualBytes, UsualRatio * packed):N0} bytes, " +
            $"got a file of {packed:N0} bytes that unpacks to {unpacked:N0}. ") +
            "If it is yours, raise the limit: --unpacked-limit BYTES of iql data inspect, pack and convert.");
        var names = new HashSet<string>();
        return [.. zip.Entries.Where(IsArray).Select(entry =>
        {
            var name = NameOf(entry);
            if (!names.Add(name)) throw new InvalidDataException(
                $"expected arrays of different names, got '{name}' twice. Save them again.");
            // A claimed length must be within what its packed bytes can hold.
            if (entry.CompressedLength > packed
                || entry.Length > (double)MostCompression * entry.CompressedLength + Slack)
                throw new InvalidDataException(Say(
                    $"'{name}': expected a length that {entry.CompressedLength:N0} packed bytes can hold, ") +
                    Say($"got {entry.Length:N0} bytes. Copy or write the file again."));
            using var stream = entry.Open();
            var header = NpyFormat.ReadHeader(stream, name);
            return new ArrayEntry(name, header.Kind, header.Shape);
        }).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    public string Path { get; }
    public string Kind => "npz";
    public ImmutableArray<ArrayEntry> Entries { get; }

    public ArrayData Read(string name) => InFile(() =>
    {
        using var reader = new Reader(this, name);
        return reader.Whole();
    });

    public ArrayData Read(string name, long first, int count) => InFile(() =>
    {
        if (!open.TryGetValue(name, out var reader) || !reader.Reaches(first))
        {
            reader?.Dispose();
            open[name] = reader = new(this, name);
            reader.RequireRows();
        }
        return reader.Read(first, count);
    });

    ZipArchiveEntry Find(string name) => zip.GetEntry(name + ".npy") ?? throw new InvalidDataException(
        $"'{name}': expected one of {string.Join(", ", Entries.Select(e => e.Name))}; there is no such array.");

    /// <summary>Reads the arrays that were not read to their end, for their checksums.</summary>
    /// <exception cref="FileException">The numbers of one are damaged.</exception>
    void IArrayFile.Verify()
    {
        foreach (var entry in Entries)
            if (!verified.Contains(entry.Name)) InFile(() =>
            {
                using var reader = new Reader(this, entry.Name);
                reader.Skip();
                return true;
            });
    }

    /// <summary>An array, from its start on. At its end its CRC-32 is compared.</summary>
    sealed class Reader : IDisposable
    {
        readonly NpzFile file;
        readonly ZipArchiveEntry entry;
        readonly Crc32Stream sum;
        readonly BufferedStream stream;
        readonly NpyFormat.Header header;
        readonly string name;

        internal Reader(NpzFile file, string name)
        {
            (this.file, this.name, entry) = (file, name, file.Find(name));
            sum = new(entry.Open());
            stream = new(sum, 1 << 16);
            header = NpyFormat.ReadHeader(stream, name);
            header.RequireBytes(name, entry.Length);
        }

        internal void RequireRows()
        {
            if (header.FortranOrder && header.Shape.Length > 1) throw new InvalidDataException(
                $"'{name}': expected rows behind each other (C order) to read it in pieces, got Fortran order. " +
                "Save numpy.ascontiguousarray of it.");
        }

        /// <summary>The next row.</summary>
        long row;
        /// <summary>The rows before it: next observations may be those of the array one row on.</summary>
        ArrayData? before;

        internal bool Reaches(long first) => first >= row - (before?.Shape[0] ?? 0);

        internal ArrayData Whole()
        {
            var whole = NpyFormat.ReadValues(stream, header, name);
            Compare();
            return whole;
        }

        internal ArrayData Read(long first, int count)
        {
            new ArrayEntry(name, header.Kind, header.Shape).RequireRows(first, count, "this file");
            var again = (int)Math.Min(count, Math.Max(0, row - first));
            while (row < first) Take((int)Math.Min(Math.Max(1, count), first - row));
            var piece = again == 0 ? Take(count) : Joined(first, again, Take(count - again));
            if (first + count == row) before = piece;
            if (row == header.Shape[0] && count > again) Compare();
            return piece;
        }

        ArrayData Joined(long first, int again, ArrayData more)
        {
            var width = (int)ArrayData.Count(header.Shape.Skip(1));
            var values = Array.CreateInstance(
                more.Values.GetType().GetElementType()!, again * width + more.Values.Length);
            var start = row - more.Shape[0] - before!.Shape[0];
            Array.Copy(before.Values, (first - start) * width, values, 0, again * width);
            more.Values.CopyTo(values, again * width);
            return new(name, header.Shape.SetItem(0, again + more.Shape[0]), values);
        }

        internal void Skip()
        {
            stream.CopyTo(Stream.Null);
            Compare();
        }

        void Compare()
        {
            if (stream.ReadByte() >= 0 || sum.Count != entry.Length || sum.Crc != entry.Crc32)
                throw new InvalidDataException($"'{name}': expected the checksum {entry.Crc32:x8} (CRC-32), " +
                    $"got {sum.Crc:x8}. The file is damaged; copy or write it again.");
            file.verified.Add(name);
        }

        ArrayData Take(int count)
        {
            row += count;
            return NpyFormat.ReadValues(stream, header with { Shape = header.Shape.SetItem(0, count) }, name);
        }

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

    T InFile<T>(Func<T> read) => Reading.Of(Path, "an .npz file", read);
}
