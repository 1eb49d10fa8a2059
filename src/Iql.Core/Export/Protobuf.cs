using System.Text;

namespace Iql.Export;

/// <summary>A message of protocol buffers, as it is written: a field is its number and its wire type, then the value.
/// Types: 0 a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes. A list is its field once for each.</summary>
/// <remarks>protobuf.dev, "Encoding".</remarks>
sealed class Protobuf
{
    readonly MemoryStream bytes = new();

    internal Protobuf Int(int field, long value)
    {
        Varint((ulong)field << 3);
        return Varint((ulong)value);
    }

    internal Protobuf Double(int field, double value)
    {
        Varint(((ulong)field << 3) | 1).bytes.Write(BitConverter.GetBytes(value));
        return this;
    }

    internal Protobuf Float(int field, float value)
    {
        Varint(((ulong)field << 3) | 5).bytes.Write(BitConverter.GetBytes(value));
        return this;
    }

    internal Protobuf Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2).Varint((ulong)value.Length).bytes.Write(value);
        return this;
    }

    internal Protobuf Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    internal Protobuf Message(int field, Protobuf value) =>
        Bytes(field, value.bytes.GetBuffer().AsSpan(0, (int)value.bytes.Length));

    internal Protobuf Messages(int field, IEnumerable<Protobuf> values)
    {
        foreach (var value in values) Message(field, value);
        return this;
    }

    internal byte[] ToArray() => bytes.ToArray();

    // Seven bits a byte, the lowest first; the eighth says that more follow.
    Protobuf Varint(ulong value)
    {
        for (; value > 127; value >>= 7) bytes.WriteByte((byte)(value | 128));
        bytes.WriteByte((byte)value);
        return this;
    }
}
