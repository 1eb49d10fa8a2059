using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Iql.Training;

/// <summary>Checksums of a safetensors file in its own metadata: "sha256:NAME" of each tensor's numbers, and "sha256"
/// of all other strings with the tensors' names and shapes. Other programs read the file as any other.</summary>
static class TensorSums
{
    const string Whole = "sha256";

    /// <summary>The metadata with its checksums.</summary>
    internal static (string Key, string Value)[] Added(
        IEnumerable<(string Key, string Value)> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        (string Key, string Value)[] notes =
            [.. metadata, .. tensors.Select(tensor => ($"{Whole}:{tensor.Name}", Sum(tensor)))];
        return [.. notes, (Whole, Sum(notes, tensors))];
    }

    /// <summary>Compares a file with its checksums.</summary>
    /// <exception cref="FileException">One does not fit; the message names the tensor.</exception>
    internal static void Check(SafeTensors file)
    {
        foreach (var tensor in file.Tensors)
            if (file.Note($"{Whole}:{tensor.Name}") != Sum(tensor))
                throw file.Wrong("the numbers that were saved", $"a tensor \"{tensor.Name}\" with others");
        var notes = file.Metadata.Where(note => note.Key != Whole).Select(note => (note.Key, note.Value));
        if (file.Note(Whole) != Sum(notes, file.Tensors))
            throw file.Wrong("the header that was saved", "another: its checksum does not fit");
    }

    static string Sum(NamedTensor tensor) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(tensor.Values.Span)));

    static string Sum(IEnumerable<(string Key, string Value)> notes, IReadOnlyList<NamedTensor> tensors)
    {
        var lines = notes.Select(note => $"{note.Key}={note.Value}").Order(StringComparer.Ordinal)
            .Concat(tensors.Select(tensor => $"{tensor.Name} {tensor.Shape}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }
}
