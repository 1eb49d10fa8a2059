using System.Collections.Immutable;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Data;

/// <summary>Draws pieces of at most K consecutive rows of one episode, for models of sequences: a row drawn uniformly,
/// and those that follow. Short pieces are padded on the left.</summary>
/// <remarks>As in kzl/decision-transformer (gym/experiment.py).</remarks>
public sealed class TrajectorySampler : IBatchSource
{
    /// <summary>The padding of actions: outside ±1, so that it looks like none.</summary>
    const float NoAction = -10;

    readonly record struct Column(Layout.Entry Entry, int Size, Func<int, ReadOnlyMemory<float>> Row, float Padding);

    readonly Layout layout;
    readonly ImmutableArray<Column> columns;
    readonly int[] last;
    static readonly float[] One = [1];

    /// <summary>Takes the columns that the layout names.</summary>
    /// <param name="batch">A layout with entries of <see cref="BatchLayout.Trajectories"/>.</param>
    public TrajectorySampler(Transitions transitions, Layout batch)
    {
        layout = batch;
        Check.That(batch.Entries.Length > 0 && batch.Entries[0].Shape.Rank >= 2, batch.Name,
            "columns of shape [B, K, …]", batch.Entries.Length == 0 ? "none" : batch.Entries[0].Shape.ToString(),
            "Make the layout with BatchLayout.Trajectories.");
        (BatchSize, Context) = (batch.Entries[0].Shape[0], batch.Entries[0].Shape[1]);
        Count = transitions.Count;
        last = new int[Count];
        var timesteps = new float[Count];
        foreach (var episode in transitions.Episodes)
            for (var row = episode.Start; row <= episode.Last; row++)
                (last[row], timesteps[row]) = (episode.Last, row - episode.Start);
        columns = [.. batch.Entries.Select(entry => entry.Name switch
        {
            "observations" => Rows(entry, transitions.Observations.AsMemory(), transitions.ObservationSize, 0),
            "actions" => Rows(entry, transitions.Actions.AsMemory(), transitions.ActionSize, NoAction),
            "rewards" => Numbers(entry, transitions.Rewards.AsMemory()),
            "returnsToGo" => Numbers(entry, transitions.ReturnsToGo()),
            "timesteps" => Numbers(entry, timesteps),
            "mask" => new Column(entry, 1, _ => One, 0),
            _ => throw new InputException(
                $"batch: expected observations, actions, rewards, returnsToGo, timesteps or mask, got {entry.Name}."),
        })];
        foreach (var column in columns)
        {
            var expected = column.Entry.Name is "observations" or "actions"
                ? new Shape(BatchSize, Context, column.Size) : new Shape(BatchSize, Context);
            Check.That(column.Entry.Shape == expected,
                $"{batch.Name}/{column.Entry.Name}", $"shape {expected} for {transitions.Name}", column.Entry.Shape);
        }

        static Column Rows(Layout.Entry entry, ReadOnlyMemory<float> numbers, int size, float padding) =>
            new(entry, size, row => numbers.Slice(row * size, size), padding);

        static Column Numbers(Layout.Entry entry, ReadOnlyMemory<float> numbers) => Rows(entry, numbers, 1, 0);
    }

    /// <summary>B.</summary>
    public int BatchSize { get; }
    /// <summary>K.</summary>
    public int Context { get; }
    /// <summary>Number of rows a piece may start at: all N.</summary>
    public int Count { get; }
    /// <summary>Fills a batch: piece i starts at row <c>seed.Below(step · B + i, Count)</c>.</summary>
    public void Fill(TensorBlock batch, Seed seed, long step) => Fill(batch, seed, step, 0, BatchSize);

    public void Fill(TensorBlock batch, Seed seed, long step, int first, int end)
    {
        Check.That(batch.Layout.IsSame(layout), nameof(batch), $"the layout {layout.Name} of this sampler",
            batch.Layout.Name);
        var storage = batch.Storage;
        for (var i = first; i < end; i++)
        {
            var start = seed.Below((ulong)(step * BatchSize + i), Count);
            var length = Math.Min(Context, last[start] - start + 1);
            foreach (var column in columns)
                for (var k = 0; k < Context; k++)
                {
                    var to = storage.Slice(Place(column, i * Context + k), column.Size);
                    var row = start + k - (Context - length);
                    if (row < start) to.Fill(column.Padding);
                    else column.Row(row).Span.CopyTo(to);
                }
        }
    }

    /// <summary>The offset of a row of [B · K, size]; rows of a single number are dense.</summary>
    static int Place(Column column, int row)
    {
        var (entry, number) = (column.Entry, row * column.Size);
        return entry.Offset + number / entry.Columns * entry.Stride + number % entry.Columns;
    }
}
