using System.Collections.Immutable;
using Iql.Data.Files;
using static Iql.Invariant;

namespace Iql.Data.Inspection;

/// <summary>Fills a <see cref="DatasetReport"/>.</summary>
static class DatasetInspection
{
    internal static DatasetReport Of(RawDataset raw, int? timeLimit)
    {
        var timeouts = raw.Timeouts ?? new bool[raw.Count];
        var episodes = Transitions.Split(raw.Rewards, raw.Terminals, timeouts);
        float[] lengths = [.. episodes.Select(e => (float)e.Length)],
            returns = [.. episodes.Select(e => (float)e.Return)];
        var (found, continued) = Discontinuities(raw, timeouts);
        var discrete = raw.ActionKind == ActionKind.Discrete;
        var suspected = raw.NextObservations == null ? SuspectedDiscontinuities.Of(raw, timeouts) : null;
        var report = new DatasetReport(raw.Name, raw.Source, raw.Entries, raw.Metadata, raw.Count, raw.ObservationSize,
            new(raw.ActionKind, raw.ActionSize),
            ActionCounts: discrete ? ActionCounts(raw) : [],
            Episodes: episodes, Lengths: Summary.Of(lengths), Returns: Summary.Of(returns),
            LengthHistogram: Histogram.Of(lengths), ReturnHistogram: Histogram.Of(returns),
            RewardHistogram: Histogram.Of(raw.Rewards), RewardValues: RewardValues(raw.Rewards),
            Terminals: raw.Terminals.LongCount(flag => flag),
            Timeouts: raw.Timeouts?.LongCount(flag => flag),
            BothFlags: raw.Terminals.Zip(timeouts).LongCount(flags => flags is (true, true)),
            LongestTerminalRun: LongestTerminalRun(raw),
            UnfinishedTail: episodes[^1].End == EpisodeEnd.Unfinished ? episodes[^1].Length : 0,
            Discontinuities: raw.NextObservations == null ? null : found.Count,
            FirstDiscontinuities: [.. (suspected?.Rows ?? [.. found]).Take(5)],
            SuspectedDiscontinuities: suspected?.Rows.Length,
            FlagOffset: suspected?.Offset,
            ContinuedTimeouts: suspected?.Continued ?? continued,
            ActionsOutside: raw.Actions.LongCount(action => !(Math.Abs(action) <= 1f)) / (double)raw.Actions.Length,
            DuplicateRows: Duplicates(raw),
            Columns:
            [
                .. Columns(raw, "observations", raw.Observations, raw.ObservationSize),
                .. Columns(raw, "actions", raw.Actions, discrete ? 0 : raw.ActionSize),
                .. Columns(raw, "rewards", raw.Rewards, 1),
                .. Columns(raw, "next_observations", raw.NextObservations ?? [],
                    raw.NextObservations == null ? 0 : raw.ObservationSize),
            ],
            Modes: [Mode(raw, DatasetMode.D4rlParity, timeLimit), Mode(raw, DatasetMode.Strict, timeLimit)],
            Findings: [], Replay: [])
        { Names = raw.Columns };
        return report with
        {
            Findings =
            [
                .. raw.Losses, .. raw.Contradictions, .. Findings(report, raw.Losses),
                .. Outliers.Findings(raw), .. RowOrder.Findings(raw, timeouts),
            ],
        };
    }

    static IEnumerable<string> Findings(DatasetReport r, IEnumerable<string> losses)
    {
        foreach (var column in r.Columns.Where(column => column.NaNs + column.Infinities > 0))
            yield return Say($"{column.Label} has numbers that are not finite in float32 ({column.NaNs:N0} NaN, ") +
                Say($"{column.Infinities:N0} infinite): no mode loads such rows.");
        if (r.Timeouts == null)
            yield return "No time-outs are recorded: give the task's time limit, or cut episodes look like one.";
        if (r.BothFlags > 0) yield return Say(
            $"{r.BothFlags:N0} rows are terminal and timed out: parity drops them, strict takes them as terminal.");
        if (r.LongestTerminalRun > 1)
            yield return Say($"Up to {r.LongestTerminalRun:N0} terminal rows stand in a row: ") +
            "the episode went on after its goal (antmaze), and is cut at each.";
        if (r.Terminals == 0 && r.Timeouts is null or 0)
            yield return "No row ends an episode: all rows count as one unfinished episode.";
        if (r.UnfinishedTail > 0 && r.Episodes.Length > 1)
            yield return Say($"The last {r.UnfinishedTail:N0} rows belong to an episode without an end.");
        if (r.Discontinuities > 0)
            yield return Say(
                $"{r.Discontinuities:N0} rows inside an episode lead to another state than the next row's " +
                $"(first at {r.FirstDiscontinuities[0]}): ends may be flagged in the wrong place.");
        if (r.SuspectedDiscontinuities > 0)
            yield return Say(
                $"{r.SuspectedDiscontinuities:N0} rows inside an episode are followed by a state that no step " +
                $"leads to (first after row {r.FirstDiscontinuities[0]})") + (r.FlagOffset is { } offset
                    ? Say($": ends are flagged {Math.Abs(offset):N0} rows too {(offset < 0 ? "late" : "early")}.")
                    : ": ends may be missing or flagged in the wrong place.");
        if (r.ContinuedTimeouts > 0)
            yield return Say($"After {r.ContinuedTimeouts:N0} of {r.Timeouts:N0} time-outs the next row goes on: ") +
                "they are out of step with the episodes, or cut one long trajectory (maze2d).";
        if (r.ActionsOutside > 0)
            yield return Say($"{r.ActionsOutside:P2} of the actions' numbers lie outside [-1, 1]: ") +
                "--action-scaling says how training scales them.";
        var unused = Enumerable.Range(0, r.ActionCounts.Length).Where(a => r.ActionCounts[a] == 0);
        if (unused.Any())
            yield return $"Never taken: action {string.Join(", ", unused.Take(12))} of {r.ActionSpace.Size}.";
        // With few states and actions rows repeat by nature.
        if (r.DuplicateRows > 0 && !r.ActionSpace.IsDiscrete)
            yield return Say($"{r.DuplicateRows:N0} rows repeat an earlier observation, action and reward.");
        if (r.RewardValues.Length == 1) yield return "All rewards are the same: there is nothing to learn from them.";
        List<string> constant =
            [.. r.Columns.Where(c => c.IsConstant && c.Name is "observations" or "actions")
                .Where(c => !losses.Any(loss => loss.StartsWith($"{c.Name}[{c.Index}]:", StringComparison.Ordinal)))
                .Select(c => c.Label)];
        var more = constant.Count > 12 ? $" and {constant.Count - 12} more" : "";
        if (constant.Count > 0) yield return $"Constant: {string.Join(", ", constant.Take(12))}{more}.";
    }

