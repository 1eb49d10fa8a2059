using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Iql.Algorithms;
using Iql.Data;
using Iql.Training.Online;

namespace Iql.Training;

/// <summary>How a data file came about, in its own words: `iql data collect` writes them as metadata.</summary>
/// <param name="Rows">Rows in the file, of which training keeps most.</param>
/// <param name="Task">The task it was collected in, or null.</param>
/// <param name="Policies">Who acted, a line each: "hopper-sac: a policy file, drawn actions, noise 0".</param>
/// <param name="Seed">The collection's seed, or null.</param>
/// <param name="Collected">Whether `iql data collect` wrote it, so that it is no file of D4RL.</param>
public sealed record DataOrigin(long Rows, string? Task, ImmutableArray<string> Policies, string? Seed, bool Collected);

/// <summary>Which transitions a run learns from.</summary>
/// <param name="Name">Short name, "pointmaze-umaze-stitch-v0".</param>
/// <param name="Source">Where they came from: a file's name, or "generated".</param>
/// <param name="Transitions">N, rows after preparation.</param>
/// <param name="Episodes">Number of episodes.</param>
/// <param name="Fingerprint">A hash of the numbers: two datasets with the same one are the same.</param>
/// <param name="Origin">How the file came about; null without a file, or where it says nothing.</param>
/// <param name="Columns">Names, units and bounds of the columns; null where the source says none.</param>
public sealed record DatasetInfo(
    string Name, string Source, long Transitions, long Episodes, string Fingerprint, DataOrigin? Origin = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DataColumns? Columns = null);

/// <summary>The config.json of a run folder: everything that decides the run's numbers, and what they were computed
/// with. Two configurations are equal when they decide the same numbers. Machine, version, commit, the preset's words,
/// the dataset's origin and the names of its columns are not compared.</summary>
public sealed record RunConfig
{
    /// <summary>Name and version of this file's format.</summary>
    public const string FormatName = "iql-run-2";

    public string Format { get; init; } = FormatName;

    /// <summary>The algorithm's short name, "iql".</summary>
    public required string Algorithm { get; init; }
    /// <summary>Name of the task the policy is evaluated on, or null without evaluation.</summary>
    public string? Task { get; init; }

    public required DatasetInfo Dataset { get; init; }

    /// <summary>The run's number among its repetitions, 0, 1, 2, …</summary>
    public ulong Seed { get; init; }
    /// <summary>Training steps in all, at least 1.</summary>
    public long Steps { get; init; } = 1_000_000;
    /// <summary>B, transitions a step, at least 1.</summary>
    public int BatchSize { get; init; } = 256;
    /// <summary>Steps from one evaluation to the next; there is always one at step 0 and one after the last step.
    /// At least 1.</summary>
    public long EvaluateEvery { get; init; } = 50_000;
    /// <summary>Episodes an evaluation; 0 is no evaluation.</summary>
    public int EvaluationEpisodes { get; init; } = 20;
    /// <summary>Steps from one train line in metrics.jsonl to the next, at least 1.</summary>
    public long LogEvery { get; init; } = 1_000;
    /// <summary>Steps from one checkpoint to the next; there is always one after the last step. At least 1.</summary>
    public long CheckpointEvery { get; init; } = 50_000;
    /// <summary>The algorithm's config as a JSON object.</summary>
    public required JsonElement Hyperparameters { get; init; }
    /// <summary>The preset that the hyperparameters started from, in words; null without one.</summary>
    public string? Preset { get; init; }
    /// <summary>How observations and rewards were changed before training.</summary>
    public Normalization Normalization { get; init; } = Normalization.None;

    /// <summary>How the run goes on online after its offline steps; null is offline only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FineTuning? FineTuning { get; init; }

    public Machine Machine { get; init; } = Machine.Here;
    public string Version { get; init; } = Machine.Version;
    public string Commit { get; init; } = Machine.Commit;

    /// <summary>What all randomness of the run comes from: well-mixed bits also for seeds 0, 1, 2, …</summary>
    public Seed Root() => Iql.Seed.Named("run").Split(Seed);

    /// <summary>16 hexadecimal digits of all that decides the numbers of a step: runs with the same ones have the same
    /// state at the same step. How many steps, and when to log and save, is not in it.</summary>
    [JsonIgnore]
    public string Identity => MetricsMark.Sum(FineTuning is null
        ? JsonSerializer.SerializeToUtf8Bytes(
            new { Algorithm, Dataset.Fingerprint, Seed, BatchSize, Endless.Hyperparameters, Normalization },
            RunJson.Options)
        : JsonSerializer.SerializeToUtf8Bytes(
            new { Algorithm, Dataset.Fingerprint, Seed, BatchSize, Hyperparameters, Normalization, Task, FineTuning },
            RunJson.Options))[..16];

    /// <summary>The run without its length, where no schedule ends with it.</summary>
    RunConfig Endless => Algorithms.Algorithm.Find(Algorithm)?.Standard.FromJson(Hyperparameters) is { } own
        && own.EndsWithRun is null ? this with { Hyperparameters = own.ForSteps(1).ToJson() } : this;

