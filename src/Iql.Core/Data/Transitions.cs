using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Iql.Data;

/// <summary>A data set of N transitions (s, a, r, d, s′), immutable, in the order they were made. An episode ends where
/// a row is terminal or timed out, and at the last row.</summary>
public sealed class Transitions : IDataset
{
    readonly Lazy<string> fingerprint;
    readonly Lazy<DatasetStatistics> statistics;
    readonly Lazy<RowTable> table;

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"Transitions {Name}: {Count} rows, {Episodes.Length} episodes, {ActionSpace.Beside(ObservationSize)}");

    /// <summary>Takes over the columns, finite and of the shapes below. The arrays must not change after.</summary>
    /// <param name="name">The data set's name in runs and reports.</param>
    /// <param name="actionKind">Discrete: rows of actions are one-hot.</param>
    public Transitions(string name, int observationSize, int actionSize, float[] observations, float[] actions,
        float[] rewards, bool[] terminals, bool[] timeouts, float[] nextObservations,
        ActionKind actionKind = ActionKind.Continuous)
    {
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        Check.That(rewards.Length > 0, nameof(rewards), "at least one row", 0,
            "A data set without transitions teaches nothing.");
        Name = name;
        Count = rewards.Length;
        ObservationSize = observationSize;
        ActionSpace = new(actionKind, actionSize);
        Observations = Column(observations, observationSize, nameof(observations));
        Actions = Column(actions, actionSize, nameof(actions));
        if (ActionSpace.IsDiscrete && ActionSpace.FirstViolation(actions, actionSize) is >= 0 and var bad)
            throw new InputException($"{nameof(actions)}: expected one-hot rows of {ActionSpace}, " +
                $"got [{string.Join(", ", actions.AsSpan(bad * actionSize, actionSize).ToArray())}] in row {bad}.");
        Rewards = Column(rewards, 1, nameof(rewards));
        Terminals = Column(terminals, 1, nameof(terminals));
        Timeouts = Column(timeouts, 1, nameof(timeouts));
        NextObservations = Column(nextObservations, observationSize, nameof(nextObservations));
        Episodes = Split(rewards, terminals, timeouts);
        fingerprint = new(() => RowFingerprint.Of(this));
        statistics = new(() => DatasetStatistics.Of(this));
        table = new(() => new(this));

        ImmutableArray<T> Column<T>(T[] values, int columns, string column)
        {
            Check.That(values.Length == (long)Count * columns, column, $"{Count} rows (as rewards has) of {columns}, " +
                $"{(long)Count * columns} numbers", values.Length);
            if (values is float[] numbers) Finite.Require(numbers, columns, column);
            return ImmutableCollectionsMarshal.AsImmutableArray(values);
        }
    }

    public string Name { get; }
    /// <summary>N.</summary>
    public int Count { get; }
    /// <summary>S.</summary>
    public int ObservationSize { get; }
    public ActionSpace ActionSpace { get; }
    /// <summary>A.</summary>
    public int ActionSize => ActionSpace.Size;
    /// <summary>s, [N, S] row-major.</summary>
    public ImmutableArray<float> Observations { get; }
    /// <summary>a, [N, A] row-major.</summary>
    public ImmutableArray<float> Actions { get; }
    /// <summary>r, [N].</summary>
    public ImmutableArray<float> Rewards { get; }
    /// <summary>d, [N]: the environment ended after this row; no bootstrap from s′.</summary>
    public ImmutableArray<bool> Terminals { get; }
    /// <summary><c>[N]</c>: the episode was cut after this row, s′ still has a value.</summary>
    public ImmutableArray<bool> Timeouts { get; }
    /// <summary>s′, [N, S] row-major; meaningless in terminal rows.</summary>
    public ImmutableArray<float> NextObservations { get; }
    /// <summary>The episodes, in order; every row is in one.</summary>
    public ImmutableArray<Episode> Episodes { get; }
    /// <summary>The episodes of their file, with the rows that were left out; empty where there is no file.</summary>
    public ImmutableArray<Episode> FileEpisodes { get; internal init; } = [];
    /// <summary>Names, units and bounds of the columns; null where the source says none.</summary>
    public DataColumns? Columns { get; init => field = value?.Fitting(ObservationSize, ActionSpace); }
    public string Fingerprint => fingerprint.Value;
    public DatasetStatistics Statistics => statistics.Value;

    long IDataset.Count => Count;
    RowTable IDataset.Table => table.Value;
    Normalization IDataset.Pending => Normalization.None;
    Transitions IDataset.Sample(int most) => this;
    IDataset IDataset.Normalized(Normalization normalization) => normalization.Apply(this);

    /// <summary>Whether the action at s′ is known, from the next row of the episode. Terminal rows need none.</summary>
    public bool HasNextAction(int row) => Terminals[row] || (row + 1 < Count && !Timeouts[row]);

    /// <summary>Returns to go, [N]: Σ γᵏ r from a row to the end of its episode.</summary>
    /// <param name="discount">γ, in [0, 1]; 1 sums the rewards. Without an end, below 1.</param>
    /// <param name="ending">What an episode without a terminal row counts after its last row.</param>
    public float[] ReturnsToGo(double discount = 1, Ending ending = Ending.Nothing)
    {
        Check.That(discount is >= 0 and <= 1, nameof(discount), "a number in [0, 1]", discount);
        Check.That(discount < 1 || ending == Ending.Nothing, nameof(discount), "less than 1 for endless rewards", 1);
        var (returns, least, rule) = (new float[Count], Rewards.Min(), new ReturnRule(discount, ending));
        foreach (var episode in Episodes)
            rule.Count(Rewards.AsSpan(episode.Start, episode.Length), Terminals[episode.Last], least,
                returns.AsSpan(episode.Start, episode.Length));
        return returns;
    }

    /// <summary>One row of the observations, [S].</summary>
    public ReadOnlySpan<float> Observation(int row) => Observations.AsSpan(row * ObservationSize, ObservationSize);
    /// <summary>One row of the actions, [A].</summary>
    public ReadOnlySpan<float> Action(int row) => Actions.AsSpan(row * ActionSize, ActionSize);
    /// <summary>One row of the next observations, [S].</summary>
    public ReadOnlySpan<float> NextObservation(int row) =>
        NextObservations.AsSpan(row * ObservationSize, ObservationSize);

    /// <summary>The same rows under another name.</summary>
    public Transitions Named(string name) => With(name: name);

    /// <summary>The same rows with some columns replaced; null keeps a column.</summary>
    public Transitions With(string? name = null, float[]? observations = null, float[]? actions = null,
        float[]? rewards = null, float[]? nextObservations = null) =>
        new(name ?? Name, ObservationSize, ActionSize, observations ?? Array(Observations), actions ?? Array(Actions),
            rewards ?? Array(Rewards), Array(Terminals), Array(Timeouts),
            nextObservations ?? Array(NextObservations), ActionSpace.Kind)
        { Columns = Columns };

    /// <summary>The same rows with names of their columns.</summary>
    public Transitions Naming(DataColumns? columns) =>
        new(Name, ObservationSize, ActionSize, Array(Observations), Array(Actions), Array(Rewards), Array(Terminals),
            Array(Timeouts), Array(NextObservations), ActionSpace.Kind)
        { Columns = columns, FileEpisodes = FileEpisodes };

    /// <summary>Some of the episodes, in order. An unfinished one that is no longer the last gets a time-out.</summary>
    /// <param name="episodes">Indices into <see cref="Episodes"/>, at least one; repeats are allowed.</param>
    public Transitions Subset(IEnumerable<int> episodes)
    {
        var rows = new List<Range>();
        foreach (var episode in episodes)
        {
            Check.That((uint)episode < (uint)Episodes.Length,
                nameof(episodes), $"indices of {Name}'s {Episodes.Length} episodes", episode);
            rows.Add(Episodes[episode].Start..(Episodes[episode].Last + 1));
        }
        Check.That(rows.Count > 0, nameof(episodes), "at least one episode", 0);
        return Join(Name, [.. rows.Select(range => (this, range))]);
    }

    /// <summary>The rows of several data sets. An unfinished episode that is not the last gets a time-out.</summary>
    public static Transitions Concatenate(string name, IReadOnlyList<Transitions> parts)
    {
        Check.That(parts.Count > 0, nameof(parts), "at least one data set", 0);
        foreach (var part in parts)
            Check.That(part.ObservationSize == parts[0].ObservationSize && part.ActionSpace == parts[0].ActionSpace,
                nameof(parts),
                $"{parts[0].ActionSpace.Beside(parts[0].ObservationSize)}, as in {parts[0].Name}",
                $"{part.ActionSpace.Beside(part.ObservationSize)} in {part.Name}");
        return Join(name, [.. parts.Select(part => (part, ..part.Count))]);
    }

    static Transitions Join(string name, (Transitions Source, Range Rows)[] pieces)
    {
        var first = pieces[0].Source;
        var timeouts = Flags(t => t.Timeouts);
        var terminals = Flags(t => t.Terminals);
        var end = 0;
        foreach (var (source, rows) in pieces[..^1])
        {
            end += rows.GetOffsetAndLength(source.Count).Length;
            timeouts[end - 1] |= !terminals[end - 1];
        }
        return new(name, first.ObservationSize, first.ActionSize, Gather(t => t.Observations, first.ObservationSize),
            Gather(t => t.Actions, first.ActionSize), Gather(t => t.Rewards, 1), terminals, timeouts,
            Gather(t => t.NextObservations, first.ObservationSize), first.ActionSpace.Kind)
        { Columns = first.Columns };

        bool[] Flags(Func<Transitions, ImmutableArray<bool>> column) => Gather(column, 1);
        T[] Gather<T>(Func<Transitions, ImmutableArray<T>> column, int size)
        {
            var count = pieces.Sum(piece => (long)piece.Rows.GetOffsetAndLength(piece.Source.Count).Length * size);
            var joined = new T[count];
            var at = 0;
            foreach (var (source, rows) in pieces)
            {
                var (start, length) = rows.GetOffsetAndLength(source.Count);
                column(source).AsSpan().Slice(start * size, length * size).CopyTo(joined.AsSpan(at));
                at += length * size;
            }
            return joined;
        }
    }

    internal static ImmutableArray<Episode> Split(float[] rewards, bool[] terminals, bool[] timeouts)
    {
        var episodes = ImmutableArray.CreateBuilder<Episode>();
        var start = 0;
        var sum = 0.0;
        for (var row = 0; row < rewards.Length; row++)
        {
            sum += rewards[row];
            if (!terminals[row] && !timeouts[row] && row + 1 < rewards.Length) continue;
            var end = terminals[row] ? EpisodeEnd.Terminal : timeouts[row] ? EpisodeEnd.Timeout : EpisodeEnd.Unfinished;
            episodes.Add(new(start, row + 1 - start, end, sum));
            (start, sum) = (row + 1, 0.0);
        }
        return episodes.ToImmutable();
    }

    static T[] Array<T>(ImmutableArray<T> column) => ImmutableCollectionsMarshal.AsArray(column)!;
}