    static ModeReport Mode(RawDataset raw, DatasetMode mode, int? timeLimit)
    {
        try
        {
            var selection = RowSelection.Of(raw, mode, timeLimit);
            return new(mode, selection.Rows.Length, selection.DroppedTimeouts, selection.DroppedLast, null);
        }
        catch (FileException failure)
        {
            return new(mode, 0, 0, 0, failure.Message);
        }
    }

    static IEnumerable<ColumnReport> Columns(RawDataset raw, string name, float[] matrix, int columns)
    {
        for (var column = 0; column < columns; column++)
        {
            long nans = 0, infinities = 0;
            for (var i = column; i < matrix.Length; i += columns)
            {
                if (float.IsNaN(matrix[i])) nans++;
                else if (float.IsInfinity(matrix[i])) infinities++;
            }
            yield return new(name, column, Summary.Of(matrix, columns, column), nans, infinities)
            { Label = DataColumns.Label(raw.Columns, name, column) };
        }
    }

    static ImmutableArray<long> ActionCounts(RawDataset raw)
    {
        var counts = new long[raw.ActionSize];
        for (var row = 0; row < raw.Count; row++)
            counts[ActionSpace.Choice(raw.Actions.AsSpan(row * raw.ActionSize, raw.ActionSize))]++;
        return [.. counts];
    }

    /// <summary>Whether next observations say that the row after this one starts elsewhere.</summary>
    static bool Breaks(RawDataset raw, int row)
    {
        var size = raw.ObservationSize;
        return raw.NextObservations is { } next
            && Discontinuity.Between(next.AsSpan(row * size, size), raw.Observations.AsSpan((row + 1) * size, size));
    }

    /// <summary>Rows inside an episode that do not lead to the next, and the number of time-outs that do.</summary>
    static (List<int> Rows, int Continued) Discontinuities(RawDataset raw, bool[] timeouts)
    {
        var (rows, continued) = (new List<int>(), 0);
        if (raw.NextObservations == null) return (rows, continued);
        for (var row = 0; row < raw.Count - 1; row++)
        {
            if (raw.Terminals[row]) continue;
            var breaks = Breaks(raw, row);
            if (timeouts[row]) continued += breaks ? 0 : 1;
            else if (breaks) rows.Add(row);
        }
        return (rows, continued);
    }

    // A terminal row that starts elsewhere is an episode of one step, not another end of the same one.
    static int LongestTerminalRun(RawDataset raw)
    {
        var (longest, run) = (0, 0);
        for (var row = 0; row < raw.Count; row++)
        {
            var elsewhere = row > 0 && Breaks(raw, row - 1);
            longest = Math.Max(longest, run = !raw.Terminals[row] ? 0 : elsewhere ? 1 : run + 1);
        }
        return longest;
    }

    static ImmutableArray<(float, long)> RewardValues(float[] rewards)
    {
        const int most = 12;
        var counts = new SortedDictionary<float, long>();
        foreach (var reward in rewards)
        {
            if (counts.TryGetValue(reward, out var count)) counts[reward] = count + 1;
            else if (counts.Count == most) return [];
            else counts[reward] = 1;
        }
        return [.. counts.Select(pair => (pair.Key, pair.Value))];
    }

    /// <summary>Rows with a 64-bit hash that an earlier row had.</summary>
    static long Duplicates(RawDataset raw)
    {
        var hashes = new ulong[raw.Count];
        for (var row = 0; row < raw.Count; row++)
        {
            var hash = 14695981039346656037UL;
            Mix(raw.Observations.AsSpan(row * raw.ObservationSize, raw.ObservationSize), ref hash);
            Mix(raw.Actions.AsSpan(row * raw.ActionSize, raw.ActionSize), ref hash);
            Mix(raw.Rewards.AsSpan(row, 1), ref hash);
            hashes[row] = hash;
        }
        Array.Sort(hashes);
        var duplicates = 0L;
        for (var i = 1; i < hashes.Length; i++) duplicates += hashes[i] == hashes[i - 1] ? 1 : 0;
        return duplicates;

        static void Mix(ReadOnlySpan<float> numbers, ref ulong hash)
        {
            foreach (var number in numbers)
            {
                hash = (hash ^ BitConverter.SingleToUInt32Bits(number)) * 0x9E3779B97F4A7C15UL;
                hash ^= hash >> 29;
            }
        }
    }
}
