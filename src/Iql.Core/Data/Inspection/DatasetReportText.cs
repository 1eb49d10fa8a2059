using System.Globalization;
using System.Text;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Inspection;

/// <summary>A <see cref="DatasetReport"/> for the terminal.</summary>
static class DatasetReportText
{
    const int BarWidth = 40;

    internal static string Of(DatasetReport r)
    {
        var text = new StringBuilder();
        Line($"{r.Name}   {r.Source}");
        Line($"{r.Rows:N0} transitions in {r.Episodes.Length:N0} episodes, observations of {r.ObservationSize}, {(r.ActionSpace.IsDiscrete ? $"{r.ActionSpace}" : $"actions of {r.ActionSpace.Size}")}");
        if (r.Findings.Length > 0)
        {
            Head("worth a look");
            foreach (var finding in r.Findings) Line($"  ! {finding}");
        }
        Head("in the file");
        foreach (var entry in r.Entries)
            Line($"  {entry.Name,-28} {entry.Kind,-10} {ArrayData.Text(entry.Shape)}{(r.Metadata.TryGetValue(entry.Name, out var value) ? $" = {Short(value)}" : "")}");
        Head("episodes");
        Line($"  ended: {Ends(EpisodeEnd.Terminal):N0} terminal, {Ends(EpisodeEnd.Timeout):N0} timed out, {Ends(EpisodeEnd.Unfinished):N0} unfinished");
        Line($"  flags: {r.Terminals:N0} terminals, {(r.Timeouts is { } timeouts ? $"{timeouts:N0} time-outs" : "no time-outs recorded")}, {r.BothFlags:N0} rows with both, unfinished tail of {r.UnfinishedTail:N0} rows");
        Line($"  joints: {(r.Discontinuities is { } jumps ? $"{jumps:N0} rows inside an episode do not lead to the next row" : $"the file has no next observations; {r.SuspectedJumps:N0} rows inside an episode are followed by a state that no step leads to")}; {r.ContinuedTimeouts:N0} time-outs after which the next row goes on");
        Header("");
        Row("length", r.Lengths);
        Row("return", r.Returns);
        Head("rewards");
        if (r.RewardValues.Length > 0) foreach (var (reward, count) in r.RewardValues) Bar($"{reward:G6}", count, r.RewardValues.Max(v => v.Count));
        else
            for (var i = 0; i < r.RewardHistogram.Counts.Length; i++)
                Bar($"{Number(r.RewardHistogram.Edges[i])} to {Number(r.RewardHistogram.Edges[i + 1])}", r.RewardHistogram.Counts[i], r.RewardHistogram.Counts.Max());
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
        Header("");
        foreach (var column in r.Columns.Where(column => column.Name != "next_observations"))
            Row(column.Label, column.Summary, column.NaNs + column.Infinities > 0 ? $"  {column.NaNs} NaN, {column.Infinities} infinite" : column.IsConstant ? "  constant" : "");
        Line($"  {(r.ActionSpace.IsDiscrete ? "" : Say($"{r.ActionsOutside:P2} of the actions' numbers outside [-1, 1]; "))}{r.DuplicateRows:N0} duplicate rows");
        Head("modes");
        foreach (var mode in r.Modes)
        {
            var outcome = mode.Refusal ?? Say($"keeps {mode.Rows:N0} of {r.Rows:N0} rows; drops {mode.DroppedTimeouts:N0} timed out, {mode.DroppedLast} last without a next observation");
            Line($"  {(mode.Mode == DatasetMode.D4rlParity ? "parity" : "strict"),-8} {outcome}");
        }
        return text.ToString();

        void Line(FormattableString line) => text.Append(Say(line).TrimEnd()).Append('\n');
        void Head(string title) => text.Append('\n').Append(title).Append('\n');
        int Ends(EpisodeEnd end) => r.Episodes.Count(episode => episode.End == end);
        void Header(string name) => Line($"  {name,-18}{"min",12}{"1%",12}{"25%",12}{"median",12}{"75%",12}{"99%",12}{"max",12}{"mean",12}{"deviation",12}");
        void Row(string name, Summary s, string note = "") => Line($"  {name,-18}{Number(s.Min),12}{Number(s.Percentile1),12}{Number(s.LowerQuartile),12}{Number(s.Median),12}{Number(s.UpperQuartile),12}{Number(s.Percentile99),12}{Number(s.Max),12}{Number(s.Mean),12}{Number(s.Deviation),12}{note}");
        void Bar(string label, long count, long most) => Line($"  {label,-26} {new string('#', (int)Math.Ceiling(BarWidth * (double)count / most)),-BarWidth} {count:N0}");
    }

    static string Say(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>A Minari space may be as long as a page.</summary>
    static string Short(string value) => value.Length > 100 ? value[..99] + "…" : value;

    static string Number(double number) => number.ToString("G5", CultureInfo.InvariantCulture);
}
