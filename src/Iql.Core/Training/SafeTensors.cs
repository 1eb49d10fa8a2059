using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Iql.Data;
using Iql.Graph;

namespace Iql.Training;

/// <summary>One tensor of a file: its name, its shape, its numbers row by row without padding.</summary>
public sealed record NamedTensor(string Name, Shape Shape, ReadOnlyMemory<float> Values);

/// <summary>
/// The safetensors file format, 32-bit floats only: eight bytes with the header's length (little-endian), the header in JSON
/// ({"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, …}, strings of our own under "__metadata__"), then the
/// numbers without gaps. Source: huggingface/safetensors, README, "Format".
/// </summary>
public sealed class SafeTensors
{
    const int LongestHeader = 100_000_000;
    readonly ImmutableDictionary<string, NamedTensor> byName;

    SafeTensors(string path, ImmutableDictionary<string, string> metadata, ImmutableArray<NamedTensor> tensors)
    {
        Path = path;
        Metadata = metadata;
        Tensors = tensors;
        byName = tensors.ToImmutableDictionary(tensor => tensor.Name);
    }

    /// <summary>Where it was read from.</summary>
    public string Path { get; }

    /// <summary>The strings under "__metadata__".</summary>
    public ImmutableDictionary<string, string> Metadata { get; }

    /// <summary>The tensors, in the order of their numbers.</summary>
    public ImmutableArray<NamedTensor> Tensors { get; }

    /// <summary>The tensor of a name and a shape; InvalidDataException when the file has no such tensor.</summary>
    public NamedTensor Find(string name, Shape shape)
    {
        if (!byName.TryGetValue(name, out var tensor))
            throw Wrong($"a tensor \"{name}\"", string.Join(", ", Tensors.Select(t => t.Name)));
        return tensor.Shape == shape ? tensor : throw Wrong($"\"{name}\" of shape {shape}", $"{tensor.Shape}");
    }

    /// <summary>The string of a key under "__metadata__"; InvalidDataException when the file has none.</summary>
    public string Note(string key) =>
        Metadata.TryGetValue(key, out var value) ? value : throw Wrong($"\"{key}\" under \"__metadata__\"", string.Join(", ", Metadata.Keys));

    /// <summary>Writes a file: to a temporary name, flushed, then renamed. The same arguments give the same bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Strings to keep with the tensors, in the order they are written.</param>
    /// <param name="tensors">Tensors of different names, in the order they are written.</param>
    public static void Write(string path, IReadOnlyList<(string Key, string Value)> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        foreach (var tensor in tensors)
            Check.That(tensor.Values.Length == tensor.Shape.Count, tensor.Name, $"{tensor.Shape.Count} numbers for {tensor.Shape}", tensor.Values.Length);
        Check.That(tensors.DistinctBy(tensor => tensor.Name).Count() == tensors.Count && tensors.All(tensor => tensor.Name != "__metadata__"),
            nameof(tensors), "different names other than __metadata__", string.Join(", ", tensors.Select(tensor => tensor.Name)));
        var header = Header(metadata, tensors);
        AtomicFile.Write(path, (Stream stream) =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var tensor in tensors) stream.Write(LittleEndian(tensor.Values.Span));
        });
    }

    /// <summary>Reads a file whole; InvalidDataException names the file and what was expected when it is cut short or damaged.</summary>
    public static SafeTensors Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < 8) throw Wrong(path, "eight bytes with the header's length", $"a file of {bytes.Length} bytes");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > LongestHeader || 8 + (long)length > bytes.Length)
            throw Wrong(path, $"a header inside the file's {bytes.Length} bytes", $"a header of {length} bytes");
        var start = 8 + (int)length;
        try
        {
            using var header = JsonDocument.Parse(bytes.AsMemory(8, (int)length));
            var metadata = ImmutableDictionary.CreateBuilder<string, string>();
            var tensors = new List<(NamedTensor Tensor, long Begin, long End)>();
            foreach (var entry in header.RootElement.EnumerateObject())
                if (entry.Name == "__metadata__")
                    foreach (var note in entry.Value.EnumerateObject()) metadata[note.Name] = note.Value.GetString() ?? "";
                else tensors.Add(Tensor(path, entry, bytes.AsSpan(start)));
            tensors.Sort((x, y) => (x.Begin, x.End).CompareTo((y.Begin, y.End)));
            var end = 0L;
            foreach (var tensor in tensors)
            {
                if (tensor.Begin != end) throw Wrong(path, $"\"{tensor.Tensor.Name}\" to begin at byte {end} of the data", $"{tensor.Begin}");
                end = tensor.End;
            }
            if (start + end != bytes.Length) throw Wrong(path, $"{start + end} bytes", $"{bytes.Length}");
            return new(path, metadata.ToImmutable(), [.. tensors.Select(tensor => tensor.Tensor)]);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"{path}: expected a safetensors header, {error.Message}", error);
        }
    }

    static (NamedTensor, long Begin, long End) Tensor(string path, JsonProperty entry, ReadOnlySpan<byte> data)
    {
        var type = entry.Value.GetProperty("dtype").GetString();
        if (type != "F32") throw Wrong(path, $"\"{entry.Name}\" of dtype F32", $"{type}");
        var shape = new Shape([.. entry.Value.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())]);
        var offsets = entry.Value.GetProperty("data_offsets");
        long begin = offsets[0].GetInt64(), end = offsets[1].GetInt64();
        if (begin < 0 || end - begin != 4L * shape.Count) throw Wrong(path, $"\"{entry.Name}\" to take {4L * shape.Count} bytes", $"bytes {begin} to {end}");
        if (end > data.Length) throw Wrong(path, $"\"{entry.Name}\" at bytes {begin} to {end} of the data", $"{data.Length} bytes of data, the file is cut short");
        var values = MemoryMarshal.Cast<byte, float>(data[(int)begin..(int)end]).ToArray();
        return (new(entry.Name, shape, LittleEndianFloats(values)), begin, end);
    }

    static byte[] Header(IReadOnlyList<(string Key, string Value)> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata) json.WriteString(key, value);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (var extent in tensor.Shape.Extents) json.WriteNumberValue(extent);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += 4L * tensor.Shape.Count);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (stream.Length % 8 != 0) stream.WriteByte((byte)' ');
        return stream.ToArray();
    }

    static ReadOnlySpan<byte> LittleEndian(ReadOnlySpan<float> values) =>
        BitConverter.IsLittleEndian ? MemoryMarshal.AsBytes(values) : MemoryMarshal.AsBytes(LittleEndianFloats(values.ToArray()).AsSpan());

    static float[] LittleEndianFloats(float[] values)
    {
        var bits = MemoryMarshal.Cast<float, int>(values.AsSpan());
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(bits, bits);
        return values;
    }

    InvalidDataException Wrong(string expected, string actual) => Wrong(Path, expected, actual);

    static InvalidDataException Wrong(string path, string expected, string actual) => new($"{path}: expected {expected}, got {actual}.");
}
