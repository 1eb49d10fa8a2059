using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Iql.Training;

/// <summary>One dimension of a sweep.</summary>
/// <param name="Name">"expectile", "algorithm", "task", "seed".</param>
/// <param name="Values">As text, in the sweep's order.</param>
public sealed record SweepAxis(string Name, ImmutableArray<string> Values);

/// <summary>A run of a sweep.</summary>
/// <param name="Folder">Name of its folder under "runs".</param>
/// <param name="Labels">Value by axis, in the order of the axes.</param>
/// <param name="Identity">The <see cref="RunConfig.Identity"/> of its configuration; null is not compared.</param>
/// <param name="Group">The number of the group that it is trained in, from 0 on; null in older files.</param>
public sealed record PlannedRun(
    string Folder, OrderedDictionary<string, string> Labels, string? Identity = null, int? Group = null);

/// <summary>What a sweep's folder was made for: its sweep.json, the only file with the labels of runs.</summary>
public sealed record SweepPlan
{
    /// <summary>Name and version of this file's format.</summary>
    public const string FormatName = "iql-sweep-3";

    public string Format { get; init; } = FormatName;

    /// <summary>The report's title.</summary>
    public required string Name { get; init; }
    /// <summary>The command line that starts it, or null.</summary>
    public string? Command { get; init; }
    /// <summary>A run's score is the mean of so many of its last evaluations, at least 1.</summary>
    public int Last { get; init; } = 1;
    /// <summary>The difference of scores that its reader wants to find, above 0; null is none in particular.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Difference { get; init; }
    /// <summary>What a reader of its numbers should know about data and settings, a sentence each.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];
    /// <summary>The axes, the slowest first.</summary>
    public required ImmutableArray<SweepAxis> Axes { get; init; }

    /// <summary>The same plan for a reader who wants to find a difference.</summary>
    public SweepPlan Finding(double difference) => this with { Difference = difference };

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant($"SweepPlan {Name}: {Runs.Length} runs over ")
        + string.Join(" × ", Axes.Select(axis => $"{axis.Values.Length} {axis.Name}"));

    /// <summary>Every run, in the order of the axes.</summary>
    public required ImmutableArray<PlannedRun> Runs { get; init; }
    /// <summary>Where a folder's plan is.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, "sweep.json");
    /// <summary>The folder of a run in a sweep's folder.</summary>
    public static RunFolder RunFolder(string folder, string run) => new(Path.Combine(folder, "runs", run));

    /// <summary>The plan of a folder.</summary>
    /// <exception cref="FileException">It is damaged, or of another format.</exception>
    /// <exception cref="IOException">There is none.</exception>
    public static SweepPlan Read(string folder) => RunJson.Read<SweepPlan>(PathIn(folder), FormatName,
        "Start the command that made it again: it writes this file again and keeps the runs.");

    /// <summary>Replaces a folder's plan; the folder is made if need be.</summary>
    public void Write(string folder) => RunJson.Write(PathIn(folder), this);
}
