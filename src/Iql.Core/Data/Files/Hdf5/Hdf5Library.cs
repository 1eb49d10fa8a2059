using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Iql.Data.Files.Hdf5;

/// <summary>The system's HDF5 C library (1.10 or later), found at run time. hid_t is a long, herr_t an int (negative:
/// failed), hsize_t a ulong. It may lack thread safety, so every call is under <see cref="Gate"/>.</summary>
static partial class Hdf5Library
{
    /// <summary>No real library's name, so that the search below decides.</summary>
    const string Name = "iql-hdf5";

    internal static readonly Lock Gate = new();
    static readonly nint Library = Find();
    static readonly Dictionary<string, long> Constants = [];

    static Hdf5Library() =>
        AssemblyLoadContext.GetLoadContext(typeof(Hdf5Library).Assembly)!.ResolvingUnmanagedDll +=
            (_, name) => name == Name ? Library : 0;

    /// <summary>To be called first, under the gate: loads the library and silences its errors.</summary>
    internal static void Ready()
    {
        if (Library == 0) throw new DllNotFoundException(
            $"HDF5: expected the system's HDF5 library, found none of {string.Join(", ", Candidates())}. " +
            "Install it (Debian and Ubuntu: apt-get install libhdf5-103-1, or libhdf5-310 on newer ones; Fedora: " +
            "dnf install hdf5; macOS: brew install hdf5; Windows: put hdf5.dll on the PATH), or name its file in " +
            "the environment variable IQL_HDF5. Files in .npz form need no library.");
        H5open();
        H5Eset_auto2(0, 0, 0);
    }

    /// <summary>The id in a data symbol, such as "H5T_NATIVE_FLOAT_g"; H5open sets them.</summary>
    internal static long Constant(string symbol)
    {
        if (!Constants.TryGetValue(symbol, out var id))
            Constants[symbol] = id = Marshal.ReadInt64(NativeLibrary.GetExport(Library, symbol));
        return id;
    }

    /// <summary>Opens files without the library's lock (HDF5 1.10.7 and later). We write under temporary names, so it
    /// guards nothing, but it makes files on many network disks unreadable, and child processes inherit it.</summary>
    internal static Hdf5Id FileAccess(string failure)
    {
        var access = new Hdf5Id(H5Pcreate(Constant("H5P_CLS_FILE_ACCESS_ID_g")), failure);
        if (NativeLibrary.TryGetExport(Library, nameof(H5Pset_file_locking), out _))
            H5Pset_file_locking(access.Value, false, true);
        return access;
    }

    /// <summary>Whether the library is there.</summary>
    internal static bool Present => Library != 0;

    static nint Find()
    {
        foreach (var candidate in Candidates())
            if (NativeLibrary.TryLoad(candidate, out var library)) return library;
        return 0;
    }

