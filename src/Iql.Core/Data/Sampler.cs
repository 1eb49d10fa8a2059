using System.Collections.Immutable;
using System.Runtime.Intrinsics.X86;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Data;

/// <summary>Draws minibatches with replacement. Row i of step t is a pure function of the seed, so a resumed run meets
/// the same batches. A data set in memory and its <c>RowFile</c> give the same bits.</summary>
/// <remarks>The rows of a step are known long before, so cache lines are prefetched some rows ahead. Pages of a mapped
/// file are requested some steps ahead, once a batch waited for the disk: a request costs 0.8 µs, a wait 100 and more,
/// so requests pay from one wait in a hundred rows on.</remarks>
public sealed unsafe class Sampler : IBatchSource
{
    enum Kind { Plain, Observations, Actions, Rewards, ReturnsToGo }

    /// <summary>A column's place in a row of the table (next actions: of the next row) and in the block.</summary>
    readonly record struct Piece(Kind Kind, int Source, bool FromNext, int Length, int Destination, int Stride);

    const int AheadRows = 6;

    /// <summary>Steps of the look-ahead for pages, and its duration in steps after a batch that waited.</summary>
    const int AheadSteps = 4, AskFor = 1000;

    readonly RowTable table;
    readonly RowRank? drawn;
    readonly ReplayBuffer? buffer;
    readonly float[] returnsToGo;
    readonly Layout layout;
    readonly ImmutableArray<Piece> pieces;
    readonly Normalization normalization;
    readonly int floatsWanted, terminal;
    readonly long bounded;
    long askUntil, asked;

    /// <summary>Finds the columns that the layout names.</summary>
    /// <param name="batch">A layout with some of observations [B, S], actions [B, A], rewards [B], terminals [B],
    /// nextObservations [B, S], nextActions [B, A] and, of data in memory, returnsToGo [B]. With nextActions, rows
    /// without a known next action (<see cref="Transitions.HasNextAction"/>) are never drawn; a terminal row gets its
    /// own action, which plays no part.</param>
    /// <param name="returnsToGo">Column returnsToGo, [N]; null sums the rewards without a discount.</param>
    /// <param name="buffer">Where rows are drawn from, the data set's and more; null is the data set.</param>
    /// <param name="bounded">Steps in which column returnsToGo bounds from below; later it is −∞, which never does.
    /// </param>
    public Sampler(IDataset dataset, Layout batch, float[]? returnsToGo = null, ReplayBuffer? buffer = null,
        long bounded = long.MaxValue)
    {
        (layout, this.buffer, this.bounded) = (batch, buffer, bounded);
        if (buffer is not null)
            Check.That(!batch.Contains("nextActions"), batch.Name, "columns of single rows", "nextActions",
                "Rows that acting adds have none.");
        BatchSize = batch.Entries.Length > 0 && batch.Entries[0].Shape.Rank > 0 ? batch.Entries[0].Shape[0] : 0;
        Check.AtLeast(BatchSize, 1, batch.Name, "Make the layout with BatchLayout.Of.");
        var row = new RowLayout(dataset.ObservationSize, dataset.ActionSize);
        var (s, a) = row;
        pieces =
        [
            .. batch.Entries.Select(entry =>
            {
                var (kind, source, size) = entry.Name switch
                {
                    "observations" => (Kind.Observations, 0, s),
                    "actions" or "nextActions" => (Kind.Actions, row.Actions, a),
                    "rewards" => (Kind.Rewards, row.Reward, 0),
                    "terminals" => (Kind.Plain, row.Terminal, 0),
                    "nextObservations" => (Kind.Observations, row.NextObservations, s),
                    "returnsToGo" => (Kind.ReturnsToGo, 0, 0),
                    _ => throw new InputException(
                        "batch: expected observations, actions, rewards, terminals, nextObservations, nextActions " +
                        $"or returnsToGo, got {entry.Name}."),
                };
                var expected = size == 0 ? new Shape(BatchSize) : new Shape(BatchSize, size);
                Check.That(entry.Shape == expected,
                    $"{batch.Name}/{entry.Name}", $"shape {expected} for {dataset.Name}", entry.Shape);
                return new Piece(kind, source, entry.Name == "nextActions", Math.Max(1, size), entry.Offset,
                    size <= 1 ? 1 : entry.Stride);
            }),
        ];
        this.returnsToGo = !batch.Contains("returnsToGo") || buffer is not null ? []
            : returnsToGo ?? dataset.InMemory("returns to go").ReturnsToGo();
        (table, normalization) = (dataset.Table, dataset.Pending);
        drawn = batch.Contains("nextActions") ? table.NextActions : null;
        (floatsWanted, terminal) = (table.Stride * (drawn == null ? 1 : 2), row.Terminal);
        Count = drawn?.Count ?? table.Count;
        Check.AtLeast(Count, 1, dataset.Name, "No row has a next action: every episode is a single step.");
    }

