namespace Iql.Data;

/// <summary>A transition as one row of float32: observations [S], actions [A], reward, terminal, timeout,
/// nextObservations [S], zeros up to a multiple of 64 bytes. A row costs one or two cache misses.</summary>
readonly record struct RowLayout(int ObservationSize, int ActionSize)
{
    /// <summary>Floats of a cache line.</summary>
    internal const int Line = 16;

    internal int Actions => ObservationSize;
    internal int Reward => ObservationSize + ActionSize;
    internal int Terminal => Reward + 1;
    internal int Timeout => Reward + 2;
    internal int NextObservations => Reward + 3;

    /// <summary>Floats from one row to the next.</summary>
    internal int Stride => (NextObservations + ObservationSize + Line - 1) / Line * Line;
    /// <summary>Bytes from one row to the next.</summary>
    internal int Bytes => Stride * sizeof(float);

    internal void Write(Span<float> row, ReadOnlySpan<float> observation, ReadOnlySpan<float> action, float reward,
        bool terminal, bool timeout, ReadOnlySpan<float> nextObservation)
    {
        observation.CopyTo(row);
        action.CopyTo(row[Actions..]);
        row[Reward] = reward;
        row[Terminal] = terminal ? 1 : 0;
        row[Timeout] = timeout ? 1 : 0;
        nextObservation.CopyTo(row[NextObservations..]);
        row[(NextObservations + ObservationSize)..Stride].Clear();
    }

    internal void Write(Span<float> row, Transitions t, int index) =>
        Write(row, t.Observation(index), t.Action(index), t.Rewards[index], t.Terminals[index], t.Timeouts[index],
            t.NextObservation(index));
}
