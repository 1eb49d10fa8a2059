using System.Collections.Immutable;
using Iql.Data.Files;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Inspection;

/// <summary>One column of a matrix, for instance observations[3].</summary>
/// <param name="Name">"observations", "actions", "rewards" or "next_observations".</param>
/// <param name="Index">The number's index in the row.</param>
/// <param name="Summary">Of the finite numbers.</param>
public sealed record ColumnReport(string Name, int Index, Summary Summary, long NaNs, long Infinities)
{
    /// <summary>Whether all numbers are the same.</summary>
    public bool IsConstant => NaNs + Infinities == 0 && Summary.Min == Summary.Max;
    /// <summary>"observations[3]"</summary>
    public string Label => $"{Name}[{Index}]";
}

/// <summary>The result of a dataset mode.</summary>
/// <param name="Rows">Rows kept; 0 for a refused file.</param>
/// <param name="Refusal">Why the mode refuses the file, or null.</param>
public sealed record ModeReport(DatasetMode Mode, int Rows, int DroppedTimeouts, int DroppedLast, string? Refusal);

/// <summary>A data set before training, from a file's columns. NaN, odd flags and discontinuities are counted; nothing
/// throws. The numbers suffice for every picture.</summary>
public sealed record DatasetReport
{
    /// <summary>The data set's name.</summary>
    public required string Name { get; init; }
    /// <summary>The file.</summary>
    public required string Source { get; init; }
    /// <summary>All arrays of the file with kind and shape.</summary>
    public required ImmutableArray<ArrayEntry> Entries { get; init; }
    /// <summary>Single values and texts of the file.</summary>
    public required ImmutableSortedDictionary<string, string> Metadata { get; init; }
    /// <summary>N.</summary>
    public required int Rows { get; init; }
    /// <summary>S.</summary>
    public required int ObservationSize { get; init; }
    /// <summary>The kind and size of actions.</summary>
    public required ActionSpace ActionSpace { get; init; }
    /// <summary>[A]: rows of each discrete action; else empty.</summary>
    public required ImmutableArray<long> ActionCounts { get; init; }
    /// <summary>Episodes as the flags cut them, all rows of the file counted.</summary>
    public required ImmutableArray<Episode> Episodes { get; init; }
    /// <summary>Of the episodes' lengths in steps.</summary>
    public required Summary Lengths { get; init; }
    /// <summary>Of the episodes' undiscounted returns.</summary>
    public required Summary Returns { get; init; }
    /// <summary>Of the episodes' lengths.</summary>
    public required Histogram LengthHistogram { get; init; }
    /// <summary>Of the episodes' returns.</summary>
    public required Histogram ReturnHistogram { get; init; }
    /// <summary>Of the rewards.</summary>
    public required Histogram RewardHistogram { get; init; }
    /// <summary>Every reward and its count, if at most twelve differ; else empty.</summary>
    public required ImmutableArray<(float Reward, long Count)> RewardValues { get; init; }
    /// <summary>Rows with a terminal.</summary>
    public required long Terminals { get; init; }
    /// <summary>Rows with a time-out; null when the file has no such column.</summary>
    public required long? Timeouts { get; init; }
    /// <summary>Rows with both flags.</summary>
    public required long BothFlags { get; init; }
    /// <summary>Longest run of terminal rows; above 1, episodes go on after their end (antmaze).</summary>
    public required int LongestTerminalRun { get; init; }
    /// <summary>Rows after the last flag.</summary>
    public required int UnfinishedTail { get; init; }
    /// <summary>Rows whose next observation is not the next row's; null without next observations.</summary>
    public required long? Discontinuities { get; init; }
    /// <summary>The first few of them, or of the suspected ones.</summary>
    public required ImmutableArray<int> FirstDiscontinuities { get; init; }

    /// <summary>Without next observations: rows inside an episode followed by a state that no step reaches
    /// (<see cref="Inspection.SuspectedDiscontinuities"/>); else null.</summary>
    public required int? SuspectedDiscontinuities { get; init; }

    /// <summary>Rows from flagged end to suspected discontinuity, if most agree; −1: flags are a row late.</summary>
    public required int? FlagOffset { get; init; }
    /// <summary>Time-outs after which the next row continues, or seems to without next observations.</summary>
    public required int ContinuedTimeouts { get; init; }
    /// <summary>Share of the actions' numbers outside [−1, 1].</summary>
    public required double ActionsOutside { get; init; }
    /// <summary>Rows that repeat an earlier row's observation, action and reward bit for bit.</summary>
    public required long DuplicateRows { get; init; }
    /// <summary>Every column of observations, continuous actions, rewards and next observations.</summary>
    public required ImmutableArray<ColumnReport> Columns { get; init; }
    /// <summary>The rows that D4RL parity and strict mode keep.</summary>
    public required ImmutableArray<ModeReport> Modes { get; init; }
    /// <summary>Findings, a sentence each; empty when all is well.</summary>
    public required ImmutableArray<string> Findings { get; init; }
    /// <summary>Results of replaying rows in the data's environment, a sentence each; empty without a replay.</summary>
    public ImmutableArray<string> Replay { get; init; } = [];

    /// <summary>The report with the results of a replay.</summary>
    public DatasetReport WithReplay(IEnumerable<string> lines, IEnumerable<string> findings) =>
        this with { Replay = [.. lines], Findings = [.. Findings, .. findings] };

    /// <summary>Inspects a data set.</summary>
    /// <param name="timeLimit">The task's longest episode, for a file without time-outs.</param>
    public static DatasetReport Of(RawDataset raw, int? timeLimit = null) => DatasetInspection.Of(raw, timeLimit);

    /// <summary>The report as plain text for the terminal.</summary>
    public string ToText() => DatasetReportText.Of(this);
}
