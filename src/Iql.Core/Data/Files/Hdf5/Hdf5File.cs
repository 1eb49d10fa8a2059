using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Iql.Data.Files.Arrays;
using PureHDF;
using PureHDF.Filters;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace Iql.Data.Files.Hdf5;

/// <summary>An HDF5 file open for reading: little-endian numbers, flags (h5py's bool), other enumerations as their
/// integers, and texts, of any shape and in any group. Other kinds are listed and cannot be read; so is what is in
/// other files (external storage, external links, virtual data sets).</summary>
public sealed class Hdf5File : IArrayFile
{
    const string ExternalStorage = "external storage", ExternalLink = "external link", VirtualSet = "virtual data set";
    const int PieceBytes = 1 << 22, Slack = 1 << 20;
    /// <summary>20,000 data sets in one group, as h5py writes them, take 9.5 times the file's length.</summary>
    const int MetadataTimes = 24;

    readonly Lock gate = new();
    readonly Hdf5Stream stream;
    readonly Hdf5Sizes sizes;
    readonly NativeFile file;
    readonly Dictionary<string, (NativeObject Item, ArrayEntry? Entry)> named = [];
    bool closed;

    static Hdf5File()
    {
        H5Filter.Register(new InflateFilter());
        H5Filter.Register(new LzfFilter());
        // Its third and fifth parameters are the number and the size of elements.
        H5Filter.Register(new BoundedFilter(
            new ScaleOffsetFilter(), parameters => (double)parameters[2] * parameters[4]));
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">No HDF5 file, or a truncated or damaged one.</exception>
    public Hdf5File(string path)
    {
        Path = path;
        stream = new(path);
        sizes = new(path, stream.Length);
        try
        {
            file = Whole("/", () => PureHdf.Alone(Hdf5Driver.Open(stream)));
            Whole("/", List);
        }
        catch
        {
            file?.Dispose();
            stream.Dispose();
            throw;
        }
        Entries = [.. named.Values.Select(item => item.Entry).OfType<ArrayEntry>()
            .OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }

    public string Path { get; }
    public string Kind => "hdf5";
    public ImmutableArray<ArrayEntry> Entries { get; }

    public ArrayData Read(string name)
    {
        var (set, entry) = Find(name);
        return Read(set, entry, entry.Shape, 0);
    }

    public ArrayData Read(string name, long first, int count)
    {
        var (set, entry) = Find(name);
        entry.RequireRows(first, count, Path);
        if (entry.Kind == "string") throw Unreadable(entry, "numbers or flags");
        return Read(set, entry, entry.Shape.SetItem(0, count), first);
    }

    ArrayData Read(NativeObject item, ArrayEntry entry, ImmutableArray<long> shape, long first)
    {
        if (item is not NativeDataset set || entry.Kind is ExternalStorage or ExternalLink or VirtualSet)
            throw Unreadable(entry, "numbers, flags or texts in this file");
        return Whole(entry.Name, () =>
        {
            ulong[] chunks = set.Layout.Class == H5DataLayoutClass.Chunked ? set.Layout.Chunks : [];
            var size = set.Type.Size;
            sizes.Require(set, entry);
            var (count, width) = (checked((int)ArrayData.Count(shape)), (int)ArrayData.Count(shape.Skip(1)));
            var end = first + shape.FirstOrDefault(1);
            var rows = Math.Max(1, PieceBytes / Math.Max(1, (long)width * size));
            // Whole chunks, so that each is unpacked once.
            if (chunks.Length > 0) rows = Math.Max(1, rows / (long)chunks[0]) * (long)chunks[0];
            var cache = new SimpleReadingChunkCache(1 << 16, (ulong)(4 * Math.Max(PieceBytes, rows * width * size)));
            var values = new Hdf5Values(set.Type, count, Pieces(), Bytes, () => set.Read<string[]>()).Read();
            return values == null ? throw Unreadable(entry, "numbers, flags or texts")
                : new ArrayData(entry.Name, shape, values);

            IEnumerable<(int, int)> Pieces()
            {
                for (long from = first, to; count > 0 && from < end; from = to)
                {
                    to = Math.Min(end, (from / rows + 1) * rows);
                    yield return ((int)((from - first) * width), (int)((to - from) * width));
                }
            }

            void Bytes(Span<byte> elements, int from)
            {
                ulong[] starts = new ulong[shape.Length], extents = [.. shape.Select(extent => (ulong)extent)];
                if (starts.Length > 0)
                    (starts[0], extents[0]) = ((ulong)(first + from / width), (ulong)(elements.Length / size / width));
                set.Read(new H5DatasetAccess(ChunkCache: cache), elements,
                    starts.Length > 0 ? new HyperslabSelection(starts.Length, starts, extents) : null);
            }
        });
    }

    /// <summary>The attributes of a group ("/": the file) or data set that are numbers, flags or texts.</summary>
    public ImmutableSortedDictionary<string, ArrayData> Attributes(string name) => Whole(name, () =>
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, ArrayData>(StringComparer.Ordinal);
        var item = named.TryGetValue(name, out var known) ? known.Item : throw Missing(name);
        foreach (var attribute in item.Attributes().Cast<NativeAttribute>())
        {
            if (attribute.Space.Type == H5DataspaceType.Null) continue;
            var (type, shape) = (attribute.Type, Shape(attribute.Space));
            sizes.Require(attribute.Name, type.Size, shape);
            var count = (int)ArrayData.Count(shape);
            var values = new Hdf5Values(type, count, [(0, count)], Bytes, () => attribute.Read<string[]>()).Read();
            if (values != null) found[attribute.Name] = new(attribute.Name, shape, values);

            void Bytes(Span<byte> elements, int first)
            {
                if (type.Size == 1) attribute.Read(elements);
                else if (type.Size == 2) attribute.Read(MemoryMarshal.Cast<byte, short>(elements));
                else if (type.Size == 4) attribute.Read(MemoryMarshal.Cast<byte, int>(elements));
                else attribute.Read(MemoryMarshal.Cast<byte, long>(elements));
            }
        }
        return found.ToImmutable();
    });

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            // PureHDF keeps what it knows of a file until then.
            file.Dispose();
            stream.Dispose();
        }
    }

    /// <summary>Lists groups level by level, each once, since links may lead in circles.</summary>
    bool List()
    {
        var visited = new HashSet<ulong>();
        var groups = new Queue<(string Name, NativeGroup Group)>([("/", file)]);
        while (groups.TryDequeue(out var next))
        {
            if (!visited.Add(PureHdf.Address(next.Group))) continue;
            named[next.Name] = (next.Group, null);
            foreach (var child in next.Group.Children().Cast<NativeObject>())
            {
                var name = next.Name == "/" ? child.Name : $"{next.Name}/{child.Name}";
                if (child is IH5UnresolvedLink link)
                {
                    if (PureHdf.IsElsewhere(link)) named[name] = (child, new(name, ExternalLink, [0]));
                }
                else if (child is NativeDataset set) named[name] = (set, Describe(set, name));
                else if (child is NativeGroup group) groups.Enqueue((name, group));
            }
        }
        return true;
    }

    static ArrayEntry Describe(NativeDataset set, string name) => new(name, PureHdf.IsExternal(set) ? ExternalStorage
        : set.Layout.Class == H5DataLayoutClass.VirtualStorage ? VirtualSet : Hdf5Values.KindOf(set.Type),
        Shape(set.Space));

    static ImmutableArray<long> Shape(IH5Dataspace space) => space.Type == H5DataspaceType.Null ? [0]
        : [.. space.Dimensions.Select(extent => checked((long)extent))];

    (NativeObject Set, ArrayEntry Entry) Find(string name) =>
        named.GetValueOrDefault(name) is (var set, { } entry) ? (set, entry) : throw Missing(name);

    FileException Missing(string name) => new($"{Path}: '{name}': " +
        $"expected one of {string.Join(", ", Entries.Select(e => e.Name))}; there is no such data set.");

    FileException Unreadable(ArrayEntry entry, string expected) => new(
        $"{Path}: '{entry.Name}': expected {expected}, got the HDF5 kind {entry.Kind}. " + entry.Kind switch
        {
            _ when entry.Kind.StartsWith("big-endian", StringComparison.Ordinal) =>
                "Save it little-endian: numpy's astype(dtype.newbyteorder('<')).",
            ExternalStorage or ExternalLink or VirtualSet => "Copy the numbers into this file.",
            _ => "Leave it out, or save it as numbers.",
        });

    /// <summary>Refuses several data sets that no file of this length can hold together.</summary>
    internal void RequireSize(IEnumerable<string> names) => Whole("/", () =>
    {
        sizes.Require(names.Select(Find).Where(found => found.Set is NativeDataset)
            .Select(found => ((NativeDataset)found.Set, found.Entry)));
        return true;
    });

    /// <summary>Runs PureHDF, whose many exceptions become one, with a bound on the metadata it may read.</summary>
    T Whole<T>(string name, Func<T> read)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            stream.Allow(Slack + MetadataTimes * stream.Length);
            return Reading.Of(Path, "whole HDF5 contents of a known compression", read, () => $": '{name}'");
        }
    }
}
