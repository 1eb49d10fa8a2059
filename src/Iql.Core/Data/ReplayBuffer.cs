namespace Iql.Data;

/// <summary>A data set's N rows and, behind them, rows that acting adds, in the data set's own form. The data set is
/// not copied; memory for added rows is taken once. Rows are drawn from slots: of one buffer of capacity C, slot
/// (N + k) mod C has added row k, so the oldest row goes first, the data's rows before all; of two buffers, the data
/// never go and slot k mod C has added row k.</summary>
/// <remarks>One thread may write rows while others draw: a row is drawn from <see cref="Publish"/> on.</remarks>
public sealed unsafe class ReplayBuffer
{
    readonly IDataset dataset;
    readonly RowTable data;
    readonly RowLayout layout;
    readonly long[] chosen;
    readonly double? share;
    readonly float* memory;
    readonly long places;
    readonly ReturnRule? rule;
    readonly float[] dataReturns;
    readonly float least;
    readonly int stride;
    float[] rewards = [], returns = [];

    /// <summary>Takes the memory.</summary>
    /// <param name="capacity">C: rows of one buffer of both, at least N; or of a buffer of added rows alone.</param>
    /// <param name="added">Rows that will be added in all, at least 1.</param>
    /// <param name="dataShare">Share of a batch from the data, the rest from added rows, in [0, 1); null draws from one
    /// buffer of both.</param>
    /// <param name="dataRows">A random part of the data of so many rows; null takes all.</param>
    /// <param name="seed">What chooses that part.</param>
    /// <param name="ahead">Rows written before they are published, at most.</param>
    /// <param name="returns">How returns to go are counted, of data in memory; null counts none.</param>
    public ReplayBuffer(IDataset dataset, long capacity, long added, double? dataShare = null, long? dataRows = null,
        Seed seed = default, long ahead = 0, ReturnRule? returns = null)
    {
        (this.dataset, data, share, Capacity) = (dataset, dataset.Table, dataShare, capacity);
        layout = new(dataset.ObservationSize, dataset.ActionSize);
        chosen = dataRows is { } rows && rows < data.Count ? Chosen(data.Count, rows, seed) : [];
        DataRows = chosen.Length > 0 ? chosen.Length : data.Count;
        Check.AtLeast(added, 1, nameof(added));
        Check.AtLeast(capacity, share is null ? DataRows : 1, nameof(capacity),
            share is null ? $"The buffer starts with {DataRows} rows of the data." : "");
        places = Math.Min(added, capacity) + ahead;
        (rule, dataReturns) = (returns, []);
        if (returns is { } counted)
        {
            var whole = dataset.InMemory("returns to go");
            (dataReturns, least) = (whole.ReturnsToGo(counted.Discount, counted.Ending), whole.Rewards.Min());
        }
        stride = (Width + RowLayout.Line - 1) / RowLayout.Line * RowLayout.Line;
        memory = AlignedMemory.Uncleared(places * stride);
    }

    /// <summary>C.</summary>
    public long Capacity { get; }
    /// <summary>N, or the rows of the part that was chosen.</summary>
    public long DataRows { get; }
    /// <summary>Rows added and published: the next is row number k = Added.</summary>
    public long Added { get; private set; }
    /// <summary>Rows added, also those that are not published.</summary>
    public long Written { get; private set; }
    /// <summary>The oldest added row that can be drawn, where there is one.</summary>
    public long FirstAdded => Math.Max(0, Added - Capacity);
    /// <summary>Rows of the data that can be drawn.</summary>
    public long DataLeft => share is null ? DataRows - Math.Clamp(DataRows + Added - Capacity, 0, DataRows) : DataRows;
    /// <summary>Floats of a row without its padding. Its return to go, where it has one, is the last.</summary>
    internal int Width => layout.NextObservations + layout.ObservationSize + (rule is null ? 0 : 1);