    static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("IQL_HDF5") is { Length: > 0 } named) return [named];
        if (OperatingSystem.IsWindows()) return ["hdf5.dll"];
        if (OperatingSystem.IsMacOS())
            return ["libhdf5.dylib", "/opt/homebrew/lib/libhdf5.dylib", "/usr/local/lib/libhdf5.dylib"];
        // The numbers are the interfaces of HDF5 1.10, 1.12 and 1.14.
        return
        [
            "libhdf5_serial.so.103", "libhdf5.so.103", "libhdf5_serial.so.310", "libhdf5.so.310",
            "libhdf5_serial.so.200", "libhdf5.so.200", "libhdf5.so", "libhdf5_serial.so",
        ];
    }

    [LibraryImport(Name)] private static partial int H5open();
    [LibraryImport(Name)] private static partial int H5Eset_auto2(long stack, nint function, nint data);
    [LibraryImport(Name)] internal static partial int H5free_memory(nint memory);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long H5Fopen(string path, uint flags, long access);
    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long H5Fcreate(string path, uint flags, long create, long access);
    [LibraryImport(Name)] internal static partial int H5Fflush(long id, int scope);

    /// <summary>Releases any kind of id.</summary>
    [LibraryImport(Name)] internal static partial int H5Idec_ref(long id);
    [LibraryImport(Name)] internal static partial int H5Iget_type(long id);
    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long H5Oopen(long location, string name, long access);

    /// <summary>Fills a structure of 24 bytes whose second 8 are the number of links.</summary>
    [LibraryImport(Name)] internal static partial int H5Gget_info(long group, Span<ulong> info);
    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint H5Lget_name_by_idx(
        long location, string group, int index, int order, ulong n, Span<byte> name, nuint size, long access);

    [LibraryImport(Name)] internal static partial long H5Dget_type(long dataset);
    [LibraryImport(Name)] internal static partial long H5Dget_space(long dataset);
    [LibraryImport(Name)]
    internal static partial int H5Dread(long set, long type, long memory, long file, long transfer, ref byte values);
    [LibraryImport(Name)]
    internal static partial int H5Dwrite(long set, long type, long memory, long file, long transfer, ref byte values);
    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long H5Dcreate2(
        long location, string name, long type, long space, long link, long create, long access);

    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long H5Aopen_by_idx(
        long location, string item, int index, int order, ulong n, long attribute, long link);
    [LibraryImport(Name)] internal static partial nint H5Aget_name(long attribute, nuint size, Span<byte> name);
    [LibraryImport(Name)] internal static partial long H5Aget_type(long attribute);
    [LibraryImport(Name)] internal static partial long H5Aget_space(long attribute);
    [LibraryImport(Name)] internal static partial int H5Aread(long attribute, long type, ref byte buffer);
    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long H5Acreate2(long item, string name, long type, long space, long create, long access);
    [LibraryImport(Name)] internal static partial int H5Awrite(long attribute, long type, ref byte buffer);

    [LibraryImport(Name)] internal static partial int H5Sget_simple_extent_type(long space);
    [LibraryImport(Name)] internal static partial int H5Sget_simple_extent_ndims(long space);
    [LibraryImport(Name)] internal static partial int H5Sget_simple_extent_dims(long id, Span<ulong> extents, nint max);
    [LibraryImport(Name)] internal static partial long H5Screate_simple(int rank, ReadOnlySpan<ulong> sizes, nint max);
    [LibraryImport(Name)] internal static partial long H5Screate(int type);
    [LibraryImport(Name)]
    internal static partial int H5Sselect_hyperslab(
        long space, int operation, ReadOnlySpan<ulong> start, nint stride, ReadOnlySpan<ulong> count, nint block);

    [LibraryImport(Name)] internal static partial int H5Tget_class(long type);
    [LibraryImport(Name)] internal static partial nuint H5Tget_size(long type);
    [LibraryImport(Name)] internal static partial int H5Tget_sign(long type);
    [LibraryImport(Name)] internal static partial int H5Tis_variable_str(long type);
    [LibraryImport(Name)] internal static partial int H5Tget_cset(long type);
    [LibraryImport(Name)] internal static partial long H5Tcopy(long type);
    [LibraryImport(Name)] internal static partial int H5Tset_size(long type, nuint size);
    [LibraryImport(Name)] internal static partial int H5Tset_cset(long type, int set);
    [LibraryImport(Name)] internal static partial int H5Tset_strpad(long type, int padding);
    [LibraryImport(Name)] internal static partial long H5Tenum_create(long type);
    [LibraryImport(Name, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int H5Tenum_insert(long type, string name, ref byte value);

    [LibraryImport(Name)] internal static partial long H5Pcreate(long kind);
    [LibraryImport(Name)]
    private static partial int H5Pset_file_locking(
        long list, [MarshalAs(UnmanagedType.U1)] bool use, [MarshalAs(UnmanagedType.U1)] bool ignoreWhenDisabled);
    [LibraryImport(Name)] internal static partial int H5Pset_chunk(long list, int rank, ReadOnlySpan<ulong> extents);
    [LibraryImport(Name)] internal static partial int H5Pset_shuffle(long list);
    [LibraryImport(Name)] internal static partial int H5Pset_deflate(long list, uint level);
    [LibraryImport(Name)]
    internal static partial int H5Pset_obj_track_times(long list, [MarshalAs(UnmanagedType.U1)] bool track);
    [LibraryImport(Name)] internal static partial int H5Pset_create_intermediate_group(long list, uint create);
}

/// <summary>An id of the library, released at the end of its scope.</summary>
readonly ref struct Hdf5Id
{
    internal Hdf5Id(long value, string failure)
    {
        if (value < 0) throw new InvalidDataException(failure);
        Value = value;
    }

    internal long Value { get; }

    /// <summary>Releases the id.</summary>
    public void Dispose() => Hdf5Library.H5Idec_ref(Value);
}
