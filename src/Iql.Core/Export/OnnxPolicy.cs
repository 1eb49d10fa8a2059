using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;
using Iql.Policies;
using Iql.Training;

namespace Iql.Export;

/// <summary>Reads a policy back from the ONNX model that <see cref="PolicyExport"/> wrote: its numbers, its card and
/// config.json in the metadata. It acts by the learner's own graph, not by the model's nodes.</summary>
public static class OnnxPolicy
{
    /// <summary>Reads the policy.</summary>
    /// <exception cref="FileException">The file is damaged, or others wrote it.</exception>
    public static Policy Load(string path) => Reading.Of(path, "an .onnx file of `iql export`", () => Read(path));

    static Policy Read(string path)
    {
        Dictionary<string, string> notes = [];
        Dictionary<string, ReadOnlyMemory<byte>> tensors = [];
        foreach (var (field, message) in Fields(File.ReadAllBytes(path)))
            if (field == 14) notes[Text(message, 1)] = Text(message, 2);
            else if (field == 7)
                foreach (var (_, tensor) in Fields(message).Where(part => part.Field == 5))
                    tensors[Text(tensor, 8)] = Part(tensor, 9);
        if (!notes.TryGetValue("config", out var text) || !notes.TryGetValue("card", out var described))
            throw new InvalidDataException($"{path}: expected an .onnx file of `iql export`, got another model.");
        var config = JsonSerializer.Deserialize<RunConfig>(text, RunJson.Options)!.Checked();
        using var card = JsonDocument.Parse(described, Reading.Json);
        var own = (Algorithm.Find(config.Algorithm) ?? throw new InvalidDataException(
            $"{path}: expected an algorithm of this version, got {config.Algorithm}.")).Standard
            .FromJson(config.Hyperparameters);
        var actions = card.RootElement.GetProperty("actions");
        var discrete = own.Find("actions")?.Get(own) is ActionKind.Discrete;
        var size = discrete ? 1 + actions[0].GetProperty("greatest").GetInt32() : actions.GetArrayLength();
        var observation = card.RootElement.GetProperty("observations").GetArrayLength();
        var learner = own.Learner(observation, size);
        LearnerState state = new(config.Root(), card.RootElement.GetProperty("step").GetInt64(),
            [Block("shared", learner.Blocks[0]), Block("member", learner.Blocks[1])]);
        var kind = discrete ? ActionKind.Discrete : ActionKind.Continuous;
        var policy = new Policy(path, config, learner, state, new(kind, size), observation);
        foreach (var needed in PolicyGraph.Of(policy, 1).Parameters)
            if (!tensors.ContainsKey(needed.Name))
                throw new InvalidDataException($"{path}: expected the tensor {needed.Name}, found none.");
        return policy;

        TensorBlock Block(string prefix, Layout layout)
        {
            var block = new TensorBlock(layout);
            foreach (var entry in layout.Entries)
                if (tensors.TryGetValue($"{prefix}/{entry.Name}", out var bytes))
                    block.Write(entry.Name, bytes.Length == 4L * entry.Shape.Count
                        ? MemoryMarshal.Cast<byte, float>(bytes.Span) : throw new InvalidDataException(
                            $"{path}: {entry.Name}: expected {entry.Shape.Count} numbers, got {bytes.Length / 4}."));
            return block;
        }
    }

    static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> message, int field) =>
        Fields(message).FirstOrDefault(part => part.Field == field).Bytes;

    static string Text(ReadOnlyMemory<byte> message, int field) => Encoding.UTF8.GetString(Part(message, field).Span);

    /// <summary>The fields of a message that are bytes, as <see cref="Protobuf"/> writes them; numbers are passed
    /// over.</summary>
    static IEnumerable<(int Field, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var key = Varint();
            var length = (key & 7) switch { 1 => 8, 2 => (long)Varint(), 5 => 4, 0 => 0, _ => long.MaxValue };
            if (length < 0 || length > message.Length - at)
                throw new InvalidDataException("a field ends behind its message");
            if ((key & 7) == 0) Varint();
            if ((key & 7) == 2) yield return ((int)(key >> 3), message.Slice(at, (int)length));
            at += (int)length;
        }

        ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                if (at >= message.Length || shift > 63) throw new InvalidDataException("a number without an end");
                var next = message.Span[at++];
                value |= (ulong)(next & 127) << shift;
                if (next < 128) return value;
            }
        }
    }
}
