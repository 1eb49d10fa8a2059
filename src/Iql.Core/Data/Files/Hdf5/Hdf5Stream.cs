using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using PureHDF;

namespace Iql.Data.Files.Hdf5;

/// <summary>A file mapped into memory, as PureHDF reads it. Metadata (everything but the numbers of data sets) is
/// counted: damaged files lead PureHDF in circles, which end with an exception here.</summary>
sealed class Hdf5Stream : UnmanagedMemoryStream, IDatasetStream
{
    readonly MemoryMappedViewAccessor view;
    long left;

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

    /// <summary>Bounds the metadata from now on. PureHDF reads fields of a few bytes, and reads some blocks often, so a
    /// read counts as 16 and a 256th of its bytes. 2,000 episodes take 19 times the file's length.</summary>
    internal void Allow(long most) => left = most;

    public override int Read(Span<byte> buffer)
    {
        left -= 16 + buffer.Length / 256;
        if (left < 0) throw new InvalidDataException("more metadata than the file can hold: it leads in circles");
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return base.Read(buffer);
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