    /// <summary>B.</summary>
    public int BatchSize { get; }
    /// <summary>Number of rows to draw from: N, or fewer with next actions.</summary>
    public long Count { get; }
    /// <summary>Fills a batch: row i is row <c>seed.Below(step · B + i, Count)</c> of those to draw from.</summary>
    public void Fill(TensorBlock batch, Seed seed, long step) => Fill(batch, seed, step, 0, BatchSize);

    public void Fill(TensorBlock batch, Seed seed, long step, int first, int end)
    {
        if (!batch.Layout.IsSame(layout))
            Check.That(false, nameof(batch), $"the layout {layout.Name} of this sampler", batch.Layout.Name);
        if (table.Paging && first == 0 && step < Volatile.Read(ref askUntil)) Ask(seed, step);
        var storage = batch.Storage;
        var waits = table.Paging ? PageWaits.Count() : 0;
        for (var i = first; i < first + AheadRows; i++) Prefetch(Row(seed, step, i));
        for (var i = first; i < end; i++)
        {
            Prefetch(Row(seed, step, i + AheadRows));
            var number = Drawn(seed, step, i);
            var row = At(number);
            foreach (var piece in pieces)
            {
                if (piece.Kind == Kind.ReturnsToGo)
                {
                    storage[piece.Destination + i] = step >= bounded ? float.NegativeInfinity
                        : buffer is null ? returnsToGo[number] : buffer.ReturnToGo(number);
                    continue;
                }
                var from = row + piece.Source;
                if (piece.FromNext && row[terminal] == 0) from += table.Stride;
                if (piece.Length == 1) storage[piece.Destination + i * piece.Stride] = *from;
                else new ReadOnlySpan<float>(from, piece.Length)
                    .CopyTo(storage[(piece.Destination + i * piece.Stride)..]);
            }
        }
        if (table.Paging && (PageWaits.Count() - waits) * 100 > end - first)
        {
            Volatile.Write(ref askUntil, step + AskFor);
            table.LoadIfItFits();
        }
        Normalize(storage, first, end);
        GC.KeepAlive(this);
    }

    long Drawn(Seed seed, long step, int i)
    {
        var draw = (ulong)step * (ulong)BatchSize + (ulong)i;
        if (buffer is not null) return buffer.Draw(seed, draw, i, BatchSize);
        var k = seed.Below(draw, Count);
        return drawn?.Row(k) ?? k;
    }

    float* At(long number) => buffer is null ? table.Row(number) : buffer.At(number);

    float* Row(Seed seed, long step, int i) => At(Drawn(seed, step, i));

    /// <summary>Prefetches a row. 256 of 1,000,000 rows, S = 17, A = 6, on an EPYC: 14 µs, without it 29.</summary>
    void Prefetch(float* row)
    {
        if (!Sse.IsSupported) return;
        for (var i = 0; i < floatsWanted; i += RowLayout.Line) Sse.Prefetch0(row + i);
    }

    /// <summary>Requests the pages of the steps ahead.</summary>
    void Ask(Seed seed, long step)
    {
        var last = Volatile.Read(ref asked);
        // Another seed or a step back only means that a page is requested twice or never.
        var first = last > step && last <= step + AheadSteps ? last + 1 : step;
        for (var ahead = first; ahead <= step + AheadSteps; ahead++)
            for (var i = 0; i < BatchSize; i++) MemoryAdvice.Soon(Row(seed, ahead, i), floatsWanted * sizeof(float));
        Volatile.Write(ref asked, step + AheadSteps);
    }

    void Normalize(Span<float> storage, int first, int end)
    {
        if (ReferenceEquals(normalization, Normalization.None)) return;
        foreach (var piece in pieces)
        {
            if (piece.Kind is Kind.Plain or Kind.ReturnsToGo) continue;
            // A column of single numbers lies dense.
            var (rows, length) = piece.Stride == 1 ? (1, end - first) : (end - first, piece.Length);
            for (var i = first; i < first + rows; i++)
            {
                var numbers = storage.Slice(piece.Destination + i * piece.Stride, length);
                if (piece.Kind == Kind.Observations) normalization.Apply(numbers);
                else if (piece.Kind == Kind.Actions) normalization.ApplyToActions(numbers);
                else normalization.ApplyToRewards(numbers);
            }
        }
    }
}
