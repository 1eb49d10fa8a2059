using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;
using Iql.Data.Rows;

namespace Iql.Data.Files.Logs;

/// <summary>Converts a user's log, CSV or JSON lines, to a data set file. Reads the log once, row by row.</summary>
public static class LogImport
{
    /// <summary>Reads a log and writes a data set in D4RL's layout, or a row file, whole or not at all.</summary>
    /// <param name="log">A .csv, .tsv, .jsonl, .ndjson or .parquet file.</param>
    /// <param name="schema">The meaning of its columns.</param>
    /// <param name="target">.hdf5, .h5, .npz or .rows; .rows leaves out rows without s′, as strict mode.</param>
    /// <returns>"10,000 rows in 12 episodes, observations of 4, actions of 2"</returns>
    /// <exception cref="FileException">A wrong field, row or log, by line and column.</exception>
    public static string Import(string log, LogSchema schema, string target, Action<long>? progress = null,
        CancellationToken cancellation = default)
    {
        if (File.Exists(target) || Directory.Exists(target)) throw new InputException(
            $"target: expected a new name, got {target}, where there is something. Delete it, or choose another.");
        var ending = Path.GetExtension(target).ToLowerInvariant();
        if (ending is not (".hdf5" or ".h5" or ".npz" or ".rows")) throw new InputException(
            $"target: expected a name ending in .hdf5, .h5, .npz or .rows, got '{ending}' in {target}.");
        if (!File.Exists(log)) throw new FileException(
            new FileNotFoundException($"{log}: expected a log, found none there."));
        var reading = new LogReading(log, schema);
        var rows = LogRows.Whole(reading, LogRows.Checked(reading, Watched()));
        var said = FileException.Of(() =>
            ending == ".rows" ? ToRowFile(reading, rows, target) : ToFlat(reading, rows, target, ending));
        return said + reading.Said;

        IEnumerable<LogRow> Watched()
        {
            var count = 0L;
            foreach (var row in Reading.Each(log, "a log", reading.Rows()))
            {
                const int often = 1 << 12;
                if (++count % often == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                    progress?.Invoke(count);
                }
                yield return row;
            }
        }
    }

