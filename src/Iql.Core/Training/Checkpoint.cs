using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Iql.Algorithms;
using Iql.Execution;
using Iql.Graph;
using Iql.Training.Online;

namespace Iql.Training;

/// <summary>The checkpoint.json of a run folder: which lines of metrics.jsonl belong to its checkpoints. It is written
/// before the checkpoint, so it always has the marks of both files.</summary>
/// <param name="Run">The run's <see cref="RunConfig.Identity"/>.</param>
/// <param name="Saved">The marks of the checkpoint before, if any, and of the newest.</param>
public sealed record CheckpointRecord(string Format, string Run, ulong Seed, ImmutableArray<MetricsMark> Saved);

/// <summary>All that one run needs to go on, bit for bit, in one file: run, seed and step in the metadata, the tensors
/// of the shared block as "shared/…", those of the member as "member/…". The checkpoint before is kept until the run
/// ends. Every tensor and every file has a checksum, which is checked wherever it is read.</summary>
public static class Checkpoint
{
    const string FormatName = "iql-checkpoint-2", ActingNote = "acting";

    /// <summary>Replaces a folder's checkpoint and keeps the one before. The same state gives the same
    /// bytes.</summary>
    /// <param name="member">Which member's policy to save, from 0.</param>
    /// <param name="marks">The metrics of the checkpoint before, if any, and of this one; null is all lines that
    /// are in the file now.</param>
    /// <param name="acting">Where acting stands; its rows are in <see cref="OnlineRows"/> before.</param>
    public static void Save(RunFolder folder, LearnerState state, int member = 0,
        ImmutableArray<MetricsMark>? marks = null, ActingState? acting = null)
    {
        var members = state.Blocks.Length - 1;
        Check.That(member >= 0 && member < members, nameof(member), $"one of {members} members", member);
        NamedTensor[] tensors =
            [.. Tensors("shared", state.Blocks[0]), .. Tensors("member", state.Blocks[member + 1])];
        if (marks is null)
        {
            using var metrics = new MetricsFile(folder.MetricsPath);
            marks = [metrics.Mark(state.Step)];
        }
        var run = Run(folder);
        RunJson.Write(folder.RecordPath, new CheckpointRecord(FormatName, run, state.Seed.Value, marks.Value));
        List<(string, string)> own = [("format", FormatName), ("step", $"{state.Step}"),
            ("seed", $"{state.Seed.Value}"), ("run", run)];
        if (acting is not null) own.Add((ActingNote, JsonSerializer.Serialize(acting, MetricsLine.Options)));
        var notes = TensorSums.Added(own, tensors);
        SafeTensors.Write(folder.CheckpointPath, notes, tensors, before: folder.CheckpointBeforePath);
    }

    /// <summary>The step from which a folder's run goes on: of its newest whole checkpoint; 0 without any.</summary>
    /// <exception cref="FileException">There are checkpoints, and all are damaged.</exception>
    public static long Step(RunFolder folder)
    {
        Exception? first = null;
        foreach (var path in new[] { folder.CheckpointPath, folder.CheckpointBeforePath }.Where(File.Exists))
        {
            try { return Step(Open(folder, path)); }
            catch (FileException error) when (error.IsDamage) { first ??= error; }
        }
        return first is null ? 0 : throw folder.Damaged(first.Message);
    }

