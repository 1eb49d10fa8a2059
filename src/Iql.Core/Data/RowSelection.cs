using System.Collections.Immutable;

namespace Iql.Data;

/// <summary>Which rows of a file become transitions, and why the others do not.</summary>
public sealed record RowSelection
{
    /// <summary>The rule.</summary>
    public required DatasetMode Mode { get; init; }

    /// <summary>Rows of the file.</summary>
    public required int FileRows { get; init; }

    /// <summary>The rows kept, ascending.</summary>
    public required ImmutableArray<int> Rows { get; init; }

    /// <summary>For every row kept: whether its episode is cut behind it (its own time-out, or that of a dropped row that followed).</summary>
    public required ImmutableArray<bool> Timeouts { get; init; }

    /// <summary>Rows dropped because they timed out (parity), or timed out and have no next observation (strict).</summary>
    public required int DroppedTimeouts { get; init; }

    /// <summary>1 when the file's last row was dropped for want of a next observation, else 0.</summary>
    public required int DroppedLast { get; init; }

    /// <summary>"kept 9,990 of 10,000 rows; dropped 10 timed out, 0 last"</summary>
    public override string ToString() => FormattableString.Invariant(
        $"kept {Rows.Length:N0} of {FileRows:N0} rows; dropped {DroppedTimeouts:N0} timed out, {DroppedLast} last without a next observation");

    /// <summary>Chooses rows.</summary>
    /// <param name="raw">The file's columns.</param>
    /// <param name="mode">The rule.</param>
    /// <param name="timeLimit">The task's longest episode in steps; used only when the file has no time-outs, and then needed for parity.</param>
    /// <exception cref="InvalidDataException">Parity without time-outs and without a time limit, or no row left.</exception>
    public static RowSelection Of(RawDataset raw, DatasetMode mode, int? timeLimit = null)
    {
        if (timeLimit is { } limit) Check.AtLeast(limit, 1, nameof(timeLimit));
        if (mode == DatasetMode.D4rlParity && raw.Timeouts == null && timeLimit == null) throw new InvalidDataException(
            $"{raw.Source}: expected 'timeouts' or a time limit for D4RL parity, got neither. D4RL then cuts at the environment's " +
            "longest episode: give that number of steps, or use strict mode.");
        var choice = mode switch
        {
            DatasetMode.D4rlParity => Parity(raw, timeLimit),
            DatasetMode.Strict => Strict(raw, timeLimit),
            _ => throw new ArgumentException($"mode: expected D4rlParity or Strict, got {mode}."),
        };
        return choice.Rows.Length > 0 ? choice : throw new InvalidDataException(
            $"{raw.Source}: expected rows to train on, got none of its {raw.Count} ({choice}).");
    }

    /// <summary>The transitions these rows make.</summary>
    /// <exception cref="InvalidDataException">A number that is used is NaN or infinite; file, column and row are named.</exception>
    public Transitions Of(RawDataset raw)
    {
        var (s, a, n) = (raw.ObservationSize, raw.ActionSize, Rows.Length);
        var own = Mode == DatasetMode.Strict ? raw.NextObservations : null;
        RequireFinite(raw.Observations, s, "observations");
        RequireFinite(raw.Actions, a, "actions");
        RequireFinite(raw.Rewards, 1, "rewards");
        if (own != null) RequireFinite(own, s, "next_observations");
        float[] observations = new float[n * s], actions = new float[n * a], rewards = new float[n], next = new float[n * s];
        var terminals = new bool[n];
        for (var i = 0; i < n; i++)
        {
            var row = Rows[i];
            raw.Observations.AsSpan(row * s, s).CopyTo(observations.AsSpan(i * s));
            raw.Actions.AsSpan(row * a, a).CopyTo(actions.AsSpan(i * a));
            rewards[i] = raw.Rewards[row];
            terminals[i] = raw.Terminals[row];
            // Strict keeps a terminal row without a next observation, which plays no part there: it gets its own.
            var from = own != null || (Mode == DatasetMode.Strict && terminals[i]) ? row : row + 1;
            (own ?? raw.Observations).AsSpan(from * s, s).CopyTo(next.AsSpan(i * s));
        }
        return new(raw.Name, s, a, observations, actions, rewards, terminals, [.. Timeouts], next);

        void RequireFinite(float[] column, int size, string name)
        {
            var i = Finite.FirstBreach(column);
            if (i >= 0) throw new InvalidDataException($"{raw.Source}: {Finite.Message(column[i], i / size, i % size, name)}");
        }
    }

    /// <summary>The loop of D4RL's qlearning_dataset with terminate_on_end=False, its step counter included.</summary>
    static RowSelection Parity(RawDataset raw, int? timeLimit)
    {
        var builder = new Builder(raw.Count);
        var step = 0;
        for (var row = 0; row < raw.Count - 1; row++)
        {
            if (raw.Timeouts?[row] ?? step == timeLimit - 1)
            {
                builder.DropTimeout(raw, row);
                step = 0;
                continue;
            }
            builder.Keep(row, timeout: false);
            // Behind a terminal D4RL counts from 1, not from 0: an episode there is cut a row early when the file has no time-outs.
            step = raw.Terminals[row] ? 1 : step + 1;
        }
        builder.DropLast(raw, raw.Count - 1);
        return builder.Done(DatasetMode.D4rlParity, raw.Count);
    }

    static RowSelection Strict(RawDataset raw, int? timeLimit)
    {
        var builder = new Builder(raw.Count);
        var step = 0;
        for (var row = 0; row < raw.Count; row++)
        {
            step++;
            var timeout = raw.Timeouts?[row] ?? step == timeLimit;
            if (raw.NextObservations != null || raw.Terminals[row]) builder.Keep(row, timeout);
            else if (timeout) builder.DropTimeout(raw, row);
            else if (row == raw.Count - 1) builder.DropLast(raw, row);
            else builder.Keep(row, timeout: false);
            if (timeout || raw.Terminals[row]) step = 0;
        }
        return builder.Done(DatasetMode.Strict, raw.Count);
    }

    sealed class Builder(int count)
    {
        readonly ImmutableArray<int>.Builder rows = ImmutableArray.CreateBuilder<int>(count);
        readonly ImmutableArray<bool>.Builder timeouts = ImmutableArray.CreateBuilder<bool>(count);
        int droppedTimeouts, droppedLast;

        internal void Keep(int row, bool timeout)
        {
            rows.Add(row);
            timeouts.Add(timeout);
        }

        internal void DropTimeout(RawDataset raw, int row)
        {
            CutBefore(raw, row);
            droppedTimeouts++;
        }

        internal void DropLast(RawDataset raw, int row)
        {
            if (raw.Timeouts?[row] == true) CutBefore(raw, row);
            droppedLast++;
        }

        internal RowSelection Done(DatasetMode mode, int fileRows) => new()
        {
            Mode = mode,
            FileRows = fileRows,
            Rows = rows.ToImmutable(),
            Timeouts = timeouts.ToImmutable(),
            DroppedTimeouts = droppedTimeouts,
            DroppedLast = droppedLast,
        };

        /// <summary>The dropped row's episode now ends with the row before it, if that was the same episode's.</summary>
        void CutBefore(RawDataset raw, int row)
        {
            if (rows.Count > 0 && rows[^1] == row - 1 && !raw.Terminals[row - 1]) timeouts[^1] = true;
        }
    }
}
