using System.Collections.Immutable;
using System.Text;
using Iql.Data.Files.Arrays;
using static Iql.Data.Files.Hdf5.Hdf5Library;

namespace Iql.Data.Files.Hdf5;

/// <summary>An HDF5 file open for reading: numbers, flags (h5py's bool is an enumeration of int8) and texts of any
/// shape, in any group. Other kinds are listed and cannot be read.</summary>
public sealed class Hdf5File : IArrayFile
{
    /// <summary>Names for the kinds of H5Tget_class.</summary>
    static readonly ImmutableArray<string> Classes =
    [
        "integer", "float", "time", "string", "bitfield", "opaque", "compound", "reference", "enumeration", "list",
        "array",
    ];

    const int GroupId = 2, DatasetId = 5;
    readonly Dictionary<string, ArrayEntry> named = [];
    long file = -1;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">No HDF5 file, or a truncated one.</exception>
    public Hdf5File(string path)
    {
        Path = path;
        lock (Gate)
        {
            Ready();
            const uint readOnly = 0;
            using var access = FileAccess(path);
            file = H5Fopen(path, readOnly, access.Value);
            if (file < 0) throw new InvalidDataException(
                $"{path}: expected an HDF5 file, got {new FileInfo(path).Length} bytes that the library cannot open. " +
                "It is most likely truncated; copy it again.");
            var entries = ImmutableArray.CreateBuilder<ArrayEntry>();
            try { List(file, "", 0, entries); }
            catch { Dispose(); throw; }
            entries.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
            Entries = entries.ToImmutable();
            named = Entries.ToDictionary(entry => entry.Name);
        }
    }

    /// <summary>Whether this machine has an HDF5 library.</summary>
    public static bool IsAvailable => Present;
    public string Path { get; }
    public string Kind => "hdf5";
    public ImmutableArray<ArrayEntry> Entries { get; }

    public ArrayData Read(string name)
    {
        var entry = Find(name);
        lock (Gate)
        {
            Ready();
            using var dataset = new Hdf5Id(H5Oopen(file, name, 0), Damaged(name));
            return Read(dataset.Value, entry);
        }
    }

    public ArrayData Read(string name, long first, int count)
    {
        var (entry, damaged) = (Find(name), Damaged(name));
        entry.RequireRows(first, count, Path);
        lock (Gate)
        {
            Ready();
            using var dataset = new Hdf5Id(H5Oopen(file, name, 0), damaged);
            using var rows = new Hdf5Id(H5Dget_space(dataset.Value), damaged);
            ulong[] start = new ulong[entry.Shape.Length], extents = [.. entry.Shape.Select(extent => (ulong)extent)];
            (start[0], extents[0]) = ((ulong)first, (ulong)count);
            const int set = 0;
            if (H5Sselect_hyperslab(rows.Value, set, start, 0, extents, 0) < 0)
                throw new InvalidDataException(damaged);
            using var memory = new Hdf5Id(H5Screate_simple(extents.Length, extents, 0), damaged);
            return Read(dataset.Value, entry with { Shape = entry.Shape.SetItem(0, count) }, memory.Value, rows.Value);
        }
    }

    /// <param name="memory">The arrangement in memory, 0 for the whole array's.</param>
    /// <param name="selection">The selection in the file, 0 for all; texts come whole.</param>
    ArrayData Read(long dataset, ArrayEntry entry, long memory = 0, long selection = 0)
    {
        var damaged = Damaged(entry.Name);
        using var type = new Hdf5Id(H5Dget_type(dataset), damaged);
        var values = selection != 0 && entry.Kind == "string" ? null
            : Hdf5Values.Read(type.Value, ArrayData.Count(entry.Shape), damaged, (memoryType, ref numbers) =>
                H5Dread(dataset, memoryType, memory, selection, 0, ref numbers));
        return values != null ? new(entry.Name, entry.Shape, values) : throw new InvalidDataException(
            $"{Path}: '{entry.Name}': expected numbers{(selection == 0 ? ", flags or texts" : " or flags")}, " +
            $"got the HDF5 kind {entry.Kind}.");
    }

    ArrayEntry Find(string name)
    {
        ObjectDisposedException.ThrowIf(file < 0, this);
        return named.GetValueOrDefault(name) ?? throw new InvalidDataException(
            $"{Path}: '{name}': expected one of {string.Join(", ", Entries.Select(e => e.Name))}; " +
            "there is no such data set.");
    }

    /// <summary>The attributes of a group ("/": the file) or data set that are numbers, flags or texts.</summary>
    public ImmutableSortedDictionary<string, ArrayData> Attributes(string name)
    {
        ObjectDisposedException.ThrowIf(file < 0, this);
        lock (Gate)
        {
            Ready();
            using var item = new Hdf5Id(H5Oopen(file, name, 0), Damaged(name));
            return Hdf5Values.Attributes(item.Value);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (file >= 0) H5Idec_ref(file);
            file = -1;
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes a forgotten file.</summary>
    ~Hdf5File() => Dispose();

    void List(long group, string prefix, int depth, ImmutableArray<ArrayEntry>.Builder entries)
    {
        // A file may link a group into itself; D4RL's go three deep.
        const int deepest = 16;
        if (depth > deepest) return;
        Span<ulong> info = stackalloc ulong[4];
        if (H5Gget_info(group, info) < 0) throw new InvalidDataException(Damaged(prefix));
        for (var i = 0UL; i < info[1]; i++)
        {
            var name = prefix + LinkName(group, i, prefix);
            // A soft link may point nowhere.
            var opened = H5Oopen(file, name, 0);
            if (opened < 0) continue;
            using var item = new Hdf5Id(opened, name);
            switch (H5Iget_type(item.Value))
            {
                case GroupId: List(item.Value, name + "/", depth + 1, entries); break;
                case DatasetId: entries.Add(Describe(item.Value, name)); break;
            }
        }
    }

    string LinkName(long group, ulong index, string prefix)
    {
        const int byName = 0, increasing = 0;
        var size = H5Lget_name_by_idx(group, ".", byName, increasing, index, default, 0, 0);
        if (size < 0) throw new InvalidDataException(Damaged(prefix));
        var name = new byte[size + 1];
        H5Lget_name_by_idx(group, ".", byName, increasing, index, name, (nuint)name.Length, 0);
        return Encoding.UTF8.GetString(name.AsSpan(0, (int)size));
    }

    ArrayEntry Describe(long dataset, string name)
    {
        using var type = new Hdf5Id(H5Dget_type(dataset), Damaged(name));
        using var space = new Hdf5Id(H5Dget_space(dataset), Damaged(name));
        const int unsigned = 0;
        var bits = 8 * (int)H5Tget_size(type.Value);
        var kind = H5Tget_class(type.Value) switch
        {
            Hdf5Values.FloatClass => $"float{bits}",
            Hdf5Values.IntegerClass => H5Tget_sign(type.Value) == unsigned ? $"uint{bits}" : $"int{bits}",
            Hdf5Values.EnumerationClass when bits == 8 => "bool",
            var other and >= 0 when other < Classes.Length => Classes[other],
            _ => "unknown",
        };
        return new(name, kind, Hdf5Values.Extents(space.Value) ?? [0]);
    }

    string Damaged(string name) =>
        $"{Path}: '{name}' cannot be read: expected whole HDF5 contents, got damaged ones (or a compression this " +
        "library lacks). Copy the file again.";
}
