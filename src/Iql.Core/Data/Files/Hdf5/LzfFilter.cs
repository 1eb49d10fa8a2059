using PureHDF.Filters;

namespace Iql.Data.Files.Hdf5;

/// <summary>Reads the compression that h5py calls "lzf" (filter 32000, LibLZF). Its third parameter is the size of a
/// chunk in bytes.</summary>
sealed class LzfFilter : IH5Filter
{
    const int LongestLiteral = 32, LongCopy = 7;

    public ushort FilterId => 32000;
    public string Name => "lzf";

    public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) =>
        throw new NotSupportedException("lzf is only read");

    public Memory<byte> Filter(FilterInfo info)
    {
        var from = info.Buffer.Span;
        var length = info.Parameters.Length > 2 ? checked((int)info.Parameters[2]) : info.ChunkSize;
        if (length > info.ChunkSize + 16L) throw new InvalidDataException($"an lzf chunk of {length} bytes");
        // An incompressible chunk is kept as it is, and PureHDF 2.2.0 does not say so (it ignores the filter mask).
        // It is copied, since PureHDF uses the buffer again.
        if (from.Length >= length) return from.ToArray();
        var to = new byte[length];
        int read = 0, written = 0;
        while (read < from.Length)
        {
            int control = from[read++];
            if (control < LongestLiteral)
            {
                var literal = control + 1;
                from.Slice(read, literal).CopyTo(to.AsSpan(written));
                (read, written) = (read + literal, written + literal);
                continue;
            }
            var copied = control >> 5;
            if (copied == LongCopy) copied += from[read++];
            var source = written - ((control & 31) << 8) - from[read++] - 1;
            // The two pieces may overlap.
            for (copied += 2; copied > 0; copied--) to[written++] = to[source++];
        }
        return written == length ? to
            : throw new InvalidDataException($"expected an lzf chunk of {length} bytes, got {written}");
    }
}
