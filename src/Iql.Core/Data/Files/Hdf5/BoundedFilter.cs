using PureHDF.Filters;

namespace Iql.Data.Files.Hdf5;

/// <summary>A filter whose parameters say how much it unpacks: no more than a chunk.</summary>
/// <param name="unpacked">Bytes by the parameters.</param>
sealed class BoundedFilter(IH5Filter filter, Func<uint[], double> unpacked) : IH5Filter
{
    public ushort FilterId => filter.FilterId;
    public string Name => filter.Name;

    public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) =>
        filter.GetParameters(chunkDimensions, typeSize, options);

    public Memory<byte> Filter(FilterInfo info) =>
        info.Flags.HasFlag(H5FilterFlags.Decompress) && unpacked(info.Parameters) > info.ChunkSize
            ? throw new InvalidDataException($"expected a chunk of {info.ChunkSize} bytes, got a larger one")
            : filter.Filter(info);
}
