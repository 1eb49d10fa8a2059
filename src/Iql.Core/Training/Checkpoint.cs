using System.Collections.Immutable;
using System.Globalization;
using Iql.Algorithms;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>
/// All that one run needs to go on, bit for bit, in one file: seed and step in the metadata, the shared block's tensors as
/// "shared/…", the member's as "member/…". checkpoint.json beside it repeats step and seed for people and is never read.
/// </summary>
public static class Checkpoint
{
    const string FormatName = "iql-checkpoint-1";

    /// <summary>Replaces a folder's checkpoint. The same state gives the same bytes.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="state">State of a learner with one member or several.</param>
    /// <param name="member">Which member's policy to save, from 0.</param>
    public static void Save(RunFolder folder, LearnerState state, int member = 0)
    {
        Check.That(member >= 0 && member + 1 < state.Blocks.Length, nameof(member), $"one of {state.Blocks.Length - 1} members", member);
        (string, string)[] metadata = [("format", FormatName), ("step", Text(state.Step)), ("seed", Text(state.Seed.Value))];
        SafeTensors.Write(folder.CheckpointPath, metadata, [.. Tensors("shared", state.Blocks[0]), .. Tensors("member", state.Blocks[member + 1])]);
        RunJson.Write(Path.ChangeExtension(folder.CheckpointPath, ".json"),
            new { Format = FormatName, state.Step, Seed = state.Seed.Value, Tensors = state.Blocks[0].Layout.Entries.Length + state.Blocks[member + 1].Layout.Entries.Length });
    }

    /// <summary>The step of a folder's checkpoint; 0 without one.</summary>
    public static long Step(RunFolder folder) => File.Exists(folder.CheckpointPath) ? Step(SafeTensors.Read(folder.CheckpointPath)) : 0;

    /// <summary>
    /// A folder's checkpoint, as the state of a learner with one member; null without one. InvalidDataException names the file and what was
    /// expected when it is damaged or of other networks.
    /// </summary>
    /// <param name="folder">The run.</param>
    /// <param name="shared">Layout of the shared block.</param>
    /// <param name="member">Layout of a member's block.</param>
    public static LearnerState? Load(RunFolder folder, Layout shared, Layout member)
    {
        if (!File.Exists(folder.CheckpointPath)) return null;
        var file = SafeTensors.Read(folder.CheckpointPath);
        var step = Step(file);
        if (!ulong.TryParse(file.Note("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
            throw new InvalidDataException($"{folder.CheckpointPath}: expected a whole number as seed, got {file.Note("seed")}.");
        if (file.Tensors.Length != shared.Entries.Length + member.Entries.Length)
            throw new InvalidDataException(
                $"{folder.CheckpointPath}: expected {shared.Entries.Length + member.Entries.Length} tensors, got {file.Tensors.Length}.");
        return new(new(seed), step, [Block(file, "shared", shared), Block(file, "member", member)]);
    }

    static long Step(SafeTensors file)
    {
        var format = file.Note("format");
        if (format == FormatName && long.TryParse(file.Note("step"), NumberStyles.None, CultureInfo.InvariantCulture, out var step)) return step;
        throw new InvalidDataException($"{file.Path}: expected format {FormatName} and a step, got {format} and {file.Note("step")}.");
    }

    static IEnumerable<NamedTensor> Tensors(string prefix, TensorBlock block) =>
        block.Layout.Entries.Select(entry => new NamedTensor($"{prefix}/{entry.Name}", entry.Shape, block.Read(entry.Name)));

    static TensorBlock Block(SafeTensors file, string prefix, Layout layout)
    {
        var block = new TensorBlock(layout);
        foreach (var entry in layout.Entries) block.Write(entry.Name, file.Find($"{prefix}/{entry.Name}", entry.Shape).Values.Span);
        return block;
    }

    static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
