using Iql.Data.Files.Arrays;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace Iql.Data.Files.Hdf5;

/// <summary>Holds sizes that a file claims against what is stored in it, before memory is taken.</summary>
sealed class Hdf5Sizes(string path, long length)
{
    const int Slack = 1 << 20, Times = 4;
    /// <summary>The best ratio of deflate is 1032.</summary>
    const int MostCompression = 1100;

    readonly Dictionary<ulong, double> stored = [];

    /// <summary>Refuses values that are not packed and larger than the file.</summary>
    internal void Require(string name, int size, IEnumerable<long> shape) =>
        Require(name, Bytes(size, shape), length / (double)Times);

    /// <summary>Refuses a data set that claims over four times the larger of the file and its stored chunks.</summary>
    internal void Require(NativeDataset set, ArrayEntry entry)
    {
        if (set.Layout.Class == H5DataLayoutClass.Chunked)
            Require(entry.Name, Bytes(set.Type.Size, entry.Shape), Math.Max(length, Stored(set, entry)));
        else Require(entry.Name, set.Type.Size, entry.Shape);
    }

    /// <summary>The same for several data sets together, one data set counted once.</summary>
    internal void Require(IEnumerable<(NativeDataset Set, ArrayEntry Entry)> sets)
    {
        var (claimed, held, known) = (0.0, 0.0, new HashSet<ulong>());
        foreach (var (set, entry) in sets)
        {
            claimed += Bytes(set.Type.Size, entry.Shape);
            if (set.Layout.Class == H5DataLayoutClass.Chunked && known.Add(PureHdf.Address(set)))
                held += Stored(set, entry);
        }
        Require("/", claimed, Math.Max(length, held));
    }

    void Require(string name, double bytes, double held)
    {
        var most = Times * held + Slack;
        if (bytes > most) throw new InvalidDataException(Invariant.Say(
            $"{path}: '{name}': expected at most {most:N0} bytes of values in a file of {length:N0}, got {bytes:N0}") +
            ". Its numbers were never written, or it is damaged: write it again.");
    }

    /// <summary>Bytes that the chunks of a data set can unpack to.</summary>
    double Stored(NativeDataset set, ArrayEntry entry)
    {
        if (stored.TryGetValue(PureHdf.Address(set), out var known)) return known;
        var chunks = set.Layout.Chunks;
        RequireCount(entry, chunks);
        var chunk = Bytes(set.Type.Size, chunks.Select(extent => (long)extent));
        var (sum, largest, first) = (0.0, 0.0, -1L);
        foreach (var (index, size) in PureHdf.Chunks(set))
        {
            if (size > (ulong)length) throw new InvalidDataException(Invariant.Say(
                $"{path}: '{entry.Name}': expected chunks of at most {length:N0} bytes, as the file, got {size:N0}") +
                ". Copy the file again.");
            var most = Math.Min(chunk, (double)size * MostCompression);
            (sum, largest, first) = (sum + most, Math.Max(largest, most), first < 0 ? index : first);
        }
        Require(entry.Name, chunk, Math.Max(length, largest));
        if (first >= 0 && chunk > length) Probe(set, entry, chunks, first);
        return stored[PureHdf.Address(set)] = sum;
    }

    /// <summary>Refuses more chunks than the file can list: PureHDF would look for each of them.</summary>
    void RequireCount(ArrayEntry entry, ulong[] chunks)
    {
        const int leastBytes = 8;
        var count = chunks.Zip(entry.Shape).Aggregate(1.0, (product, axis) =>
            product * Math.Ceiling(axis.Second / (double)Math.Max(1, axis.First)));
        if (count * leastBytes > length) throw new InvalidDataException(Invariant.Say(
            $"{path}: '{entry.Name}': expected at most {length / leastBytes:N0} chunks in a file of " +
            $"{length:N0} bytes, got {count:N0}. Its numbers were never written, or it is damaged: write it again."));
    }

    /// <summary>Reads the last number of a chunk, which is there only if the chunk has its claimed size.</summary>
    static void Probe(NativeDataset set, ArrayEntry entry, ulong[] chunks, long chunk)
    {
        var at = new ulong[chunks.Length];
        for (var axis = at.Length - 1; axis >= 0; axis--)
        {
            var extent = (ulong)entry.Shape[axis];
            var (above, place) = Math.DivRem((ulong)chunk, (extent + chunks[axis] - 1) / chunks[axis]);
            at[axis] = Math.Min(extent, (place + 1) * chunks[axis]) - 1;
            chunk = (long)above;
        }
        set.Read(new byte[set.Type.Size].AsSpan(),
            new HyperslabSelection(at.Length, at, [.. at.Select(_ => 1UL)]));
    }

    static double Bytes(int size, IEnumerable<long> shape) =>
        shape.Aggregate((double)Math.Max(1, size), (product, extent) => product * extent);
}
