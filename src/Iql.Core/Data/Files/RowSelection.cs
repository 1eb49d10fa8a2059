using System.Collections.Immutable;

namespace Iql.Data.Files;

/// <summary>The rows of a file that become transitions, and why the others do not.</summary>
/// <param name="Rows">The rows kept, ascending.</param>
/// <param name="Timeouts">For every row kept: whether its episode is cut after it.</param>
/// <param name="DroppedTimeouts">Rows dropped: timed out (parity), or also without a next observation (strict).</param>
/// <param name="DroppedLast">1 when the last row was dropped without a next observation, else 0.</param>
public sealed record RowSelection(DatasetMode Mode, int FileRows, ImmutableArray<int> Rows,
    ImmutableArray<bool> Timeouts, int DroppedTimeouts, int DroppedLast)
{
    /// <summary>"kept 9,990 of 10,000 rows; dropped 10 timed out, 0 last"</summary>
    public override string ToString() => RowRule.Text(Rows.Length, FileRows, DroppedTimeouts, DroppedLast);

    /// <summary>Chooses rows.</summary>
    /// <param name="timeLimit">The task's longest episode; without time-outs, parity needs it.</param>
    /// <exception cref="FileException">Parity without time-outs and time limit, or no row left.</exception>
    public static RowSelection Of(RawDataset raw, DatasetMode mode, int? timeLimit = null)
    {
        var hasNext = raw.NextObservations != null;
        var rule = new RowRule(mode, raw.Source, raw.Count, raw.Timeouts != null, hasNext, timeLimit);
        var rows = ImmutableArray.CreateBuilder<int>(raw.Count);
        var timeouts = ImmutableArray.CreateBuilder<bool>(raw.Count);
        for (var row = 0; row < raw.Count; row++)
        {
            var (keeps, timeout, cuts) = rule.Next(raw.Terminals[row], raw.Timeouts?[row]);
            if (cuts) timeouts[^1] = true;
            if (!keeps) continue;
            rows.Add(row);
            timeouts.Add(timeout);
        }
        var choice = new RowSelection(mode, raw.Count, rows.ToImmutable(), timeouts.ToImmutable(),
            (int)rule.DroppedTimeouts, rule.DroppedLast);
        return choice.Rows.Length > 0 ? choice : throw new FileException(
            $"{raw.Source}: expected rows to train on, got none of its {raw.Count} ({choice}).");
    }

    /// <summary>The transitions these rows make.</summary>
    /// <exception cref="FileException">A number that is used is not finite.</exception>
    public Transitions Of(RawDataset raw)
    {
        var (s, a, n) = (raw.ObservationSize, raw.ActionSize, Rows.Length);
        var own = Mode == DatasetMode.Strict ? raw.NextObservations : null;
        if (raw.TooLarge is { } tooLarge) throw new FileException($"{raw.Source}: {tooLarge}");
        Finite.Require(raw.Observations, s, "observations", raw.Source);
        Finite.Require(raw.Actions, a, "actions", raw.Source);
        Finite.Require(raw.Rewards, 1, "rewards", raw.Source);
        Finite.Require(own, s, "next_observations", raw.Source);
        float[] observations = new float[n * s], next = new float[n * s], actions = new float[n * a];
        var (rewards, terminals) = (new float[n], new bool[n]);
        for (var i = 0; i < n; i++)
        {
            var row = Rows[i];
            raw.Observations.AsSpan(row * s, s).CopyTo(observations.AsSpan(i * s));
            raw.Actions.AsSpan(row * a, a).CopyTo(actions.AsSpan(i * a));
            rewards[i] = raw.Rewards[row];
            terminals[i] = raw.Terminals[row];
            // Strict mode keeps a terminal row without s′, which plays no part there: its observation fills the place.
            var from = own != null || (Mode == DatasetMode.Strict && terminals[i]) ? row : row + 1;
            (own ?? raw.Observations).AsSpan(from * s, s).CopyTo(next.AsSpan(i * s));
        }
        return new(raw.Name, s, a, observations, actions, rewards, terminals, [.. Timeouts], next, raw.ActionKind)
        {
            Columns = raw.Columns,
            FileEpisodes = raw.Timeouts is { } cuts ? Transitions.Split(raw.Rewards, raw.Terminals, cuts) : [],
        };
    }
}
