using static Iql.Invariant;

namespace Iql.Data.Files;

/// <summary>A <see cref="DatasetMode"/> row by row: a file in memory and a stream give the same transitions.</summary>
sealed class RowRule
{
    /// <summary>The rule's decision on a row.</summary>
    /// <param name="Timeout">Of a row kept: whether its episode is cut after it, as known before the next row.</param>
    /// <param name="CutsBefore">Whether the row before now ends its episode with a time-out.</param>
    internal readonly record struct Fate(bool Keeps, bool Timeout, bool CutsBefore);

    readonly DatasetMode mode;
    readonly long count;
    readonly int? timeLimit;
    readonly bool hasNextObservations;
    long row, step;
    bool open;

    /// <param name="timeLimit">The task's longest episode; without time-outs, parity needs it.</param>
    /// <exception cref="FileException">Parity without time-outs and without a time limit.</exception>
    internal RowRule(DatasetMode mode, string source, long count, bool hasTimeouts, bool hasNextObservations,
        int? timeLimit)
    {
        if (timeLimit is { } limit) Check.AtLeast(limit, 1, nameof(timeLimit));
        Check.That(mode is DatasetMode.D4rlParity or DatasetMode.Strict, nameof(mode), "D4rlParity or Strict", mode);
        if (mode == DatasetMode.D4rlParity && !hasTimeouts && timeLimit == null) throw new FileException(
            $"{source}: expected 'timeouts' or a time limit for D4RL parity, got neither. Use " +
            "--mode strict, or set the task's longest episode: iql data pack FILE --time-limit N.");
        (this.mode, this.count, this.timeLimit) = (mode, count, timeLimit);
        this.hasNextObservations = hasNextObservations;
    }

    /// <summary>Rows dropped: timed out (parity), or timed out without a next observation (strict).</summary>
    internal long DroppedTimeouts { get; private set; }
    /// <summary>1 when the last row was dropped without a next observation, else 0.</summary>
    internal int DroppedLast { get; private set; }

    /// <summary>"kept 9,990 of 10,000 rows; dropped 10 timed out, 0 last without a next observation"</summary>
    internal static string Text(long kept, long rows, long droppedTimeouts, int droppedLast) => Say(
        $"kept {kept:N0} of {rows:N0} rows; dropped {droppedTimeouts:N0} timed out, " +
        $"{droppedLast} last without a next observation");

    /// <summary>Decides on the next row.</summary>
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
        // After a terminal D4RL counts from 1, not 0: without time-outs the next episode is cut a row early.
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

    /// <summary>The dropped row's episode now ends with the row before, if that is of the same episode.</summary>
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
