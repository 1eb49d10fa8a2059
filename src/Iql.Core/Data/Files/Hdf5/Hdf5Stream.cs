using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using PureHDF;

namespace Iql.Data.Files.Hdf5;

/// <summary>A file mapped into memory, as PureHDF reads it. Metadata (everything but the numbers of data sets) is
/// counted: damaged files lead PureHDF in circles, which end with an exception here.</summary>
sealed class Hdf5Stream : UnmanagedMemoryStream, IDatasetStream
{
    /// <summary>Blocks from this size on are kept until the next one.</summary>
    const int Large = 1 << 10;
    readonly MemoryMappedViewAccessor view;
    long left, blockAt;
    byte[] block = [];

    internal Hdf5Stream(string path)
    {
        // Shared with everybody: a file may be replaced while it is open.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Hdf5Superblock.Require(path, file.SafeFileHandle);
        using var map = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        view = map.CreateViewAccessor(0, file.Length, MemoryMappedFileAccess.Read);
        Initialize(view.SafeMemoryMappedViewHandle, 0, file.Length, FileAccess.Read);
    }

    /// <summary>Bounds the metadata from now on. PureHDF reads fields of a few bytes, and makes objects of them, so a
    /// read counts as 16 and its bytes.</summary>
    internal void Allow(long most) => left = most;

    /// <summary>The next bytes. Their claimed number is held against the file before memory is taken. PureHDF reads all
    /// names of a group again for each of them; the last large block is not read twice.</summary>
    internal byte[] Block(int count)
    {
        if (count < 0 || count > Length - Position)
            throw new EndOfStreamException("metadata behind the end of the file");
        if (count < Large)
        {
            var few = Next(count);
            if (few.AsSpan().SequenceEqual("FRHP"u8)) RequireHeap(Position - few.Length);
            return few;
        }
        if (Position != blockAt || count != block.Length) (blockAt, block) = (Position, Next(count));
        else Charge(0);
        Position = blockAt + count;
        return block;
    }

    /// <summary>Refuses a heap whose blocks list more places than the file has: PureHDF takes 24 bytes for each at
    /// once. Where addresses and lengths have 8 bytes, as everywhere today.</summary>
    void RequireHeap(long start)
    {
        const int width = 110, rows = 140, leastRows = 64, leastBytes = 8;
        var places = (long)Word(start + width) * Math.Max(leastRows, (int)Word(start + rows));
        if (places * leastBytes > Length + ushort.MaxValue)
            throw new EndOfStreamException("a heap of names behind the end of the file");
        Position = start + 4;
    }

    ushort Word(long at)
    {
        Position = at;
        return BinaryPrimitives.ReadUInt16LittleEndian(Next(2));
    }

    byte[] Next(int count)
    {
        var bytes = new byte[count];
        ReadExactly(bytes);
        return bytes;
    }

    public override int Read(Span<byte> buffer)
    {
        Charge(buffer.Length);
        return base.Read(buffer);
    }

    void Charge(int bytes)
    {
        left -= 16 + bytes;
        if (left < 0) throw new InvalidDataException("expected metadata that ends, got more than the file can hold: " +
            "it leads in circles. Copy or write the file again.");
        RuntimeHelpers.EnsureSufficientExecutionStack();
    }

    public void ReadDataset(Span<byte> buffer)
    {
        if (base.Read(buffer) < buffer.Length) throw new EndOfStreamException("numbers behind the end of the file");
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        view?.Dispose();
    }
}
