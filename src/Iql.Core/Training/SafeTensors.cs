using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Iql.Data;
using Iql.Graph;

namespace Iql.Training;

/// <summary>One tensor of a file: its name, its shape, its numbers row by row without padding.</summary>
public sealed record NamedTensor(string Name, Shape Shape, ReadOnlyMemory<float> Values);

/// <summary>The safetensors file format, 32-bit floats only. Eight bytes have the header's length (little-endian). The
/// header is JSON: {"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, …}, with strings of our own in
/// "__metadata__". The numbers follow without gaps. Source: huggingface/safetensors, README, "Format".</summary>
public sealed class SafeTensors
{
    const int LongestHeader = 100_000_000;
    readonly ImmutableDictionary<string, NamedTensor> byName;

    SafeTensors(string path, ImmutableDictionary<string, string> metadata, ImmutableArray<NamedTensor> tensors)
    {
        (Path, Metadata, Tensors) = (path, metadata, tensors);
        byName = tensors.ToImmutableDictionary(tensor => tensor.Name);
    }

    /// <summary>Where it was read from.</summary>
    public string Path { get; }
    /// <summary>The tensors, in the order of their numbers.</summary>
    public ImmutableArray<NamedTensor> Tensors { get; }
    /// <summary>The strings under "__metadata__".</summary>
    public ImmutableDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of a name and a shape; FileException when the file has no such tensor.</summary>
    public NamedTensor Find(string name, Shape shape)
    {
        if (!byName.TryGetValue(name, out var tensor))
            throw Wrong($"a tensor \"{name}\"", string.Join(", ", Tensors.Select(each => each.Name)));
        return tensor.Shape == shape ? tensor : throw Wrong($"\"{name}\" of shape {shape}", $"{tensor.Shape}");
    }

    /// <summary>The string of a key in "__metadata__"; FileException when the file has none.</summary>
    public string Note(string key) => Metadata.TryGetValue(key, out var value) ? value
        : throw Wrong($"\"{key}\" under \"__metadata__\"", string.Join(", ", Metadata.Keys));

    /// <summary>Writes a file, whole or not at all. The same arguments give the same bytes.</summary>
    /// <param name="metadata">Strings to keep with the tensors, in the order they are written.</param>
    /// <param name="tensors">Tensors of different names, in the order they are written.</param>
    /// <param name="before">Where the old file is kept; null keeps none.</param>
    public static void Write(string path, IReadOnlyList<(string Key, string Value)> metadata,
        IReadOnlyList<NamedTensor> tensors, string? before = null)
    {
        OrderedDictionary<string, object> fields = new()
        {
            ["__metadata__"] = new OrderedDictionary<string, string>(
                metadata.Select(note => KeyValuePair.Create(note.Key, note.Value))),
        };
        var end = 0L;
        foreach (var (name, shape, values) in tensors)
        {
            Check.That(values.Length == shape.Count, name, $"{shape.Count} numbers for {shape}", values.Length);
            long[] offsets = [end, end += 4L * shape.Count];
            var field = new { dtype = "F32", shape = shape.Extents, data_offsets = offsets };
            Check.That(fields.TryAdd(name, field), nameof(tensors), "different names other than __metadata__", name);
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(fields);
        byte[] header = [.. json, .. Enumerable.Repeat((byte)' ', -json.Length & 7)];
        AtomicFile.Write(path, (Stream stream) =>
        {
            stream.Write(BitConverter.GetBytes((long)header.Length));
            stream.Write(header);
            foreach (var tensor in tensors) stream.Write(MemoryMarshal.AsBytes(tensor.Values.Span));
        }, before);
    }

    /// <summary>What a file of another format holds.</summary>
    internal static SafeTensors Of(string path, ImmutableDictionary<string, string> metadata,
        ImmutableArray<NamedTensor> tensors) => new(path, metadata, tensors);

    /// <summary>Reads a whole file; a FileException names a damaged file and what was expected.</summary>
    public static SafeTensors Read(string path) =>
        Reading.Of(path, "a safetensors header and its numbers", () => Read(path, File.ReadAllBytes(path)));

    static SafeTensors Read(string path, byte[] bytes)
    {
        if (bytes.Length < 8) throw Wrong(path, "eight bytes with the header's length", $"{bytes.Length} bytes");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > LongestHeader || 8 + (long)length > bytes.Length)
            throw Wrong(path, $"a header inside the file's {bytes.Length} bytes", $"a header of {length} bytes");
        var start = 8 + (int)length;
        using var header = JsonDocument.Parse(bytes.AsMemory(8, (int)length), Reading.Json);
        var metadata = ImmutableDictionary<string, string>.Empty;
        var tensors = new List<(string Name, Shape Shape, long Begin, long End)>();
        foreach (var entry in header.RootElement.EnumerateObject())
            if (entry.Name == "__metadata__")
                metadata = entry.Value.Deserialize<ImmutableDictionary<string, string>>() ?? metadata;
            else tensors.Add(Tensor(path, entry, bytes.AsSpan(start)));
        tensors.Sort((x, y) => (x.Begin, x.End).CompareTo((y.Begin, y.End)));
        var end = 0L;
        foreach (var (name, _, begin, after) in tensors)
        {
            if (begin != end)
                throw Wrong(path, $"\"{name}\" to begin at byte {end} of the data", $"{begin}");
            end = after;
        }
        if (start + end != bytes.Length) throw Wrong(path, $"{start + end} bytes", $"{bytes.Length}");
        // Only now: tensors that overlap would take more than the file.
        return new(path, metadata, [.. tensors.Select(each => new NamedTensor(each.Name, each.Shape, MemoryMarshal
            .Cast<byte, float>(bytes.AsSpan()[(start + (int)each.Begin)..(start + (int)each.End)]).ToArray()))]);
    }

    static (string, Shape, long Begin, long End) Tensor(string path, JsonProperty entry, ReadOnlySpan<byte> data)
    {
        var (name, fields) = ($"\"{entry.Name}\"", entry.Value);
        var type = fields.GetProperty("dtype").GetString();
        if (type != "F32") throw Wrong(path, $"{name} of dtype F32", $"{type}");
        Shape shape = new([.. fields.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())]);
        var offsets = fields.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
            throw Wrong(path, $"{name} with two data_offsets", $"{offsets.GetArrayLength()}");
        var (begin, end, size) = (offsets[0].GetInt64(), offsets[1].GetInt64(), 4L * shape.Count);
        if (begin < 0 || end < begin || end - begin != size)
            throw Wrong(path, $"{name} to take {size} bytes", $"bytes {begin} to {end}");
        if (end > data.Length)
            throw Wrong(path, $"{name} at bytes {begin} to {end} of the data",
                $"{data.Length} bytes of data, the file is cut short");
        return (entry.Name, shape, begin, end);
    }

    /// <summary>"path: expected …, got …."</summary>
    internal FileException Wrong(string expected, string actual) => Wrong(Path, expected, actual);

    static FileException Wrong(string path, string expected, string actual) =>
        new($"{path}: expected {expected}, got {actual}.");
}
