using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Layouts;

/// <summary>imitation's .npz of trajectories: T + 1 observations of each behind each other (obs), T actions (acts) and
/// rewards (rews), a flag each whether it ended (terminal), and where the actions are cut (indices).</summary>
/// <remarks>Source: imitation's data/serialize.py and data/types.py.</remarks>
static class ImitationLayout
{
    internal static bool Fits(IArrayFile file) => Layout.Has(file, "obs", "acts", "terminal", "indices");

    internal static FlatView Of(IArrayFile file)
    {
        var columns = Layout.Entries(file);
        if (!columns.TryGetValue("rews", out var rewards)) throw new InvalidDataException(
            $"{file.Path}: 'rews': expected rewards, as imitation's trajectories with rewards have, got none. " +
            "Save trajectories with rewards.");
        var (rows, all) = (Layout.Rows(file, columns["acts"], rewards), columns["obs"].Shape[0]);
        var terminal = file.Read("terminal").Flags(file.Path);
        long[] cuts = [0, .. (long[])file.Read("indices").Values, rows];
        if (cuts.Length != terminal.Length + 1 || all != rows + terminal.Length
            || cuts.Zip(cuts.Skip(1)).Any(cut => cut.First > cut.Second)) throw new InvalidDataException(
            $"{file.Path}: 'indices': expected ascending rows that cut {rows} actions and {all} observations into " +
            $"{terminal.Length} trajectories, got {cuts.Length - 2}. Write the file again.");
        var (actions, observations) = (new EpisodeRows(Spans(0)), new EpisodeRows(Spans(1)));
        bool[] ended = [.. terminal.Where((_, i) => cuts[i + 1] > cuts[i])];
        return new(file, "imitation",
        [
            Joined(actions, "actions", "acts", 0),
            Joined(actions, "rewards", "rews", 0),
            Joined(observations, "observations", "obs", 0),
            Joined(observations, "next_observations", "obs", 1),
            FlatColumn.Flags("terminals", rows, (first, count) => Ends(true, first, count)),
            FlatColumn.Flags("timeouts", rows, (first, count) => Ends(false, first, count)),
        ], Layout.Others(file, "obs", "acts", "rews", "terminal", "indices"));

        // Each trajectory before has one observation more than actions.
        IEnumerable<(long, int)> Spans(int more) =>
            terminal.Select((_, i) => (cuts[i] + more * i, checked((int)(cuts[i + 1] - cuts[i]))));

        FlatColumn Joined(EpisodeRows episodes, string name, string source, long shift) => new(name,
            columns[source].Kind, columns[source].Shape.SetItem(0, rows),
            (first, count) => episodes.Read(file, source, shift, first, count));

        bool[] Ends(bool wanted, long first, int count)
        {
            var ends = actions.Ends(first, count);
            foreach (var piece in actions.Pieces(first, count))
                ends[piece.At + piece.Length - 1] &= ended[piece.Episode] == wanted;
            return ends;
        }
    }
}
