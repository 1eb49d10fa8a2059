using System.Runtime.InteropServices;
using Iql.Data.Files.Arrays;
using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;

namespace Iql.Data.Files.Hdf5;

/// <summary>Writes arrays as HDF5 for h5py and D4RL's loader: compressed chunks, flags as h5py's bool, texts in UTF-8.
/// No times are recorded: the same arrays give the same bytes.</summary>
public static class Hdf5Writer
{
    /// <summary>Small enough for the garbage collector's youngest generation.</summary>
    const int ChunkBytes = 1 << 16;

    /// <summary>A flag as h5py writes it.</summary>
    enum Flag : byte { FALSE, TRUE }

    /// <summary>Writes arrays to a temporary file, then renames it; slashes in a name make groups.</summary>
    /// <exception cref="IOException">A full disk, a folder without permission.</exception>
    public static void Write(string path, IEnumerable<ArrayData> arrays) => Write(path, arrays, []);

    /// <summary>Writes arrays and attributes of groups. The file is read back before it gets its name.</summary>
    /// <param name="attributes">Names of groups ("/": the file) or arrays, with a named value each; read last.</param>
    /// <inheritdoc cref="Write(string, IEnumerable{ArrayData})" path="/exception"/>
    public static void Write(string path, IEnumerable<ArrayData> arrays,
        IEnumerable<(string Of, ArrayData Value)> attributes)
    {
        List<ArrayData> all = [.. arrays];
        List<(string Of, ArrayData Value)> further = [.. attributes];
        AtomicFile.Write(path, temporary =>
        {
            try
            {
                using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite))
                {
                    Tree(all, further).Write(stream, new H5WriteOptions(DefaultStringLength: 0));
                    stream.Flush(flushToDisk: true);
                }
                RequireSame(temporary, all, further);
            }
            catch (Exception failure) when (failure.GetBaseException() is IOException or InvalidDataException)
            {
                throw new IOException($"{path}: expected to write an HDF5 file, got " +
                    $"{failure.GetBaseException().Message.Replace(temporary, path)}. Is the disk full?", failure);
            }
        });
    }

    static H5File Tree(List<ArrayData> arrays, List<(string Of, ArrayData Value)> attributes)
    {
        var file = new H5File();
        var items = new Dictionary<string, H5Object> { ["/"] = file };
        foreach (var array in arrays)
        {
            items[array.Name] = DataSet(array);
            Group(array.Name)[array.Name.Split('/')[^1]] = items[array.Name];
        }
        foreach (var (of, value) in attributes)
            items[of].Attributes[value.Name] = value.Shape.Length == 0 ? Values(value)
                : new H5Attribute(Values(value), [.. value.Shape.Select(extent => (ulong)extent)]);
        return file;

        H5Group Group(string name)
        {
            var slash = name.LastIndexOf('/');
            if (slash < 0) return file;
            var above = name[..slash];
            if (items.TryGetValue(above, out var known)) return (H5Group)known;
            var made = new H5Group();
            Group(above)[above[(above.LastIndexOf('/') + 1)..]] = items[above] = made;
            return made;
        }
    }

    static H5Dataset DataSet(ArrayData array)
    {
        if (array.Shape.Length == 0) return new(Values(array));
        ulong[] extents = [.. array.Shape.Select(extent => (ulong)extent)];
        if (array.Values.Length == 0 || array.Values is string[]) return new(Values(array), fileDims: extents);
        uint[] chunks = [.. array.Shape.Select(extent => (uint)extent)];
        var rowBytes = Buffer.ByteLength(array.Values) / array.Shape[0];
        chunks[0] = (uint)Math.Clamp(ChunkBytes / rowBytes, 1, array.Shape[0]);
        return new(Values(array), chunks, fileDims: extents,
            datasetCreation: new(Filters: [ShuffleFilter.Id, DeflateFilter.Id]));
    }

    /// <summary>Values as PureHDF takes them; of a scalar, the one.</summary>
    static object Values(ArrayData array)
    {
        var values = array.Values is bool[] flags ? Array.ConvertAll(flags, flag => flag ? Flag.TRUE : Flag.FALSE)
            : array.Values;
        return array.Shape.Length == 0 ? values.GetValue(0)! : values;
    }

    /// <summary>Refuses a file that does not hold the arrays and attributes bit for bit.</summary>
    internal static void RequireSame(
        string path, IReadOnlyList<ArrayData> arrays, IReadOnlyList<(string Of, ArrayData Value)> attributes)
    {
        using var file = new Hdf5File(path);
        foreach (var array in arrays) Require(array, file.Read(array.Name));
        foreach (var group in attributes.GroupBy(attribute => attribute.Of))
        {
            var found = file.Attributes(group.Key);
            foreach (var (_, value) in group) Require(value, found.GetValueOrDefault(value.Name));
        }

        void Require(ArrayData written, ArrayData? found)
        {
            if (found == null || !written.Shape.SequenceEqual(found.Shape) || !IsSame(written.Values, found.Values))
                throw new InvalidDataException($"'{written.Name}' with other values when read back");
        }
    }

    static bool IsSame(Array a, Array b) => (a, b) switch
    {
        (float[] x, float[] y) => MemoryMarshal.AsBytes<float>(x).SequenceEqual(MemoryMarshal.AsBytes<float>(y)),
        (double[] x, double[] y) => MemoryMarshal.AsBytes<double>(x).SequenceEqual(MemoryMarshal.AsBytes<double>(y)),
        (long[] x, long[] y) => x.AsSpan().SequenceEqual(y),
        (bool[] x, bool[] y) => x.AsSpan().SequenceEqual(y),
        (string[] x, string[] y) => x.AsSpan().SequenceEqual(y),
        _ => false,
    };
}
