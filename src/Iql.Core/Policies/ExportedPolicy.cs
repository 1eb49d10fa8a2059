using System.Globalization;
using System.Text.Json;
using Iql.Algorithms;
using Iql.Execution;
using Iql.Graph;
using Iql.Training;

namespace Iql.Policies;

/// <summary>What an exported policy holds beside its numbers, so that it is read back: config.json, step, seed, and a
/// checksum of every tensor and of the rest.</summary>
static class ExportedPolicy
{
    internal static IReadOnlyList<(string Key, string Value)> Notes(
        Policy policy, IEnumerable<(string Key, string Value)> own, IReadOnlyList<NamedTensor> tensors) =>
        TensorSums.Added([.. own, ("config", JsonSerializer.Serialize(policy.Config, RunJson.Options)),
            ("step", $"{policy.State.Step}"), ("seed", $"{policy.State.Seed.Value}")], tensors);

    /// <summary>Reads a file, and compares it with its checksums.</summary>
    internal static SafeTensors Read(string path)
    {
        var file = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".onnx" => OnnxReader.Read(path),
            ".safetensors" => SafeTensors.Read(path),
            _ => throw new FileException($"{path}: expected a run's folder, or a policy that `iql export` wrote as "
                + ".onnx or .safetensors, got another file."),
        };
        if (!file.Metadata.ContainsKey("config")) throw new FileException(
            $"{path}: expected a policy that `iql export` wrote, got a file of another program.");
        TensorSums.Check(file);
        return file;
    }

    internal static RunConfig Config(SafeTensors file) => Reading.Of(file.Path, "a policy that `iql export` wrote",
        () => JsonSerializer.Deserialize<RunConfig>(file.Note("config"), RunJson.Options)!.Checked());

    /// <summary>The state of its learner. What acting does not read is 0.</summary>
    internal static LearnerState State(SafeTensors file, Learner learner)
    {
        HashSet<string> read =
            [.. Order.Of(learner.Act(1).Results).Where(node => node.Op == Op.Input).Select(node => node.Name)];
        TensorBlock[] blocks = [new(learner.Blocks[0]), new(learner.Blocks[1])];
        foreach (var (prefix, block) in new[] { ("shared", blocks[0]), ("member", blocks[1]) })
            foreach (var entry in block.Layout.Entries)
                if (read.Contains($"{block.Layout.Name}/{entry.Name}"))
                    block.Write(entry.Name, file.Find($"{prefix}/{entry.Name}", entry.Shape).Values.Span);
        return new(new(ulong.Parse(file.Note("seed"), CultureInfo.InvariantCulture)),
            long.Parse(file.Note("step"), CultureInfo.InvariantCulture), [.. blocks]);
    }
}
