using Iql.Data.Files.Arrays;
using static Iql.Invariant;

namespace Iql.Data.Files.Layouts;

/// <summary>d3rlpy 1's HDF5: flat columns, in which episode_terminals end episodes. Such an end is terminal where
/// terminals say so too, and else a time-out.</summary>
/// <remarks>Source: d3rlpy's own reader, dataset/io.py, load_v1.</remarks>
static class D3rlpyLayout
{
    const string Ends = "episode_terminals";

    internal static bool Fits(IArrayFile file) =>
        Layout.Has(file, "observations", "actions", "rewards", "terminals", Ends);

    internal static FlatView Of(IArrayFile file)
    {
        var columns = Layout.Entries(file);
        var rows = Layout.Rows(file, columns["observations"], columns["terminals"], columns[Ends]);
        return new(file, "d3rlpy",
        [
            .. ((string[])["observations", "actions", "rewards"])
                .Select(name => FlatColumn.Renamed(file, columns[name], name)),
            FlatColumn.Flags("terminals", rows, (first, count) => Both("terminals", true, first, count)),
            FlatColumn.Flags("timeouts", rows, (first, count) => Both("terminals", false, first, count)),
        ], Layout.Others(file, "observations", "actions", "rewards", "terminals", Ends), Findings);

        bool[] Both(string name, bool terminal, long first, int count)
        {
            var ends = file.Read(Ends, first, count).Flags(file.Path);
            var flags = file.Read(name, first, count).Flags(file.Path);
            return [.. ends.Zip(flags, (end, flag) => end && flag == terminal)];
        }

        IEnumerable<string> Findings()
        {
            var ends = file.Read(Ends).Flags(file.Path);
            var flags = file.Read("terminals").Flags(file.Path);
            var inside = Enumerable.Range(0, ends.Length).Where(row => flags[row] && !ends[row]).ToList();
            if (inside.Count > 0) yield return Say(
                $"{inside.Count:N0} terminals lie inside an episode of {Ends} (first in row {inside[0]:N0}): ") +
                "they are left out.";
        }
    }
}
