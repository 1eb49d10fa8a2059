namespace Iql.Data.Files.Logs;

/// <summary>Checks a log's rows: sizes stay, times ascend, episodes stand together. A new episode's name, and a large
/// step of time, are time-outs.</summary>
static class LogRows
{
    internal static IEnumerable<LogRow> Checked(LogReading log, IEnumerable<LogRow> rows)
    {
        var (schema, fields) = (log.Schema, log.Fields);
        var ended = new Dictionary<string, long>(StringComparer.Ordinal);
        LogRow? before = null;
        foreach (var row in rows)
        {
            if (schema.IsDiscrete) Choice(row);
            if (before != null)
            {
                Size(row, row.Observation, before.Observation, schema.Observations);
                Size(row, row.Action, before.Action, schema.Actions);
                var changes = row.Episode != before.Episode;
                if (changes) ended[before.Episode!] = before.Line;
                var cuts = changes || (!before.Ends && Gap(row, before));
                yield return cuts && !before.Terminal ? before with { Timeout = true } : before;
            }
            if (schema.NextObservations.Length > 0)
                Size(row, row.NextObservation, row.Observation, schema.NextObservations);
            if (schema.Episode is { } column && ended.TryGetValue(row.Episode!, out var line))
                throw fields.Wrong(row.Line, column, "an episode whose rows stand together",
                    $"'{row.Episode}', which ended in line {line}",
                    "Sort the log by episode and step, or give every episode a name of its own.");
            before = row;
        }
        yield return before ?? throw new InvalidDataException($"{log.Path}: expected rows, got none.");

        bool Gap(LogRow row, LogRow last)
        {
            if (schema.Time is not { } column) return false;
            if (!(row.Time > last.Time)) throw fields.Wrong(row.Line, column,
                FormattableString.Invariant($"a time after {last.Time}, as line {last.Line} has"),
                FormattableString.Invariant($"{row.Time}"),
                "Sort the rows by time, or name the column of episodes.");
            var gap = row.Time - last.Time > schema.LargestStep;
            log.Gaps += gap ? 1 : 0;
            return gap;
        }

        void Choice(LogRow row)
        {
            var (choice, most) = (row.Action[0], (schema.ActionCount ?? ActionSpace.MostChoices) - 1);
            var fits = float.IsNaN(choice) || (choice >= 0 && choice <= most && choice == MathF.Floor(choice));
            if (row.Action.Length != 1 || !fits)
                throw fields.Wrong(row.Line, schema.Actions[0], $"a choice, a whole number from 0 to {most}",
                    FormattableString.Invariant($"{choice}"));
        }

        void Size(LogRow row, float[] numbers, float[] expected, IEnumerable<string> columns)
        {
            if (numbers.Length != expected.Length) throw fields.Wrong(row.Line,
                string.Join(", ", columns.Take(3)), $"{expected.Length} numbers, as before", $"{numbers.Length}");
        }
    }

    /// <summary>Rows without missing numbers, by the schema's rule. The end of an episode is never lost: it goes over
    /// to the row before, as a time-out.</summary>
    internal static IEnumerable<LogRow> Whole(LogReading log, IEnumerable<LogRow> rows)
    {
        var (hold, cut) = (log.Schema.Missing == MissingRule.Hold, log.Schema.Missing == MissingRule.Cut);
        LogRow? kept = null, last = null;
        foreach (var read in rows)
        {
            var row = hold ? Held(read, last) : read;
            last = row.Ends ? null : row;
            if (IsWhole(row))
            {
                if (kept != null) yield return kept;
                kept = row;
                continue;
            }
            log.LeftOut++;
            if (kept is { Ends: false } && (cut || row.Ends)) kept = kept with { Timeout = true };
        }
        yield return kept ?? throw new InvalidDataException(
            $"{log.Path}: expected rows without missing numbers, got none of {log.LeftOut}.");

        LogRow Held(LogRow row, LogRow? before)
        {
            if (before == null || IsWhole(row)) return row;
            Fill(row.Observation, before.Observation);
            Fill(row.Action, before.Action);
            Fill(row.NextObservation, before.NextObservation);
            if (!float.IsNaN(row.Reward)) return row;
            log.Held++;
            return row with { Reward = before.Reward };
        }

        void Fill(float[] numbers, float[] before)
        {
            for (var i = 0; i < numbers.Length; i++)
                if (float.IsNaN(numbers[i]) && !float.IsNaN(before[i]))
                    (numbers[i], log.Held) = (before[i], log.Held + 1);
        }

        static bool IsWhole(LogRow row) => !float.IsNaN(row.Reward) && !row.Observation.Any(float.IsNaN)
            && !row.Action.Any(float.IsNaN) && !row.NextObservation.Any(float.IsNaN);
    }
}
