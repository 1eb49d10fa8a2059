using System.Collections.Immutable;
using Iql.Data.Files;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Inspection;

/// <summary>One column of a matrix, for instance observations[3].</summary>
/// <param name="Name">"observations", "actions", "rewards" or "next_observations".</param>
/// <param name="Index">Which number of the row.</param>
/// <param name="Summary">Of the finite numbers.</param>
/// <param name="NaNs">How many are NaN.</param>
/// <param name="Infinities">How many are infinite.</param>
public sealed record ColumnReport(string Name, int Index, Summary Summary, long NaNs, long Infinities)
{
    /// <summary>Whether all numbers are the same.</summary>
    public bool IsConstant => NaNs + Infinities == 0 && Summary.Min == Summary.Max;

    /// <summary>"observations[3]"</summary>
    public string Label => $"{Name}[{Index}]";
}

/// <summary>What a dataset mode would make of the file.</summary>
/// <param name="Mode">The rule.</param>
/// <param name="Rows">Rows kept; 0 when the mode refuses the file.</param>
/// <param name="DroppedTimeouts">See <see cref="RowSelection.DroppedTimeouts"/>.</param>
/// <param name="DroppedLast">See <see cref="RowSelection.DroppedLast"/>.</param>
/// <param name="Refusal">Why the mode cannot take the file, or null.</param>
public sealed record ModeReport(DatasetMode Mode, int Rows, int DroppedTimeouts, int DroppedLast, string? Refusal);

/// <summary>
/// All one wants to know of a data set before training on it, from its columns as they stand in the file: nothing here throws on
/// NaN, odd flags or teleporting rows; they are counted. The numbers are enough to draw every picture from.
/// </summary>
public sealed record DatasetReport
{
    /// <summary>The data set's name.</summary>
    public required string Name { get; init; }

    /// <summary>The file.</summary>
    public required string Source { get; init; }

    /// <summary>Everything in the file with kind and shape.</summary>
    public required ImmutableArray<ArrayEntry> Entries { get; init; }

    /// <summary>Single values and texts in the file.</summary>
    public required ImmutableSortedDictionary<string, string> Metadata { get; init; }

    /// <summary>N.</summary>
    public required int Rows { get; init; }

    /// <summary>S.</summary>
    public required int ObservationSize { get; init; }

    /// <summary>What an action is.</summary>
    public required ActionSpace ActionSpace { get; init; }

    /// <summary>[A]: rows that make each choice, where actions are discrete; else empty.</summary>
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

    /// <summary>Every reward and how often it comes, when there are at most twelve different ones; else empty.</summary>
    public required ImmutableArray<(float Reward, long Count)> RewardValues { get; init; }

    /// <summary>Rows with a terminal.</summary>
    public required long Terminals { get; init; }

    /// <summary>Rows with a time-out; null when the file has no such column.</summary>
    public required long? Timeouts { get; init; }

    /// <summary>Rows with both flags.</summary>
    public required long BothFlags { get; init; }

    /// <summary>Longest run of consecutive terminal rows that go on from one another: more than 1 means that episodes go on after their end (antmaze).</summary>
    public required int LongestTerminalRun { get; init; }

    /// <summary>Rows behind the last flag.</summary>
    public required int UnfinishedTail { get; init; }

    /// <summary>Rows inside an episode whose next observation is not the next row's; null when the file has no next observations.</summary>
    public required long? Discontinuities { get; init; }

    /// <summary>The first few of them, or of the suspected jumps.</summary>
    public required ImmutableArray<int> FirstDiscontinuities { get; init; }

    /// <summary>
    /// Of a file without next observations, rows inside an episode that are followed by a state far from any that a step leads to: a column moves
    /// by more than ten times the 99th percentile of its steps and a quarter of its range. Null when next observations tell.
    /// </summary>
    public required int? SuspectedJumps { get; init; }

    /// <summary>Rows from the flagged end to the suspected jump, where most have the same; −1: flags stand one row late.</summary>
    public required int? JumpOffset { get; init; }

    /// <summary>Time-outs after which the next row goes on: its observation is the next one, or, where that is unknown, as near as after any step.</summary>
    public required int ContinuedTimeouts { get; init; }

    /// <summary>Share of the actions' numbers outside [−1, 1].</summary>
    public required double ActionsOutside { get; init; }

    /// <summary>Rows that repeat an earlier row's observation, action and reward bit for bit.</summary>
    public required long DuplicateRows { get; init; }

    /// <summary>Every column of observations, continuous actions, rewards, and next observations when there are any.</summary>
    public required ImmutableArray<ColumnReport> Columns { get; init; }

    /// <summary>What D4RL parity and strict mode would keep.</summary>
    public required ImmutableArray<ModeReport> Modes { get; init; }

    /// <summary>What deserves attention, a sentence each; empty when all is well.</summary>
    public required ImmutableArray<string> Findings { get; init; }

    /// <summary>What replaying rows in the data's environment showed, a sentence each; empty where nobody did.</summary>
    public ImmutableArray<string> Replay { get; init; } = [];

    /// <summary>The report with what replaying rows showed.</summary>
    /// <param name="lines">What was looked at.</param>
    /// <param name="findings">What of it deserves attention.</param>
    public DatasetReport WithReplay(IEnumerable<string> lines, IEnumerable<string> findings) =>
        this with { Replay = [.. lines], Findings = [.. Findings, .. findings] };

    /// <summary>Looks through a data set.</summary>
    /// <param name="raw">Its columns.</param>
    /// <param name="timeLimit">The task's longest episode; used only when the file has no time-outs.</param>
    public static DatasetReport Of(RawDataset raw, int? timeLimit = null) => DatasetInspection.Of(raw, timeLimit);

    /// <summary>A plain text of it all for the terminal.</summary>
    public string ToText() => DatasetReportText.Of(this);
}
