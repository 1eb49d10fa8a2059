using Iql.Data.Files.Arrays;
using static Iql.Invariant;

namespace Iql.Data.Files.Layouts;

/// <summary>OGBench's .npz with rewards: terminals end trajectories, and masks of 0 end what bootstraps. The last row
/// of a trajectory holds only its last observation, unless the file has next observations. Compact files mark that row
/// by valids of 0.</summary>
/// <remarks>Source: load_dataset of OGBench's utils.py, and its layout of single-task rewards.</remarks>
static class OgbenchLayout
{
    const string Masks = "masks", Valids = "valids";

    /// <summary>Files of others have masks too, as 1 − terminals: there, both readings are the same.</summary>
    internal static bool Fits(IArrayFile file)
    {
        if (!Layout.Has(file, "observations", "actions", "rewards", "terminals", Masks)
            || Layout.Has(file, "timeouts")) return false;
        return Layout.Has(file, Valids) || file.Read("terminals").Flags(file.Path)
            .Zip(file.Read(Masks).Flags(file.Path)).Any(row => row.First == row.Second);
    }

    internal static FlatView Of(IArrayFile file)
    {
        var columns = Layout.Entries(file);
        var all = Layout.Rows(file, columns["observations"], columns["terminals"], columns[Masks]);
        var own = columns.ContainsKey("next_observations");
        var ends = file.Read("terminals").Flags(file.Path);
        var last = Layout.Has(file, Valids)
            ? Array.ConvertAll(file.Read(Valids).Flags(file.Path), valid => !valid) : own ? null : ends;
        var kept = new EpisodeRows(last == null ? Trajectories(ends, 1) : Trajectories(last, 0));
        if (kept.Count == 0) throw new InvalidDataException(
            $"{file.Path}: expected trajectories of two rows or more, got none of {all} rows. Write the file again.");
        var observations = columns["observations"];
        List<FlatColumn> view =
        [
            .. ((string[])["observations", "actions", "rewards"]).Select(name => Kept(name, name, 0)),
            own ? Kept("next_observations", "next_observations", 0)
                : Kept("next_observations", "observations", 1),
            FlatColumn.Flags("terminals", kept.Count, Terminals),
            FlatColumn.Flags("timeouts", kept.Count, (first, count) =>
                [.. kept.Ends(first, count).Zip(Terminals(first, count), (end, terminal) => end && !terminal)]),
        ];
        return new(file, "OGBench", view, Layout.Others(file, [.. view.Select(column => column.Name), Masks, Valids]),
            Findings);

        FlatColumn Kept(string name, string source, long shift) => new(name,
            columns[source].Kind, columns[source].Shape.SetItem(0, kept.Count),
            (first, count) => kept.Read(file, source, shift, first, count));

        bool[] Terminals(long first, int count) => Array.ConvertAll(
            new ArrayData(Masks, [count], kept.Read(file, Masks, 0, first, count)).Flags(file.Path), mask => !mask);

        IEnumerable<string> Findings()
        {
            if (!Layout.Has(file, Valids)) yield break;
            var flagged = kept.Spans.SelectMany(span => Enumerable.Range(0, span.Length),
                (span, step) => (Row: span.From + step, End: step == span.Length - 1));
            var odd = flagged.Where(row => ends[row.Row] != row.End).Select(row => row.Row).ToList();
            if (odd.Count > 0) yield return Say($"valids and terminals end trajectories in different rows, ") +
                Say($"{odd.Count:N0} of them (first {odd[0]:N0}): valids were followed.");
        }
    }

    /// <summary>The rows of trajectories, with or without the row that ends each. Rows behind the last end lose their
    /// last one too, where it only holds an observation.</summary>
    static IEnumerable<(long From, int Length)> Trajectories(bool[] ends, int withEnd)
    {
        var start = 0;
        for (var row = 0; row < ends.Length; row++)
        {
            if (!ends[row]) continue;
            yield return (start, row - start + withEnd);
            start = row + 1;
        }
        yield return (start, ends.Length - start - 1 + withEnd);
    }
}
