using System.Globalization;
using Iql.Algorithms;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>All that one run needs to go on, bit for bit, in one file: seed and step in the metadata, the tensors of
/// the shared block as "shared/…", those of the member as "member/…". checkpoint.json beside it is for people and is
/// never read.</summary>
public static class Checkpoint
{
    const string FormatName = "iql-checkpoint-1";

    /// <summary>Replaces a folder's checkpoint. The same state gives the same bytes.</summary>
    /// <param name="member">Which member's policy to save, from 0.</param>
    public static void Save(RunFolder folder, LearnerState state, int member = 0)
    {
        var members = state.Blocks.Length - 1;
        Check.That(member >= 0 && member < members, nameof(member), $"one of {members} members", member);
        NamedTensor[] tensors =
            [.. Tensors("shared", state.Blocks[0]), .. Tensors("member", state.Blocks[member + 1])];
        SafeTensors.Write(folder.CheckpointPath,
            [("format", FormatName), ("step", $"{state.Step}"), ("seed", $"{state.Seed.Value}")], tensors);
        RunJson.Write(Path.ChangeExtension(folder.CheckpointPath, ".json"),
            new { Format = FormatName, state.Step, Seed = state.Seed.Value, Tensors = tensors.Length });
    }

    /// <summary>The step of a folder's checkpoint; 0 without one.</summary>
    public static long Step(RunFolder folder) =>
        File.Exists(folder.CheckpointPath) ? Step(SafeTensors.Read(folder.CheckpointPath)) : 0;

    /// <summary>A folder's checkpoint, as the state of a learner with one member; null without one. An
    /// InvalidDataException names the file and what was expected when it is damaged or of other networks.</summary>
    public static LearnerState? Load(RunFolder folder, Layout shared, Layout member)
    {
        if (!File.Exists(folder.CheckpointPath)) return null;
        var file = SafeTensors.Read(folder.CheckpointPath);
        var step = Step(file);
        if (!ulong.TryParse(file.Note("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
            throw file.Wrong("a whole number as seed", file.Note("seed"));
        var tensors = shared.Entries.Length + member.Entries.Length;
        if (file.Tensors.Length != tensors) throw file.Wrong($"{tensors} tensors", $"{file.Tensors.Length}");
        return new(new(seed), step, [Block(file, "shared", shared), Block(file, "member", member)]);
    }

    static long Step(SafeTensors file)
    {
        var (format, text) = (file.Note("format"), file.Note("step"));
        var read = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step);
        return format == FormatName && read ? step
            : throw file.Wrong($"format {FormatName} and a step", $"{format} and {text}");
    }

    static IEnumerable<NamedTensor> Tensors(string prefix, TensorBlock block) =>
        from entry in block.Layout.Entries
        select new NamedTensor($"{prefix}/{entry.Name}", entry.Shape, block.Read(entry.Name));

    static TensorBlock Block(SafeTensors file, string prefix, Layout layout)
    {
        var block = new TensorBlock(layout);
        foreach (var entry in layout.Entries)
            block.Write(entry.Name, file.Find($"{prefix}/{entry.Name}", entry.Shape).Values.Span);
        return block;
    }
}
