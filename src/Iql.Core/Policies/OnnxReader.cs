using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Iql.Graph;
using Iql.Training;

namespace Iql.Policies;

/// <summary>The float32 initializers and the metadata of an ONNX model of ours. Its nodes are not read: config.json in
/// the metadata says what they compute.</summary>
static class OnnxReader
{
    const int Float = 1;

    internal static SafeTensors Read(string path) => Reading.Of(path, "an ONNX model", () =>
    {
        var model = Fields(File.ReadAllBytes(path));
        var metadata = model.Where(field => field.Number == 14).Select(field => Fields(field.Bytes))
            .ToImmutableDictionary(note => Text(note, 1), note => Text(note, 2));
        var tensors = Fields(Bytes(model, 7)).Where(field => field.Number == 5).Select(field => Fields(field.Bytes))
            .Where(tensor => metadata.ContainsKey($"sha256:{Text(tensor, 8)}")).Select(Tensor);
        return SafeTensors.Of(path, metadata, [.. tensors]);
    });

    static NamedTensor Tensor(List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> tensor)
    {
        Check.That(tensor.First(field => field.Number == 2).Value == Float, Text(tensor, 8), "32-bit floats", "others");
        Shape shape = new([.. tensor.Where(field => field.Number == 1).Select(field => checked((int)field.Value))]);
        var values = MemoryMarshal.Cast<byte, float>(Bytes(tensor, 9).Span).ToArray();
        Check.That(values.Length == shape.Count, Text(tensor, 8), $"{shape.Count} numbers", values.Length);
        return new(Text(tensor, 8), shape, values);
    }

    static ReadOnlyMemory<byte> Bytes(List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> message, int n) =>
        message.First(field => field.Number == n).Bytes;

    static string Text(List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> message, int number) =>
        Encoding.UTF8.GetString(Bytes(message, number).Span);

    /// <summary>The fields of a message of protocol buffers, each a varint or bytes.</summary>
    static List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        List<(int, ulong, ReadOnlyMemory<byte>)> fields = [];
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message.Span, ref at);
            var number = checked((int)(key >> 3));
            if ((key & 7) == 0)
            {
                fields.Add((number, Varint(message.Span, ref at), default));
                continue;
            }
            var length = (key & 7) switch
            {
                1 => 8,
                5 => 4,
                2 => checked((int)Varint(message.Span, ref at)),
                _ =>
                throw new InvalidDataException($"expected a field of protocol buffers, got the wire type {key & 7}.")
            };
            fields.Add((number, 0, message.Slice(at, length)));
            at += length;
        }
        return fields;
    }

    static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }
        throw new InvalidDataException("expected a number of at most ten bytes, got a longer one.");
    }
}
