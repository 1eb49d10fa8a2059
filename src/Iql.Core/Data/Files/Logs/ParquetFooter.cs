using System.Buffers.Binary;

namespace Iql.Data.Files.Logs;

/// <summary>The description at the end of a Parquet file, walked before the library reads it: a damaged one can claim
/// lists that the library would count for ever.</summary>
/// <remarks>Thrift's compact protocol: thrift-compact-protocol.md of apache/thrift.</remarks>
static class ParquetFooter
{
    const int Deepest = 32;

    /// <exception cref="InvalidDataException">There is none, or it claims more than its bytes hold.</exception>
    internal static void Check(Stream stream)
    {
        Span<byte> end = stackalloc byte[8];
        if (stream.Length < 12) throw Wrong();
        stream.Position = stream.Length - end.Length;
        stream.ReadExactly(end);
        var length = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (!end[4..].SequenceEqual("PAR1"u8) || length < 0 || length > stream.Length - 12) throw Wrong();
        stream.Position = stream.Length - end.Length - length;
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        stream.Position = 0;
        var at = 0;
        Struct(bytes, ref at, 0);
    }

    static InvalidDataException Wrong() => new("expected a Parquet file, got a damaged end. Write it again.");

    static void Struct(ReadOnlySpan<byte> bytes, ref int at, int depth)
    {
        if (depth > Deepest) throw Wrong();
        for (byte head; (head = Next(bytes, ref at)) != 0;)
        {
            if (head >> 4 == 0) Varint(bytes, ref at); // the field's number in full
            if ((head & 15) > 2) Value(bytes, ref at, head & 15, depth); // a flag is in its type
        }
    }

    static void Value(ReadOnlySpan<byte> bytes, ref int at, int type, int depth)
    {
        switch (type)
        {
            case 1 or 2 or 3: Skip(bytes, ref at, 1); break;
            case 4 or 5 or 6: Varint(bytes, ref at); break;
            case 7: Skip(bytes, ref at, 8); break;
            case 8: Skip(bytes, ref at, Varint(bytes, ref at)); break;
            case 9 or 10:
                var head = Next(bytes, ref at);
                var count = head >> 4 == 15 ? Varint(bytes, ref at) : (ulong)(head >> 4);
                // Every element has a byte at least, so this ends with the bytes.
                for (var i = 0UL; i < count; i++) Value(bytes, ref at, head & 15, depth + 1);
                break;
            case 12: Struct(bytes, ref at, depth + 1); break;
            default: throw Wrong(); // maps are in no description of Parquet
        }
    }

    static byte Next(ReadOnlySpan<byte> bytes, ref int at) => at < bytes.Length ? bytes[at++] : throw Wrong();

    static void Skip(ReadOnlySpan<byte> bytes, ref int at, ulong count)
    {
        if (count > (ulong)(bytes.Length - at)) throw Wrong();
        at += (int)count;
    }

    static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = Next(bytes, ref at);
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }
        throw Wrong();
    }
}
