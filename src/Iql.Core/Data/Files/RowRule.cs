namespace Iql.Data.Files;

/// <summary>
/// A <see cref="DatasetMode"/> as a machine that takes a file's rows one after the other: the whole file in memory and a stream of it give
/// the same transitions because both ask it.
/// </summary>
sealed class RowRule
{
    /// <summary>What becomes of a row.</summary>
    /// <param name="Keeps">Whether it is a transition.</param>
    /// <param name="Timeout">Of a row kept: whether its episode is cut behind it, as far as is known before the next row.</param>
    /// <param name="CutsBefore">Whether the row before it, which was kept, now ends its episode with a time-out.</param>
    internal readonly record struct Fate(bool Keeps, bool Timeout, bool CutsBefore);

    readonly DatasetMode mode;
    readonly long count;
    readonly int? timeLimit;
    readonly bool hasNextObservations;
    long row, step;
    bool open;

    /// <param name="mode">The rule.</param>
    /// <param name="source">The file, for messages.</param>
    /// <param name="count">Rows that will come.</param>
    /// <param name="hasTimeouts">Whether the file records them.</param>
    /// <param name="hasNextObservations">Whether the file records them.</param>
    /// <param name="timeLimit">The task's longest episode in steps; used only without time-outs, and then needed for parity.</param>
    /// <exception cref="InvalidDataException">Parity without time-outs and without a time limit.</exception>
    internal RowRule(DatasetMode mode, string source, long count, bool hasTimeouts, bool hasNextObservations, int? timeLimit)
    {
        if (timeLimit is { } limit) Check.AtLeast(limit, 1, nameof(timeLimit));
        Check.That(mode is DatasetMode.D4rlParity or DatasetMode.Strict, nameof(mode), "D4rlParity or Strict", mode);
        if (mode == DatasetMode.D4rlParity && !hasTimeouts && timeLimit == null) throw new InvalidDataException(
            $"{source}: expected 'timeouts' or a time limit for D4RL parity, got neither. D4RL then cuts at the environment's " +
            "longest episode: give that number of steps, or use strict mode.");
        (this.mode, this.count, this.timeLimit, this.hasNextObservations) = (mode, count, timeLimit, hasNextObservations);
    }

    /// <summary>Rows dropped because they timed out (parity), or timed out and have no next observation (strict).</summary>
    internal long DroppedTimeouts { get; private set; }

    /// <summary>1 when the last row was dropped for want of a next observation, else 0.</summary>
    internal int DroppedLast { get; private set; }

    /// <summary>"kept 9,990 of 10,000 rows; dropped 10 timed out, 0 last without a next observation"</summary>
    internal static string Text(long kept, long rows, long droppedTimeouts, int droppedLast) => FormattableString.Invariant(
        $"kept {kept:N0} of {rows:N0} rows; dropped {droppedTimeouts:N0} timed out, {droppedLast} last without a next observation");

    /// <summary>Decides on the next row.</summary>
    /// <param name="terminal">Its flag.</param>
    /// <param name="timeout">Its flag; null in a file without.</param>
    internal Fate Next(bool terminal, bool? timeout)
    {
        var last = ++row == count;
        var fate = mode == DatasetMode.D4rlParity ? Parity(terminal, timeout, last) : Strict(terminal, timeout, last);
        open = fate.Keeps && !terminal;
        return fate;
    }

    /// <summary>The loop of D4RL's qlearning_dataset with terminate_on_end=False, its step counter included.</summary>
    Fate Parity(bool terminal, bool? timeout, bool last)
    {
        if (last) return DropLast(timeout);
        if (timeout ?? step == timeLimit - 1)
        {
            step = 0;
            return DropTimeout();
        }
        // Behind a terminal D4RL counts from 1, not from 0: an episode there is cut a row early when the file has no time-outs.
        step = terminal ? 1 : step + 1;
        return new(true, false, false);
    }

    Fate Strict(bool terminal, bool? timeout, bool last)
    {
        step++;
        var cut = timeout ?? step == timeLimit;
        if (cut || terminal) step = 0;
        if (hasNextObservations || terminal) return new(true, cut, false);
        return cut ? DropTimeout() : last ? DropLast(timeout) : new(true, false, false);
    }

    /// <summary>The dropped row's episode now ends with the row before it, if that was the same episode's.</summary>
    Fate DropTimeout()
    {
        DroppedTimeouts++;
        return new(false, false, open);
    }

    Fate DropLast(bool? timeout)
    {
        DroppedLast++;
        return new(false, false, open && timeout == true);
    }
}
