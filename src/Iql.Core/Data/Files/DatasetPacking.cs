using Iql.Data.Files.Arrays;
using Iql.Data.Rows;

namespace Iql.Data.Files;

/// <summary>Converts a file in D4RL's layout to a <see cref="RowFile"/> in pieces; neither is ever in memory.</summary>
public static class DatasetPacking
{
    const int PieceBytes = 1 << 23;

    /// <summary>Writes the transitions of <see cref="DatasetFile.Load"/>, with the same bits and fingerprint.</summary>
    /// <param name="source">An .hdf5 or .npz file.</param>
    /// <param name="path">The row file, written whole or not at all.</param>
    /// <param name="timeLimit">The task's longest episode, for a file without time-outs.</param>
    /// <param name="unpackedLimit">Of <see cref="DatasetFile.Open"/>, as <paramref name="columns"/>.</param>
    /// <returns>"kept 9,990 of 10,000 rows; …"</returns>
    /// <exception cref="FileException">As <see cref="DatasetFile.Load"/>; also Fortran order.</exception>
    public static string Pack(string source, string path, DatasetMode mode, int? timeLimit = null,
        Action<long, long>? progress = null, CancellationToken cancellation = default, long? unpackedLimit = null,
        IReadOnlyDictionary<string, string>? columns = null) =>
        Pack(source, path, mode, timeLimit, progress, cancellation, null, unpackedLimit, columns);

    internal static string Pack(string source, string path, DatasetMode mode, int? timeLimit,
        Action<long, long>? progress, CancellationToken cancellation, int? pieceRows, long? unpackedLimit = null,
        IReadOnlyDictionary<string, string>? names = null)
    {
        using var file = DatasetFile.Open(source, unpackedLimit, names);
        var columns = ColumnShapes.Of(file);
        var rule = new RowRule(mode, source, columns.Rows, columns.HasTimeouts, columns.HasNextObservations, timeLimit);
        var metadata = RawDataset.ReadMetadata(file)
            .SetItem("source", Path.GetFileName(source)).SetItem("mode", mode.ToString());
        var (outcome, all) = ("", DataColumns.Beside(metadata, RawDataset.Described(metadata, columns)));
        RowFileWriter.Write(path, file.Name, columns.ObservationSize, columns.Actions.Size, all, writer =>
        {
            var rows = new Rows(columns, rule, mode, writer);
            var rowBytes = sizeof(float) * (2L * columns.ObservationSize + columns.Actions.Size + 1);
            var piece = pieceRows ?? (int)Math.Max(1, PieceBytes / rowBytes);
            for (var first = 0L; first < columns.Rows; first += piece)
            {
                cancellation.ThrowIfCancellationRequested();
                rows.Add(first, (int)Math.Min(piece, columns.Rows - first));
                progress?.Invoke(Math.Min(columns.Rows, first + piece), columns.Rows);
            }
            rows.Done();
            outcome = RowRule.Text(writer.Count, columns.Rows, rule.DroppedTimeouts, rule.DroppedLast);
            if (writer.Count == 0) throw new FileException(
                $"{source}: expected rows to train on, got none of its {columns.Rows} ({outcome}).");
        }, columns.Actions.Kind);
        return outcome;
    }

    /// <summary>A row waits for the next one, which may be its s′ and may cut its episode.</summary>
    sealed class Rows(ColumnShapes columns, RowRule rule, DatasetMode mode, RowFileWriter writer)
    {
        readonly int s = columns.ObservationSize, a = columns.Actions.Size;
        readonly bool own = mode == DatasetMode.Strict && columns.HasNextObservations;
        readonly float[] observation = new float[columns.ObservationSize], next = new float[columns.ObservationSize];
        readonly float[] action = new float[columns.Actions.Size];
        float reward;
        bool waits, terminal, timeout;

        internal void Add(long first, int count)
        {
            var (file, path) = (columns.File, columns.File.Path);
            var observations = Numbers("observations", s);
            var actions = columns.Actions.IsDiscrete
                ? columns.ActionRows(file.Read("actions", first, count)) : Numbers("actions", a);
            var rewards = Numbers("rewards", 1);
            var nexts = own ? Numbers("next_observations", s) : [];
            var terminals = file.Read("terminals", first, count).Flags(path);
            var timeouts = columns.HasTimeouts ? file.Read("timeouts", first, count).Flags(path) : null;
            for (var i = 0; i < count; i++)
            {
                var here = observations.AsSpan(i * s, s);
                var (keeps, cut, cutsBefore) = rule.Next(terminals[i], timeouts?[i]);
                if (waits) Write(timeout || cutsBefore, here);
                waits = keeps;
                if (!keeps) continue;
                here.CopyTo(observation);
                actions.AsSpan(i * a, a).CopyTo(action);
                (reward, terminal, timeout) = (rewards[i], terminals[i], cut);
                if (own) nexts.AsSpan(i * s, s).CopyTo(next);
            }

            float[] Numbers(string name, int size)
            {
                var read = file.Read(name, first, count);
                var loss = new Float32Loss();
                if (read.Values is double[]) loss.Add(name, read.Values, size, first);
                if (loss.TooLarge is { } tooLarge) throw new FileException($"{path}: {tooLarge}");
                var numbers = read.Numbers(path);
                Finite.Require(numbers, size, name, path, first);
                return numbers;
            }
        }

        internal void Done()
        {
            if (waits) Write(timeout, observation);
            waits = false;
        }

        // Strict mode keeps a terminal row without s′, which plays no part there: its own observation fills the place.
        void Write(bool timeout, ReadOnlySpan<float> following) => writer.Add(observation, action, reward, terminal,
            timeout, own ? next : mode == DatasetMode.Strict && terminal ? observation : following);
    }
}
