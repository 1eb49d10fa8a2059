using System.Globalization;
using System.Text;
using Iql.Data.Files.Arrays;
using static Iql.Invariant;

namespace Iql.Data.Inspection;

/// <summary>A <see cref="DatasetReport"/> for the terminal.</summary>
static class DatasetReportText
{
    const int BarWidth = 40;

    internal static string Of(DatasetReport r)
    {
        var text = new StringBuilder();
        var wide = Math.Min(40, r.Columns.Max(column => Math.Max(17, column.Label.Length)) + 1);
        Line($"{r.Name}   {r.Source}");
        var actions = r.ActionSpace.IsDiscrete ? $"{r.ActionSpace}" : $"actions of {r.ActionSpace.Size}";
        Line($"{r.Rows:N0} transitions in {r.Episodes.Length:N0} episode{(r.Episodes.Length == 1 ? "" : "s")}, " +
            $"observations of {r.ObservationSize}, {actions}");
        if (r.Findings.Length > 0)
        {
            Head("findings");
            foreach (var finding in r.Findings) Line($"  ! {finding}");
        }
        Head("in the file");
        foreach (var entry in r.Entries)
        {
            var value = r.Metadata.TryGetValue(entry.Name, out var content) ? $" = {Short(content)}" : "";
            Line($"  {entry.Name,-28} {entry.Kind,-10} {ArrayData.Text(entry.Shape)}{value}");
        }
        Head("episodes");
        Line($"  ended: {Ends(EpisodeEnd.Terminal):N0} terminal, " +
            $"{Ends(EpisodeEnd.Timeout):N0} timed out, {Ends(EpisodeEnd.Unfinished):N0} unfinished");
        var timeouts = r.Timeouts is { } count ? Say($"{count:N0} time-outs") : "no time-outs recorded";
        Line($"  flags: {r.Terminals:N0} terminals, " +
            $"{timeouts}, {r.BothFlags:N0} rows with both, unfinished tail of {r.UnfinishedTail:N0} rows");
        var breaks = r.Discontinuities is { } found
            ? Say($"{found:N0} rows inside an episode do not lead to the next row")
            : Say($"the file has no next observations; {r.SuspectedDiscontinuities:N0} rows inside an episode are " +
                $"followed by a state that no step leads to");
        Line($"  discontinuities: {breaks}; {r.ContinuedTimeouts:N0} time-outs after which the next row goes on");
        Header();
        Row("length", r.Lengths);
        Row("return", r.Returns);
        Head("rewards");
        foreach (var (reward, rows) in r.RewardValues) Bar($"{reward:G6}", rows, r.RewardValues.Max(v => v.Count));
        if (r.RewardValues.IsEmpty)
            for (var i = 0; i < r.RewardHistogram.Counts.Length; i++)
                Bar($"{Number(r.RewardHistogram.Edges[i])} to {Number(r.RewardHistogram.Edges[i + 1])}",
                    r.RewardHistogram.Counts[i], r.RewardHistogram.Counts.Max());
        if (r.ActionSpace.IsDiscrete)
        {
            Head("actions");
            for (var a = 0; a < r.ActionCounts.Length; a++) Bar($"{a}", r.ActionCounts[a], r.ActionCounts.Max());
        }
        if (r.Replay.Length > 0)
        {
            Head("replayed");
            foreach (var line in r.Replay) Line($"  {line}");
        }
        Head("columns");
        Header();
        foreach (var column in r.Columns.Where(column => column.Name != "next_observations"))
            Row(column.Label, column.Summary,
                column.NaNs + column.Infinities > 0 ? $"  {column.NaNs} NaN, {column.Infinities} infinite"
                : column.IsConstant ? "  constant" : "");
        var outside = r.ActionSpace.IsDiscrete
            ? "" : Say($"{r.ActionsOutside:P2} of the actions' numbers outside [-1, 1]; ");
        Line($"  {outside}{r.DuplicateRows:N0} duplicate rows");
        Head("modes");
        foreach (var mode in r.Modes)
        {
            var outcome = mode.Refusal ?? Say($"keeps {mode.Rows:N0} of {r.Rows:N0} rows; drops " +
                $"{mode.DroppedTimeouts:N0} timed out, {mode.DroppedLast} last without a next observation");
            Line($"  {(mode.Mode == DatasetMode.D4rlParity ? "parity" : "strict"),-8} {outcome}");
        }
        return text.ToString();

        void Line(ref Text line) => text.Append(line.ToString().TrimEnd()).Append('\n');
        void Head(string title) => text.Append('\n').Append(title).Append('\n');
        int Ends(EpisodeEnd end) => r.Episodes.Count(episode => episode.End == end);
        void Header() => Cells("", "", "min", "1%", "25%", "median", "75%", "99%", "max", "mean", "deviation");
        void Row(string name, Summary s, string note = "") => Cells(name, note, [.. ((double[])[s.Min, s.Percentile1,
            s.LowerQuartile, s.Median, s.UpperQuartile, s.Percentile99, s.Max, s.Mean, s.Deviation]).Select(Number)]);
        void Cells(string name, string note, params string[] cells) =>
            Line($"  {name.PadRight(wide)}{string.Concat(cells.Select(cell => cell.PadLeft(12)))}{note}");
        void Bar(string label, long count, long most)
        {
            var bar = new string('#', (int)Math.Ceiling(BarWidth * (double)count / most));
            Line($"  {label,-26} {bar,-BarWidth} {count:N0}");
        }
    }

    // A Minari space may be as long as a page.
    static string Short(string value) => value.Length > 100 ? value[..99] + "…" : value;
    static string Number(double number) => number.ToString("G5", CultureInfo.InvariantCulture);
}
