using System.Runtime.InteropServices;
using System.Text;
using Iql.Data.Files.Arrays;
using static Iql.Data.Files.Hdf5.Hdf5Library;

namespace Iql.Data.Files.Hdf5;

/// <summary>Writes arrays as HDF5 for h5py and D4RL's loader: compressed chunks, flags as h5py's bool, texts as
/// fixed-length UTF-8. No times are recorded: the same arrays give the same bytes.</summary>
public static class Hdf5Writer
{
    const int ChunkBytes = 1 << 18;

    /// <summary>Writes arrays to a temporary file, then renames it; slashes in a name make groups.</summary>
    /// <exception cref="IOException">A full disk, a folder without permission.</exception>
    public static void Write(string path, IEnumerable<ArrayData> arrays) => Write(path, arrays, []);

    /// <summary>Writes arrays one after another, then attributes of their groups.</summary>
    /// <param name="attributes">Names of groups ("/": the file) or arrays, with a named value each; read last.</param>
    /// <inheritdoc cref="Write(string, IEnumerable{ArrayData})" path="/exception"/>
    public static void Write(string path, IEnumerable<ArrayData> arrays,
        IEnumerable<(string Of, ArrayData Value)> attributes) => AtomicFile.Write(path, temporary =>
    {
        lock (Gate)
        {
            Ready();
            // A failure of the arrays' source is not ours.
            var ours = true;
            try
            {
                const uint truncate = 2;
                using var access = FileAccess("the file");
                using var file = new Hdf5Id(H5Fcreate(temporary, truncate, 0, access.Value), "the file");
                foreach (var array in Taken(arrays)) Write(file.Value, array);
                foreach (var (of, value) in Taken(attributes))
                {
                    using var item = new Hdf5Id(H5Oopen(file.Value, of, 0), of);
                    Attach(item.Value, value);
                }
                const int local = 0;
                Require(H5Fflush(file.Value, local), "the file");
            }
            catch (InvalidDataException failure) when (ours)
            {
                throw new IOException($"{path}: expected to write an HDF5 file, failed at {failure.Message}. " +
                    "Is the disk full, or the folder closed to you?");
            }

            IEnumerable<T> Taken<T>(IEnumerable<T> items)
            {
                using var each = items.GetEnumerator();
                while (true)
                {
                    ours = false;
                    if (!each.MoveNext()) break;
                    ours = true;
                    yield return each.Current;
                }
                ours = true;
            }
        }
    });

    static void Write(long file, ArrayData array)
    {
        var extents = array.Shape.Select(extent => (ulong)extent).ToArray();
        using var space = Space(array);
        using var type = new Hdf5Id(FileType(array), array.Name);
        using var create = new Hdf5Id(H5Pcreate(Constant("H5P_CLS_DATASET_CREATE_ID_g")), array.Name);
        using var link = new Hdf5Id(H5Pcreate(Constant("H5P_CLS_LINK_CREATE_ID_g")), array.Name);
        Require(H5Pset_create_intermediate_group(link.Value, 1), array.Name);
        Require(H5Pset_obj_track_times(create.Value, false), array.Name);
        if (extents.Length > 0 && array.Values.Length > 0)
        {
            var rowBytes = array.Values.LongLength / array.Shape[0] * (long)H5Tget_size(type.Value);
            extents[0] = (ulong)Math.Clamp(ChunkBytes / rowBytes, 1, array.Shape[0]);
            Require(H5Pset_chunk(create.Value, extents.Length, extents), array.Name);
            Require(H5Pset_shuffle(create.Value), array.Name);
            Require(H5Pset_deflate(create.Value, 4), array.Name);
        }
        using var dataset = new Hdf5Id(
            H5Dcreate2(file, array.Name, type.Value, space.Value, link.Value, create.Value, 0), array.Name);
        if (array.Values.Length == 0) return;
        var (values, memoryType) = InMemory(array, type.Value);
        Require(H5Dwrite(dataset.Value, memoryType, 0, 0, 0, ref MemoryMarshal.GetArrayDataReference(values)),
            array.Name);
    }

    static void Attach(long item, ArrayData value)
    {
        using var type = new Hdf5Id(FileType(value), value.Name);
        using var space = Space(value);
        using var attribute = new Hdf5Id(H5Acreate2(item, value.Name, type.Value, space.Value, 0, 0), value.Name);
        var (values, memoryType) = InMemory(value, type.Value);
        Require(H5Awrite(attribute.Value, memoryType, ref MemoryMarshal.GetArrayDataReference(values)), value.Name);
    }

    static Hdf5Id Space(ArrayData array) => new(array.Shape.Length == 0 ? H5Screate(0)
        : H5Screate_simple(array.Shape.Length, [.. array.Shape.Select(extent => (ulong)extent)], 0), array.Name);

    /// <summary>The values as the library takes them, and their type.</summary>
    static (Array Values, long Type) InMemory(ArrayData array, long fileType) => array.Values switch
    {
        float[] => (array.Values, Constant("H5T_NATIVE_FLOAT_g")),
        double[] => (array.Values, Constant("H5T_NATIVE_DOUBLE_g")),
        long[] => (array.Values, Constant("H5T_NATIVE_INT64_g")),
        string[] texts => (Cells(texts), fileType),
        _ => (array.Values, fileType),
    };

    static long FileType(ArrayData array) => array.Values switch
    {
        float[] => H5Tcopy(Constant("H5T_IEEE_F32LE_g")),
        double[] => H5Tcopy(Constant("H5T_IEEE_F64LE_g")),
        long[] => H5Tcopy(Constant("H5T_STD_I64LE_g")),
        bool[] => FlagType(),
        _ => TextType(Width((string[])array.Values)),
    };

    static long FlagType()
    {
        var type = H5Tenum_create(Constant("H5T_STD_I8LE_g"));
        byte no = 0, yes = 1;
        Require(H5Tenum_insert(type, "FALSE", ref no), "flags");
        Require(H5Tenum_insert(type, "TRUE", ref yes), "flags");
        return type;
    }

    static long TextType(int width)
    {
        const int utf8 = 1, padWithZeros = 1;
        var type = H5Tcopy(Constant("H5T_C_S1_g"));
        Require(H5Tset_size(type, (nuint)width), "texts");
        Require(H5Tset_cset(type, utf8), "texts");
        Require(H5Tset_strpad(type, padWithZeros), "texts");
        return type;
    }

    static int Width(string[] texts) =>
        texts.Aggregate(1, (width, text) => Math.Max(width, Encoding.UTF8.GetByteCount(text)));

    static byte[] Cells(string[] texts)
    {
        var width = Width(texts);
        var cells = new byte[texts.Length * width];
        for (var i = 0; i < texts.Length; i++) Encoding.UTF8.GetBytes(texts[i], cells.AsSpan(i * width, width));
        return cells;
    }

    static void Require(int status, string what)
    {
        if (status < 0) throw new InvalidDataException(what);
    }
}
