using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Iql.Data.Files.Arrays;
using static Iql.Data.Files.Hdf5.Hdf5Library;

namespace Iql.Data.Files.Hdf5;

/// <summary>An HDF5 file open for reading: numbers, flags (h5py's bool is an enumeration of int8) and texts of any
/// shape, in any group. Other kinds are listed and cannot be read.</summary>
public sealed class Hdf5File : IArrayFile
{
    /// <summary>Names for the kinds of H5Tget_class.</summary>
    static readonly ImmutableArray<string> Classes = [
        "integer",
        "float", "time", "string", "bitfield", "opaque", "compound", "reference", "enumeration", "list", "array",
    ];

    const int GroupId = 2, DatasetId = 5;
    const int IntegerClass = 0, FloatClass = 1, StringClass = 3, EnumerationClass = 8;
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
            try
            {
                List(file, "", 0, entries);
            }
            catch
            {
                Dispose();
                throw;
            }
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

    public ArrayData Read(string name, long first, int count)
    {
        var entry = Find(name);
        entry.RequireRows(first, count, Path);
        lock (Gate)
        {
            Ready();
            using var dataset = new Hdf5Id(H5Oopen(file, name, 0), Damaged(name));
            using var type = new Hdf5Id(H5Dget_type(dataset.Value), Damaged(name));
            using var rows = new Hdf5Id(H5Dget_space(dataset.Value), Damaged(name));
            ulong[] start = new ulong[entry.Shape.Length], extents = [.. entry.Shape.Select(extent => (ulong)extent)];
            (start[0], extents[0]) = ((ulong)first, (ulong)count);
            const int set = 0;
            if (H5Sselect_hyperslab(rows.Value, set, start, 0, extents, 0) < 0)
                throw new InvalidDataException(Damaged(name));
            using var memory = new Hdf5Id(H5Screate_simple(extents.Length, extents, 0), Damaged(name));
            var numbers = extents.Aggregate(1L, (product, extent) => checked(product * (long)extent));
            return new(name, entry.Shape.SetItem(0, count),
                Values(dataset.Value, type.Value, numbers, entry, memory.Value, rows.Value));
        }
    }

    ArrayEntry Find(string name)
    {
        ObjectDisposedException.ThrowIf(file < 0, this);
        return named.GetValueOrDefault(name) ?? throw new InvalidDataException(
            $"{Path}: '{name}': expected one of {string.Join(", ", Entries.Select(e => e.Name))}; " +
            "there is no such data set.");
    }

    public ArrayData Read(string name)
    {
        var entry = Find(name);
        lock (Gate)
        {
            Ready();
            using var dataset = new Hdf5Id(H5Oopen(file, name, 0), Damaged(name));
            using var type = new Hdf5Id(H5Dget_type(dataset.Value), Damaged(name));
            var count = entry.Shape.Aggregate(1L, (product, extent) => checked(product * extent));
            return new(name, entry.Shape, Values(dataset.Value, type.Value, count, entry));
        }
    }

    /// <summary>The attributes of a group ("/": the file) or data set that are numbers, flags or texts.</summary>
    public ImmutableSortedDictionary<string, ArrayData> Attributes(string name)
    {
        ObjectDisposedException.ThrowIf(file < 0, this);
        lock (Gate)
        {
            Ready();
            using var item = new Hdf5Id(H5Oopen(file, name, 0), Damaged(name));
            return Hdf5Attributes.Read(item.Value);
        }
    }

    /// <param name="memory">The arrangement in memory, 0 for the whole array's.</param>
    /// <param name="selection">The selection in the file, 0 for all; texts come whole.</param>
    Array Values(long dataset, long type, long count, ArrayEntry entry, long memory = 0, long selection = 0) =>
        (H5Tget_class(type), (int)H5Tget_size(type)) switch
        {
            (FloatClass, <= 4) =>
                Numbers<float>(dataset, Constant("H5T_NATIVE_FLOAT_g"), count, entry.Name, memory, selection),
            (FloatClass, _) =>
                Numbers<double>(dataset, Constant("H5T_NATIVE_DOUBLE_g"), count, entry.Name, memory, selection),
            (IntegerClass, _) =>
                Numbers<long>(dataset, Constant("H5T_NATIVE_INT64_g"), count, entry.Name, memory, selection),
            (EnumerationClass, 1) =>
                Array.ConvertAll(Numbers<byte>(dataset, type, count, entry.Name, memory, selection), flag => flag != 0),
            (StringClass, _) when selection == 0 && H5Tis_variable_str(type) > 0 =>
                VariableTexts(dataset, type, count, entry.Name),
            (StringClass, var size) when selection == 0 =>
                FixedTexts(Numbers<byte>(dataset, type, count * size, entry.Name), size),
            _ => throw new InvalidDataException(
                $"{Path}: '{entry.Name}': expected numbers{(selection == 0 ? ", flags or texts" : " or flags")}, " +
                $"got the HDF5 kind {entry.Kind}."),
        };

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
        const int unsigned = 0, empty = 2;
        var bits = 8 * (int)H5Tget_size(type.Value);
        var kind = H5Tget_class(type.Value) switch
        {
            FloatClass => $"float{bits}",
            IntegerClass => H5Tget_sign(type.Value) == unsigned ? $"uint{bits}" : $"int{bits}",
            EnumerationClass when bits == 8 => "bool",
            var other and >= 0 when other < Classes.Length => Classes[other],
            _ => "unknown",
        };
        if (H5Sget_simple_extent_type(space.Value) == empty) return new(name, kind, [0]);
        var extents = new ulong[Math.Max(0, H5Sget_simple_extent_ndims(space.Value))];
        H5Sget_simple_extent_dims(space.Value, extents, 0);
        return new(name, kind, [.. extents.Select(extent => (long)extent)]);
    }

    T[] Numbers<T>(long dataset, long memoryType, long count, string name, long memory = 0, long selection = 0)
        where T : struct
    {
        var numbers = new T[count];
        if (count > 0 && H5Dread(dataset, memoryType, memory, selection, 0, ref BytesOf(numbers)) < 0)
            throw new InvalidDataException(Damaged(name));
        return numbers;
    }

    string[] VariableTexts(long dataset, long fileType, long count, string name)
    {
        using var memoryType = new Hdf5Id(H5Tcopy(Constant("H5T_C_S1_g")), Damaged(name));
        H5Tset_size(memoryType.Value, nuint.MaxValue);
        H5Tset_cset(memoryType.Value, H5Tget_cset(fileType));
        return Array.ConvertAll(Numbers<nint>(dataset, memoryType.Value, count, name), TakeText);
    }

    /// <summary>Copies a text of the library and releases its memory.</summary>
    internal static string TakeText(nint pointer)
    {
        var text = Marshal.PtrToStringUTF8(pointer) ?? "";
        H5free_memory(pointer);
        return text;
    }

    internal static string[] FixedTexts(byte[] bytes, int size) =>
        [.. bytes.Chunk(size).Select(cell => Encoding.UTF8.GetString(cell).TrimEnd('\0', ' '))];

    internal static ref byte BytesOf<T>(T[] numbers) where T : struct =>
        ref System.Runtime.CompilerServices.Unsafe.As<T, byte>(ref MemoryMarshal.GetArrayDataReference(numbers));

    string Damaged(string name) =>
        $"{Path}: '{name}' cannot be read: expected whole HDF5 contents, got damaged ones (or a compression this " +
        "library lacks). Copy the file again.";
}