    /// <summary>Writes the next row, in the form of the data's rows.</summary>
    /// <param name="terminal">d: no bootstrap from the next observation.</param>
    /// <param name="timeout">Whether the episode was cut; the next observation still has a value.</param>
    public void Write(ReadOnlySpan<float> observation, ReadOnlySpan<float> action, float reward, bool terminal,
        bool timeout, ReadOnlySpan<float> nextObservation)
    {
        Span<float> row = new(Place(Written), stride);
        layout.Write(row, observation, action, reward, terminal, timeout, nextObservation);
        row[layout.Stride..].Clear();
        Written++;
        GC.KeepAlive(this);
    }

    /// <summary>Counts the returns to go of the rows written last, an episode: it ended, or was cut.</summary>
    /// <param name="length">All of its rows, which the buffer still holds.</param>
    public void CloseEpisode(int length, bool terminal)
    {
        if (rule is not { } counted) return;
        Check.That(length >= 1 && length <= Math.Min(Written, places), nameof(length), "rows that the buffer holds",
            length);
        if (rewards.Length < length) (rewards, returns) = (new float[length], new float[length]);
        for (var i = 0; i < length; i++) rewards[i] = Place(Written - length + i)[layout.Reward];
        counted.Count(rewards.AsSpan(0, length), terminal, least, returns);
        for (var i = 0; i < length; i++) Place(Written - length + i)[Width - 1] = returns[i];
        GC.KeepAlive(this);
    }

    /// <summary>Lets all written rows be drawn.</summary>
    public void Publish() => Added = Written;

    /// <summary>Added row k without its padding; k from <see cref="FirstAdded"/> on.</summary>
    internal ReadOnlySpan<float> Row(long k) => new(Place(k), Width);

    /// <summary>Goes on behind row number k, whose rows follow by <see cref="Restore(ReadOnlySpan{float})"/>.</summary>
    internal void StartAt(long k) => Added = Written = k;

    /// <summary>Writes the next row as <see cref="Row"/> had it.</summary>
    internal void Restore(ReadOnlySpan<float> row)
    {
        Span<float> place = new(Place(Written), stride);
        place.Clear();
        row.CopyTo(place);
        Added = ++Written;
    }

    /// <summary>Row i of a batch of B rows, a pure function of the seed, the draw's number and Added: one of the data's
    /// N, or N + k for added row k.</summary>
    internal long Draw(Seed seed, ulong number, int i, int batchSize)
    {
        if (share is null)
        {
            var last = DataRows + Added - 1;
            var slot = seed.Below(number, Math.Min(last + 1, Capacity));
            // The row with this slot is the newest whose number is the slot's modulo the capacity.
            return last - (last - slot) % Capacity;
        }
        if (Added == 0 || i < FromData(batchSize)) return seed.Below(number, DataRows);
        return DataRows + FirstAdded + seed.Below(number, Added - FirstAdded);
    }

    /// <summary>A row that was drawn, as the data's table has it.</summary>
    internal float* At(long row) => row < DataRows ? data.Row(Chosen(row)) : Place(row - DataRows);

    /// <summary>Its return to go.</summary>
    internal float ReturnToGo(long row) =>
        row < DataRows ? dataReturns[Chosen(row)] : Place(row - DataRows)[Width - 1];

    /// <summary>Rows of a batch that are the data's, where two buffers are mixed; they come first.</summary>
    internal int FromData(int batchSize) => (int)Math.Round((share ?? 0) * batchSize, MidpointRounding.AwayFromZero);

    long Chosen(long row) => chosen.Length > 0 ? chosen[row] : row;

    float* Place(long k) => memory + (nint)(k % places) * stride;

    /// <summary>So many rows of N without repeats, ascending (Knuth, volume 2, algorithm S).</summary>
    static long[] Chosen(long count, long wanted, Seed seed)
    {
        Check.AtLeast(wanted, 1, nameof(wanted));
        var chosen = new long[wanted];
        var taken = 0L;
        for (var row = 0L; taken < wanted; row++)
            if (seed.Unit((ulong)row) * (count - row) < wanted - taken) chosen[taken++] = row;
        return chosen;
    }

    ~ReplayBuffer()
    {
        AlignedMemory.Free(memory, places * stride);
        GC.KeepAlive(dataset);
    }
}
