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
    /// <summary>"temperature [°C]", or without names "observations[3]".</summary>
    public string Label { get; init; } = $"{Name}[{Index}]";
}

/// <summary>The result of a dataset mode.</summary>
/// <param name="Rows">Rows kept; 0 for a refused file.</param>
/// <param name="Refusal">Why the mode refuses the file, or null.</param>
public sealed record ModeReport(DatasetMode Mode, int Rows, int DroppedTimeouts, int DroppedLast, string? Refusal);

/// <summary>A data set before training, from a file's columns. NaN, odd flags and discontinuities are counted; nothing
/// throws. The numbers suffice for every picture.</summary>
/// <param name="Entries">All arrays of the file with kind and shape.</param>
/// <param name="Metadata">Single values and texts of the file.</param>
/// <param name="Rows">N.</param>
/// <param name="ObservationSize">S.</param>
/// <param name="ActionCounts"><c>[A]</c>: rows of each discrete action; else empty.</param>
/// <param name="Episodes">As the flags cut them, all rows of the file counted.</param>
/// <param name="Lengths">Of the episodes, in steps.</param>
/// <param name="Returns">Of the episodes, undiscounted.</param>
/// <param name="RewardValues">Every reward and its count, if at most twelve differ; else empty.</param>
/// <param name="Timeouts">Rows with a time-out; null when the file has no such column.</param>
/// <param name="BothFlags">Rows with both flags.</param>
/// <param name="LongestTerminalRun">Of terminal rows; above 1, episodes go on after their end (antmaze).</param>
/// <param name="UnfinishedTail">Rows after the last flag.</param>
/// <param name="Discontinuities">Rows with a next observation that is not the next row's; null without.</param>
/// <param name="FirstDiscontinuities">The first few of them, or of the suspected ones.</param>
/// <param name="SuspectedDiscontinuities">Without next observations: rows inside an episode followed by a state that
/// no step reaches (<see cref="Inspection.SuspectedDiscontinuities"/>); else null.</param>
/// <param name="FlagOffset">Rows from flag to suspected discontinuity, if most agree; −1: flags are a row late.</param>
/// <param name="ContinuedTimeouts">Time-outs after which the next row continues, or seems to.</param>
/// <param name="ActionsOutside">Share of the actions' numbers outside [−1, 1].</param>
/// <param name="DuplicateRows">Rows that repeat an earlier row's observation, action and reward bit for bit.</param>
/// <param name="Columns">Of observations, continuous actions, rewards and next observations.</param>
/// <param name="Modes">The rows that D4RL parity and strict mode keep.</param>
/// <param name="Findings">A sentence each; empty when all is well.</param>
/// <param name="Replay">Results of replaying rows in the data's environment, a sentence each; empty without.</param>
public sealed record DatasetReport(string Name, string Source, ImmutableArray<ArrayEntry> Entries,
    ImmutableSortedDictionary<string, string> Metadata, int Rows, int ObservationSize, ActionSpace ActionSpace,
    ImmutableArray<long> ActionCounts, ImmutableArray<Episode> Episodes, Summary Lengths, Summary Returns,
    Histogram LengthHistogram, Histogram ReturnHistogram, Histogram RewardHistogram,
    ImmutableArray<(float Reward, long Count)> RewardValues, long Terminals, long? Timeouts, long BothFlags,
    int LongestTerminalRun, int UnfinishedTail, long? Discontinuities, ImmutableArray<int> FirstDiscontinuities,
    int? SuspectedDiscontinuities, int? FlagOffset, int ContinuedTimeouts, double ActionsOutside, long DuplicateRows,
    ImmutableArray<ColumnReport> Columns, ImmutableArray<ModeReport> Modes, ImmutableArray<string> Findings,
    ImmutableArray<string> Replay)
{
    /// <summary>Names, units and bounds of the columns; null where the file says none.</summary>
    public DataColumns? Names { get; init; }

    /// <summary>The report with the results of a replay.</summary>
    public DatasetReport WithReplay(IEnumerable<string> lines, IEnumerable<string> findings) =>
        this with { Replay = [.. lines], Findings = [.. Findings, .. findings] };

    /// <summary>Inspects a data set.</summary>
    /// <param name="timeLimit">The task's longest episode, for a file without time-outs.</param>
    public static DatasetReport Of(RawDataset raw, int? timeLimit = null) => DatasetInspection.Of(raw, timeLimit);

    /// <summary>The report as plain text for the terminal.</summary>
    public string ToText() => DatasetReportText.Of(this);
}
