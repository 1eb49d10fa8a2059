using System.Text;
using Iql.Data;
using Iql.Policies;
using Iql.Training;

namespace Iql.Export;

/// <summary>The formats of an exported policy.</summary>
public enum PolicyFormat
{
    /// <summary>An ONNX model.</summary>
    Onnx,
    /// <summary>Its numbers alone, as safetensors.</summary>
    SafeTensors,
    /// <summary>One file of C#.</summary>
    CSharp,
}

/// <summary>Writes a policy for other programs: the file, and its <see cref="PolicyCard"/> beside it, FILE.json behind
/// its whole name. Normaliser, scaling and bounds are inside.</summary>
public static class PolicyExport
{
    /// <summary>Writes both files, each whole or not at all.</summary>
    /// <param name="licence">What may be done with it, for the card; null says nothing.</param>
    /// <returns>The card's path.</returns>
    public static string Save(Policy policy, PolicyFormat format, string path, string? licence = null)
    {
        var card = PolicyCard.Of(policy, licence);
        var bytes = format switch
        {
            PolicyFormat.Onnx => OnnxFile.Of(policy, card),
            PolicyFormat.CSharp => Encoding.UTF8.GetBytes(CSharpFile.Of(policy, card, CSharpFile.ClassOf(path))),
            _ => [],
        };
        var beside = path + ".json";
        AtomicFile.Write(beside, (Stream stream) => stream.Write(Encoding.UTF8.GetBytes(card.ToJson() + "\n")));
        if (format == PolicyFormat.SafeTensors)
        {
            var tensors = PolicyGraph.Of(policy, 1).Parameters;
            SafeTensors.Write(path, card.Notes(policy, tensors), tensors);
        }
        else AtomicFile.Write(path, (Stream stream) => stream.Write(bytes));
        return beside;
    }
}
