using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Iql.Data.Files.Hdf5;

/// <summary>The first bytes of an HDF5 file.</summary>
/// <remarks>Source: HDF5 File Format Specification 3.0, "Disk Format: Level 0A".</remarks>
static class Hdf5Superblock
{
    static ReadOnlySpan<byte> Signature => [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Whether a file begins as HDF5 does, perhaps behind a user block.</summary>
    internal static bool Fits(string path)
    {
        using var file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        return Start(file) >= 0;
    }

    /// <summary>Refuses another file, a user block and a truncated file.</summary>
    internal static void Require(string path, SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        var start = Start(file);
        if (start > 0) throw new InvalidDataException(
            $"{path}: expected HDF5 from the first byte on, got it behind a user block of {start} bytes " +
            "(as MATLAB 7.3 writes). Cut the block off: h5unjam -i OLD -o NEW, or save the arrays with h5py.");
        Span<byte> head = stackalloc byte[52];
        var whole = start == 0 && RandomAccess.Read(file, head, 0) == head.Length;
        // Where addresses have 8 bytes, as everywhere today.
        var end = !whole ? long.MaxValue : head[8] switch
        {
            0 or 1 when head[13] == 8 => BinaryPrimitives.ReadInt64LittleEndian(head[(40 + 4 * head[8])..]),
            2 or 3 when head[9] == 8 => BinaryPrimitives.ReadInt64LittleEndian(head[28..]),
            _ => 0,
        };
        if (end > length) throw new InvalidDataException(
            $"{path}: expected an HDF5 file{(whole ? $" of {end} bytes" : "")}, " +
            $"got {length} bytes. It is most likely truncated; copy it again.");
    }

    /// <summary>The place of the signature: byte 0, or a power of two from 512 on; −1 without one.</summary>
    static long Start(SafeFileHandle file)
    {
        Span<byte> bytes = stackalloc byte[8];
        for (var at = 0L; at < RandomAccess.GetLength(file); at = Math.Max(512, 2 * at))
            if (RandomAccess.Read(file, bytes, at) == bytes.Length && bytes.SequenceEqual(Signature)) return at;
        return -1;
    }
}
