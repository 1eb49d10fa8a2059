using System.IO.Compression;
using System.Runtime.InteropServices;
using PureHDF.Filters;

namespace Iql.Data.Files.Hdf5;

/// <summary>Unpacks deflate into memory that grows with the numbers. PureHDF 2.2.0 first takes the size that a chunk
/// claims, and then unpacks without a bound.</summary>
sealed class InflateFilter : IH5Filter
{
    /// <summary>A checksum behind the numbers may be packed with them.</summary>
    const int Checksum = 16;
    readonly DeflateFilter packing = new();

    public ushort FilterId => packing.FilterId;
    public string Name => packing.Name;

    public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) =>
        packing.GetParameters(chunkDimensions, typeSize, options);

    public Memory<byte> Filter(FilterInfo info)
    {
        if (!info.Flags.HasFlag(H5FilterFlags.Decompress)) return packing.Filter(info);
        var packed = MemoryMarshal.TryGetArray<byte>(info.Buffer, out var array) ? array : info.Buffer.ToArray();
        using var from = new ZLibStream(
            new MemoryStream(packed.Array!, packed.Offset, packed.Count), CompressionMode.Decompress);
        var most = info.ChunkSize + (long)Checksum;
        var to = new byte[Math.Min(most, 4L * packed.Count) + 1];
        for (var count = 0; ;)
        {
            var read = from.Read(to.AsSpan(count));
            if (read == 0) return to.AsMemory(0, count);
            count += read;
            if (count > most) throw new InvalidDataException($"expected a chunk of {info.ChunkSize} bytes, got more");
            if (count == to.Length) Array.Resize(ref to, (int)Math.Min(most + 1, 2L * count));
        }
    }
}
