using System.Collections.Immutable;
using System.IO.MemoryMappedFiles;

namespace Iql.Data.Rows;

/// <summary>Transitions in a file that is mapped into memory, for data sets beyond memory. Batches are the same to the
/// bit as those of transitions in memory; opening takes milliseconds, whatever the size, and checks all but the
/// rows.</summary>
/// <remarks>A cut file or a failing disk ends the process. docs/large-datasets.md has the format and costs.</remarks>
public sealed class RowFile : IDataset
{
    readonly RowFileDescription description;
    readonly RowFileHeader header;

    /// <summary>Opens a row file.</summary>
    /// <param name="path">A file of <see cref="RowFileWriter"/> or <c>iql data pack</c>.</param>
    /// <param name="readAhead">Whether to request rows of coming steps; the batches are the same either way.</param>
    /// <exception cref="FileException">Another kind of file or version, a damaged file.</exception>
    public RowFile(string path, bool readAhead = true)
    {
        if (!File.Exists(path)) throw new FileException(new FileNotFoundException(
            $"{path}: expected a row file, found {(Directory.Exists(path) ? "a folder" : "none there")}."));
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException($"{path}: row files are little-endian, this machine is not.");
        Path = path;
        (description, header, Table) = Reading.Of(path, "a row file", () => Map(path, readAhead));
        Columns = Reading.Of(
            path, "names of its columns", () => DataColumns.Of(Metadata)?.Fitting(ObservationSize, ActionSpace));
    }

    static (RowFileDescription, RowFileHeader, RowTable) Map(string path, bool readAhead)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var header = RowFileHeader.Read(path, stream);
        var description = RowFileDescription.Read(path, stream, header);
        using var mapped = MemoryMappedFile.CreateFromFile(
            stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        var view = mapped.CreateViewAccessor(0, header.DescriptionOffset, MemoryMappedFileAccess.Read);
        return (description, header, new(view, RowFileHeader.Page, header.Count, header.Layout, readAhead));
    }

    RowFile(RowFile raw, Normalization normalization) =>
        (description, header, Path, Table, Columns, Normalization) =
            (raw.description, raw.header, raw.Path, raw.Table, raw.Columns, normalization);

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"RowFile {Path}: {Count} rows, {ActionSpace.Beside(ObservationSize)}");

    /// <summary>Its path.</summary>
    public string Path { get; }
    public string Name => description.Name;
    public long Count => Table.Count;
    public int ObservationSize => Table.Layout.ObservationSize;
    public ActionSpace ActionSpace => new(description.ActionKind, Table.Layout.ActionSize);
    /// <summary>A.</summary>
    public int ActionSize => Table.Layout.ActionSize;
    public string Fingerprint => description.Fingerprint;
    public DatasetStatistics Statistics => description.Statistics;
    /// <summary>The origin of the data, by name.</summary>
    public ImmutableSortedDictionary<string, string> Metadata => description.Metadata;
    public DataColumns? Columns { get; }
    /// <summary>Applied to the numbers when a batch is filled.</summary>
    public Normalization Normalization { get; } = Normalization.None;

    internal RowTable Table { get; }
    RowTable IDataset.Table => Table;
    Normalization IDataset.Pending => Normalization;

    /// <summary>Whether a file begins as a row file does; false when there is none.</summary>
    public static bool IsRowFile(string path)
    {
        if (!File.Exists(path)) return false;
        using var stream = File.OpenRead(path);
        var start = new byte[RowFileHeader.Magic.Length];
        return RowFileHeader.Fits(start.AsSpan(0, stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)));
    }

    /// <summary>Compares all rows with the fingerprint: reads the whole file, some GB in a few seconds.</summary>
    /// <exception cref="FileException">The file is damaged.</exception>
    public void Verify() => RowFileCheck.Run(Path, header, Fingerprint);

    /// <summary>The same, but a large file is read only if it changed since it was verified for this user.</summary>
    /// <exception cref="FileException">The file is damaged.</exception>
    public void VerifyOnce() => RowFileCheck.RunOnce(Path, header, Fingerprint, RowFileCheck.Memory);

    public IDataset Normalized(Normalization normalization)
    {
        Check.That(ReferenceEquals(Normalization, Normalization.None),
            Path, "raw rows to normalise", "rows that are normalised already");
        return new RowFile(this, normalization);
    }

    /// <summary>Consecutive rows, raw, as transitions in memory.</summary>
    /// <param name="first">First row, in [0, N).</param>
    /// <param name="count">Maximum number of rows, at least 1.</param>
    public Transitions Rows(long first, int count)
    {
        Check.That(first >= 0 && first < Count, nameof(first), $"a row below {Count}", first);
        Check.AtLeast(count, 1, nameof(count));
        return Gather((int)Math.Min(count, Count - first), i => first + i);
    }

    public Transitions Sample(int most)
    {
        Check.AtLeast(most, 1, nameof(most));
        if (Count <= most) return Rows(0, most);
        var seed = Seed.Named("rows to look at");
        return Gather(most, i =>
        {
            // i · N overflows nothing: N is below 2⁵⁸, and i · (N / most) is below N.
            var (whole, rest) = (Count / most, Count % most);
            var start = i * whole + i * rest / most;
            return start + seed.Below((ulong)i, (i + 1) * whole + (i + 1) * rest / most - start);
        });
    }

    unsafe Transitions Gather(int count, Func<long, long> rowOf)
    {
        var (s, a, layout) = (ObservationSize, ActionSize, Table.Layout);
        float[] observations = new float[(long)count * s], next = new float[(long)count * s];
        float[] actions = new float[(long)count * a], rewards = new float[count];
        bool[] terminals = new bool[count], timeouts = new bool[count];
        if (Table.Paging)
            for (var i = 0; i < count; i++) MemoryAdvice.Soon(Table.Row(rowOf(i)), layout.Bytes);
        for (var i = 0; i < count; i++)
        {
            var row = new ReadOnlySpan<float>(Table.Row(rowOf(i)), layout.Stride);
            row[..s].CopyTo(observations.AsSpan(i * s));
            row.Slice(layout.Actions, a).CopyTo(actions.AsSpan(i * a));
            row.Slice(layout.NextObservations, s).CopyTo(next.AsSpan(i * s));
            (rewards[i], terminals[i]) = (row[layout.Reward], row[layout.Terminal] != 0);
            timeouts[i] = row[layout.Timeout] != 0;
        }
        GC.KeepAlive(Table);
        return Reading.Of(Path, "rows of finite numbers", () => new Transitions(
            Name, s, a, observations, actions, rewards, terminals, timeouts, next, ActionSpace.Kind)
        { Columns = Columns });
    }
}