    /// <summary>Throws an ArgumentException when a number is out of its range.</summary>
    public RunConfig Checked()
    {
        Check.That(Format == FormatName, "format", FormatName, Format, "It was written by another version of Iql.");
        Check.AtLeast(BatchSize, 1, "batchSize");
        Normalization.Checked();
        FineTuning?.Check(BatchSize, Dataset.Transitions); // first: the steps follow from it
        Check.AtLeast(Steps, 1, "steps");
        Check.AtLeast(EvaluateEvery, 1, "evaluateEvery");
        Check.AtLeast(EvaluationEpisodes, 0, "evaluationEpisodes");
        Check.AtLeast(LogEvery, 1, "logEvery");
        Check.AtLeast(CheckpointEvery, 1, "checkpointEvery");
        var kind = Hyperparameters.ValueKind;
        Check.That(kind == JsonValueKind.Object, "hyperparameters", "a JSON object", kind);
        if (FineTuning is not null) CheckOnline(FineTuning);
        return this;
    }

    void CheckOnline(FineTuning online)
    {
        Check.That(Steps == online.Steps, "steps", $"{online.Steps}, those of both phases", Steps);
        Check.That(Task is not null, "task", "a task with an environment to act in", Task, "Name one.");
        if (Algorithms.Algorithm.Find(Algorithm)?.Standard.FromJson(Hyperparameters) is not { } own) return;
        if (online.Schedule == OnlineSchedule.Constant)
            Check.That(own.EndsWithRun is null, "schedule", "constant learning rates in both phases", own.EndsWithRun,
                "Set constant rates, or let schedules finish at the switch.");
        else
        {
            var ending = own.ForSteps((int)Math.Clamp(online.OfflineSteps, 1, int.MaxValue));
            Check.That(own.Equals(ending), "schedule", $"schedules that end at step {online.OfflineSteps}", "others");
        }
    }

    /// <summary>The first field that decides different numbers, as "name: this, that"; null for the same run.</summary>
    public string? FirstDifference(RunConfig other) =>
        Difference("", RunJson.Element(Deciding()), RunJson.Element(other.Deciding()));

    /// <summary>This run as it goes on in a folder that has begun with at most as many steps: with the folder's
    /// intervals, where the run's own are the usual shares of its steps. Null for another run.</summary>
    /// <param name="stored">The folder's configuration.</param>
    /// <param name="obstacle">What ends with the run, where the steps differ; else null.</param>
    public RunConfig? Continuing(RunConfig stored, out string? obstacle)
    {
        obstacle = null;
        if (stored.Steps > Steps || Algorithms.Algorithm.Find(Algorithm) is not { } algorithm) return null;
        var own = algorithm.Standard.FromJson(Hyperparameters);
        var tenth = Math.Max(1, Steps / 10);
        var longer = this with
        {
            LogEvery = stored.LogEvery,
            EvaluateEvery = EvaluateEvery == tenth ? stored.EvaluateEvery : EvaluateEvery,
            CheckpointEvery = CheckpointEvery == tenth ? stored.CheckpointEvery : CheckpointEvery,
        };
        var before = own.ForSteps((int)Math.Min(stored.Steps, int.MaxValue)).ToJson();
        // Schedules that end with the run are the obstacle, not a difference.
        var same = longer with { Steps = stored.Steps, Hyperparameters = before };
        if (own.EndsWithRun is { } ends && stored.Steps != Steps)
        {
            obstacle = ends;
            return (same with { Hyperparameters = stored.Hyperparameters }).FirstDifference(stored) is null
                ? longer : null;
        }
        return same.FirstDifference(stored) is null ? longer : null;
    }

    /// <summary>The same run at other intervals, each in steps.</summary>
    public RunConfig At(long log, long evaluate, long checkpoint) =>
        this with { LogEvery = log, EvaluateEvery = evaluate, CheckpointEvery = checkpoint };

    /// <summary>The same run on a device, in words.</summary>
    public RunConfig On(string device) => this with { Machine = Machine with { Device = device } };

    public bool Equals(RunConfig? other) => other is not null && FirstDifference(other) is null;

    public override int GetHashCode() => HashCode.Combine(Algorithm, Task, Dataset.Fingerprint, Seed, Steps);

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Algorithm} on {Dataset?.Name}, seed {Seed}, {Steps} steps");

    RunConfig Deciding() => this with
    {
        Machine = new("", 0, 0, "", ""),
        Version = "",
        Commit = "",
        Preset = null,
        Dataset = Dataset with { Source = "", Origin = null, Columns = null },
    };

    static string? Difference(string path, JsonElement here, JsonElement there)
    {
        if (here.ValueKind != JsonValueKind.Object || there.ValueKind != JsonValueKind.Object)
            return JsonElement.DeepEquals(here, there) ? null : $"{path}: {here.GetRawText()}, {there.GetRawText()}";
        var fields = here.EnumerateObject().Concat(there.EnumerateObject());
        foreach (var name in fields.Select(field => field.Name).Distinct())
        {
            var where = path == "" ? name : $"{path}.{name}";
            if (!here.TryGetProperty(name, out var mine))
                return $"{where}: nothing, {there.GetProperty(name).GetRawText()}";
            if (!there.TryGetProperty(name, out var theirs)) return $"{where}: {mine.GetRawText()}, nothing";
            if (Difference(where, mine, theirs) is { } difference) return difference;
        }
        return null;
    }
}