    static string ToFlat(LogReading reading, IEnumerable<LogRow> rows, string target, string ending)
    {
        var (log, schema) = (reading.Path, reading.Schema);
        List<float> observations = [], actions = [], rewards = [], next = [];
        List<bool> terminals = [], timeouts = [];
        var (episodes, size, actionSize) = (0, 0, 0);
        foreach (var row in rows)
        {
            (size, actionSize) = (row.Observation.Length, row.Action.Length);
            if (rewards.Count == 0) RequireMemory(log, row, ending);
            if (observations.Count > Array.MaxLength - size) throw new FileException(
                $"{log}: expected fewer rows for {ending}, got more than an array holds. " +
                "Import to a .rows file, which may be larger than memory.");
            observations.AddRange(row.Observation);
            actions.AddRange(row.Action);
            rewards.Add(row.Reward);
            next.AddRange(row.NextObservation);
            terminals.Add(row.Terminal);
            timeouts.Add(row.Timeout);
            episodes += row.Terminal || row.Timeout ? 1 : 0;
        }
        var n = rewards.Count;
        List<ArrayData> arrays =
        [
            new("observations", [n, size], observations.ToArray()),
            schema.IsDiscrete ? new("actions", [n], actions.Select(choice => (long)choice).ToArray())
                : new("actions", [n, actionSize], actions.ToArray()),
            new("rewards", [n], rewards.ToArray()),
            new("terminals", [n], terminals.ToArray()),
            new("timeouts", [n], timeouts.ToArray()),
        ];
        if (next.Count > 0) arrays.Add(new("next_observations", [n, size], next.ToArray()));
        if (schema.ActionCount is { } count) arrays.Add(new(ColumnShapes.ActionCount, [], new long[] { count }));
        var metadata = new Dictionary<string, string> { ["source"] = Path.GetFileName(log) };
        arrays.AddRange(DataColumns.Beside(metadata, reading.Columns)
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => ArrayData.Of("metadata/" + entry.Key, entry.Value)));
        if (ending == ".npz") NpzFile.Write(target, arrays);
        else Hdf5Writer.Write(target, arrays);
        return Said(n, episodes + (terminals[^1] || timeouts[^1] ? 0 : 1), size, actionSize);
    }

    /// <summary>Refuses a log that memory does not hold, by its size and its first lines.</summary>
    internal static void RequireMemory(string log, LogRow row, string ending, long? available = null)
    {
        const double copies = 3; // the columns while they grow, and as arrays
        using var stream = File.OpenRead(log);
        var start = new byte[1 << 16];
        var read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (!stream.CanSeek || read == 0) return;
        var rows = (double)stream.Length / read * start.AsSpan(0, read).Count((byte)'\n');
        var numbers = row.Observation.Length + row.Action.Length + 1 + row.NextObservation.Length;
        AvailableMemory.Require(copies * rows * (4.0 * numbers + 2), log,
            Invariant.Say($"about {rows / 1e6:G2} million rows"),
            $"Import to a .rows file instead of {ending}: it may be larger than memory.", available);
    }

    static string ToRowFile(LogReading reading, IEnumerable<LogRow> rows, string target)
    {
        var (log, schema) = (reading.Path, reading.Schema);
        if (schema.IsDiscrete && schema.ActionCount == null) throw new InputException(
            "action_count: expected the number of choices in the schema, for a row file, got none.");
        using var each = rows.GetEnumerator();
        each.MoveNext();
        var first = each.Current;
        var (count, left, episodes) = (0L, 0L, 0L);
        var (source, name) = (Path.GetFileName(log), Path.GetFileNameWithoutExtension(log));
        var metadata = new Dictionary<string, string> { ["source"] = source, ["mode"] = nameof(DatasetMode.Strict) };
        var choices = schema.ActionCount is { } n ? new float[n] : null;
        var size = choices?.Length ?? first.Action.Length;
        var all = DataColumns.Beside(metadata, reading.Columns);
        RowFileWriter.Write(target, name, first.Observation.Length, size, all, writer =>
        {
            LogRow? following;
            for (var row = first; row != null; row = following)
            {
                following = Next();
                // Without its own s′, a row has the next row's observation, or none where its episode was cut.
                var own = row.NextObservation.Length > 0 ? row.NextObservation
                    : row.Terminal ? row.Observation : row.Timeout ? null : following?.Observation;
                episodes += row.Terminal || row.Timeout || following == null ? 1 : 0;
                // The row before a left-out one is its episode's last.
                var isLast = following is { NextObservation.Length: 0, Terminal: false, Timeout: true };
                if (own == null) left++;
                else writer.Add(row.Observation, Action(row), row.Reward, row.Terminal,
                    row.Timeout || (isLast && !row.Terminal), own);
            }
            count = writer.Count;
            if (count == 0) throw new FileException(
                $"{log}: expected rows whose next observation is known, got none of {left}.");
        }, schema.IsDiscrete ? ActionKind.Discrete : ActionKind.Continuous);
        return Said(count, episodes, first.Observation.Length, size) +
            (left > 0 ? FormattableString.Invariant($"; left out {left:N0} rows without a next observation") : "");

        LogRow? Next() => each.MoveNext() ? each.Current : null;

        float[] Action(LogRow row)
        {
            if (choices == null) return row.Action;
            Array.Clear(choices);
            choices[(int)row.Action[0]] = 1;
            return choices;
        }
    }

    static string Said(long rows, long episodes, int size, int actionSize) =>
        Invariant.Say($"{rows:N0} rows in {episodes:N0} episode{(episodes == 1 ? "" : "s")}, ") +
        Invariant.Say($"observations of {size}, actions of {actionSize}");
}
