using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Iql.Data.Rows;

/// <summary>Writes a <see cref="RowFile"/> row by row. The file exists whole or not at all.</summary>
public sealed class RowFileWriter
{
    const int BufferBytes = 1 << 22;
    readonly RowLayout layout;
    readonly ActionKind actionKind;
    readonly Stream stream;
    readonly StatisticsBuilder statistics;
    readonly RowFingerprint fingerprint;
    readonly List<ulong> marks = [];
    readonly float[] buffer;
    int filled;
    bool open;

    RowFileWriter(RowLayout layout, ActionKind actionKind, Stream stream, RowFingerprint fingerprint)
    {
        (this.layout, this.actionKind, this.stream, this.fingerprint) = (layout, actionKind, stream, fingerprint);
        statistics = new(layout.ObservationSize, layout.ActionSize);
        buffer = new float[Math.Max(1, BufferBytes / layout.Bytes) * layout.Stride];
    }

    /// <summary>Rows added so far.</summary>
    public long Count { get; private set; }

    /// <summary>Writes a temporary file and renames it. When writing throws, the old file stays.</summary>
    /// <param name="path">The file, best named .rows. Temporary files of killed writers are removed.</param>
    /// <param name="metadata">The origin of the data: name and text.</param>
    /// <param name="rows">Adds the rows in order, at least one.</param>
    /// <param name="actionKind">Discrete: rows of actions are one-hot.</param>
    public static void Write(string path, string name, int observationSize, int actionSize,
        IReadOnlyDictionary<string, string> metadata, Action<RowFileWriter> rows,
        ActionKind actionKind = ActionKind.Continuous)
    {
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        AtomicFile.Write(path, (Stream stream) =>
        {
            var layout = new RowLayout(observationSize, actionSize);
            using var fingerprint = new RowFingerprint(layout);
            var writer = new RowFileWriter(layout, actionKind, stream, fingerprint);
            stream.Write(new byte[RowFileHeader.Page]);
            rows(writer);
            writer.Close(name, metadata);
        });
    }

    /// <summary>Writes transitions that are in memory.</summary>
    public static void Write(
        string path, Transitions transitions, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, transitions.Name, transitions.ObservationSize, transitions.ActionSize,
            DataColumns.Beside(metadata, transitions.Columns), writer => writer.Add(transitions),
            transitions.ActionSpace.Kind);

    /// <summary>Adds all rows of transitions.</summary>
    public void Add(Transitions t)
    {
        ActionSpace actions = new(actionKind, layout.ActionSize);
        Check.That(t.ObservationSize == layout.ObservationSize && t.ActionSpace == actions, t.Name,
            actions.Beside(layout.ObservationSize), t.ActionSpace.Beside(t.ObservationSize));
        for (var row = 0; row < t.Count; row++)
            Add(t.Observation(row), t.Action(row), t.Rewards[row], t.Terminals[row], t.Timeouts[row],
                t.NextObservation(row));
    }

    /// <summary>Adds one row.</summary>
    public void Add(ReadOnlySpan<float> observation, ReadOnlySpan<float> action, float reward, bool terminal,
        bool timeout, ReadOnlySpan<float> nextObservation)
    {
        var row = buffer.AsSpan(filled, layout.Stride);
        layout.Write(row, observation, action, reward, terminal, timeout, nextObservation);
        if (Finite.FirstNonFinite(row) is >= 0 and var at) throw new InputException(NotFinite(row, at));
        if (actionKind == ActionKind.Discrete && ActionSpace.FirstViolation(action, layout.ActionSize) >= 0)
            throw new InputException(
                $"actions: expected a one-hot row, got [{string.Join(", ", action.ToArray())}] in row {Count}.");
        statistics.Add(observation, action, reward, terminal, timeout, nextObservation);
        // The row before this one has a next action if its episode went on; terminal rows need none.
        if (open) Mark(Count - 1);
        if (Count % 64 == 0) marks.Add(0);
        if (terminal) Mark(Count);
        open = !terminal && !timeout;
        filled += layout.Stride;
        Count++;
        if (filled == buffer.Length) Flush();
    }

    void Mark(long row) => CollectionsMarshal.AsSpan(marks)[(int)(row / 64)] |= 1UL << (int)(row % 64);

    string NotFinite(ReadOnlySpan<float> row, int at)
    {
        var (name, start) = at >= layout.NextObservations ? ("nextObservations", layout.NextObservations)
            : at >= layout.Reward ? ("rewards", layout.Reward)
            : at >= layout.Actions ? ("actions", layout.Actions) : ("observations", 0);
        return Finite.Message(row[at], Count, at - start, name);
    }

    void Flush()
    {
        fingerprint.Add(buffer.AsSpan(0, filled));
        stream.Write(MemoryMarshal.AsBytes(buffer.AsSpan(0, filled)));
        filled = 0;
    }

    void Close(string name, IReadOnlyDictionary<string, string> metadata)
    {
        Check.AtLeast(Count, 1, name, "A data set without transitions teaches nothing.");
        Flush();
        var words = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(marks));
        stream.Write(words);
        var description = new RowFileDescription(name, RowFileDescription.ColumnsOf(layout), fingerprint.Done(),
            metadata.ToImmutableSortedDictionary(StringComparer.Ordinal), statistics.Done(), actionKind).ToBytes();
        stream.Write(description);
        stream.Position = 0;
        stream.Write(new RowFileHeader(Count, layout, description.Length, SHA256.HashData(words),
            SHA256.HashData(description)).ToBytes());
    }
}