    /// <summary>A folder's checkpoint, as the state of a learner with one member; null without one.</summary>
    /// <exception cref="FileException">It is damaged, of another run, or of other networks.</exception>
    public static LearnerState? Load(RunFolder folder, Layout shared, Layout member)
    {
        if (!File.Exists(folder.CheckpointPath)) return null;
        var file = folder.Guarded(() => Open(folder, folder.CheckpointPath));
        if (!ulong.TryParse(file.Note("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
            throw file.Wrong("a whole number as seed", file.Note("seed"));
        var tensors = shared.Entries.Length + member.Entries.Length;
        if (file.Tensors.Length != tensors) throw file.Wrong($"{tensors} tensors", $"{file.Tensors.Length}");
        return new(new(seed), Step(file), [Block(file, "shared", shared), Block(file, "member", member)]);
    }

    /// <summary>Where acting stood at a folder's checkpoint; null without one, and before the switch.</summary>
    /// <exception cref="FileException">It is damaged, or of another run.</exception>
    public static ActingState? Acting(RunFolder folder) => !File.Exists(folder.CheckpointPath) ? null
        : folder.Guarded(() => Acting(Open(folder, folder.CheckpointPath)));

    static ActingState? Acting(SafeTensors file) => file.Metadata.TryGetValue(ActingNote, out var text)
        ? JsonSerializer.Deserialize<ActingState>(text, MetricsLine.Options) : null;

    /// <summary>Compares a folder's checkpoint, and the metrics up to it, with their checksums.</summary>
    /// <returns>Null where all is whole, or there is none; else what is wrong.</returns>
    internal static string? Problem(RunFolder folder)
    {
        // A trainer may replace the files meanwhile: only what stays wrong is damage.
        for (var tries = 3; ; tries--, Thread.Sleep(50))
            try
            {
                var path = folder.CheckpointPath;
                var problem = File.Exists(path) ? Problem(folder, path) : null;
                if (problem is null || tries == 1) return problem;
            }
            catch (FileException) when (tries > 1) { }
    }

    static string? Problem(RunFolder folder, string path)
    {
        try
        {
            var file = Open(folder, path);
            _ = Mark(folder, Step(file));
            if (Acting(file) is { } acting) OnlineRows.Read(folder, acting, null);
            return null;
        }
        catch (FileException error) when (error.IsDamage)
        {
            return error.Message;
        }
    }

    /// <summary>Puts the checkpoint before in the place of one that is damaged, or whose metrics are. Only for the
    /// holder of the folder's claim.</summary>
    /// <returns>What was damaged and where the run goes on; null where nothing was.</returns>
    /// <exception cref="FileException">No checkpoint is whole.</exception>
    public static string? Restore(RunFolder folder)
    {
        var (newest, before) = (folder.CheckpointPath, folder.CheckpointBeforePath);
        var problem = File.Exists(newest) ? Problem(folder, newest) : File.Exists(before) ? "" : null;
        if (problem is null) return null;
        if (!File.Exists(before)) throw folder.Damaged(problem);
        if (Problem(folder, before) is { } other) throw folder.Damaged(problem == "" ? other : problem);
        File.Move(before, newest, overwrite: true);
        // A process that was killed between two renamings leaves only the checkpoint before: no damage.
        return problem == "" ? null
            : $"{problem} The run continues from the checkpoint before, of step {Step(folder)}.";
    }

    /// <summary>The metrics that belong to a folder's checkpoint of a step, compared with the file.</summary>
    /// <exception cref="FileException">The record or the metrics are damaged.</exception>
    internal static MetricsMark Mark(RunFolder folder, long step)
    {
        if (step == 0) return MetricsMark.None;
        var record = File.Exists(folder.RecordPath)
            ? RunJson.Read<CheckpointRecord>(folder.RecordPath, FormatName) : null;
        var mark = record?.Saved.FirstOrDefault(each => each.Step == step);
        if (mark is null || record!.Run != Run(folder))
            throw new FileException($"{folder.RecordPath}: expected a record of this run's step {step}, "
                + $"got {(record is null ? "no file" : "none")}.");
        var lines = File.Exists(folder.MetricsPath) ? File.ReadAllBytes(folder.MetricsPath) : [];
        return mark.Fits(lines) ? mark : throw new FileException($"{folder.MetricsPath}: "
            + $"expected the {mark.Lines} lines that were saved up to step {step}, got others or fewer.");
    }

    static string Run(RunFolder folder) =>
        File.Exists(folder.ConfigPath) ? folder.ReadConfig().Identity : "";

    static SafeTensors Open(RunFolder folder, string path)
    {
        var file = SafeTensors.Read(path);
        _ = Step(file);
        TensorSums.Check(file);
        var run = Run(folder);
        return file.Note("run") == run ? file : throw file.Wrong($"the run {run} of config.json", file.Note("run"));
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
