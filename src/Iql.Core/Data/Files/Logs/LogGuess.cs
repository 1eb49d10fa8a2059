using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using static Iql.Invariant;

namespace Iql.Data.Files.Logs;

/// <summary>A schema to start from, guessed from a log's names and first rows. Where nothing looks right, it has a
/// question mark, which an import refuses.</summary>
public static partial class LogGuess
{
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Guesses a schema.</summary>
    /// <returns>Its text, JSON with comments, and what is left to fill in.</returns>
    /// <exception cref="FileException">No log.</exception>
    public static (string Schema, ImmutableArray<string> Questions) Of(string log) =>
        Reading.Of(log, "a log", () => Guessed(LogSample.Of(log)));

    static (string, ImmutableArray<string>) Guessed(LogSample sample)
    {
        var sign = sample.HasCommas ? ',' : '.';
        var free = sample.Columns.Where(column => column.Name != "").ToList();
        var (episode, time) = (Take(Episodes()).FirstOrDefault(), Take(Times()).FirstOrDefault());
        var (reward, terminal) = (Take(Rewards()).FirstOrDefault(), Take(Terminals()).FirstOrDefault());
        var timeout = Take(Timeouts()).FirstOrDefault();
        var next = Take(Nexts());
        var actions = Take(Actions(), column => Numeric(column.Texts));
        var observations = free.Where(column => Numeric(column.Texts)).ToList();
        var left = free.Except(observations).Select(column => column.Name).ToList();

        var questions = ImmutableArray.CreateBuilder<string>();
        var lines = new List<string>();
        Line("observations", Names(observations), left.Count > 0 ? $"left out: {string.Join(", ", left)}" : "");
        Line("actions", Names(actions), Seen(actions));
        Line("reward", Asked(reward.Name, "the column of rewards"));
        if (terminal.Name != null) Line("terminal", terminal.Name);
        if (timeout.Name != null) Line("timeout", timeout.Name);
        if (episode.Name != null) Line("episode", episode.Name);
        else if (terminal.Name == null && timeout.Name == null)
            Line("episode", Asked(null, "a column that says where episodes end: episode, terminal or timeout"));
        if (next.Count > 0 && next.Count == observations.Count) Line("next_observations", Names(next));
        if (time.Name != null)
        {
            Line("time", time.Name, "ascends within an episode");
            if (Step(time.Texts) is { } step)
                Line("largest_step", 10 * step, "ten times the usual one; a larger one cuts an episode");
        }
        if (IsChoice(actions)) Line("action_kind", "discrete", "or continuous");
        var missing = observations.Concat(actions).Append(reward)
            .Sum(column => column.Texts?.Count(LogFields.IsMissing) ?? 0);
        if (missing > 0) Line("missing", "cut", Say($"{missing:N0} numbers are missing; or refuse, drop, hold"));
        if (sample.Separator is { } separator and not (',' or '\t')) Line("separator", $"{separator}");
        if (sign == ',') Line("decimal", ",");
        if (sample.Encoding != "utf-8") Line("encoding", sample.Encoding);
        return ("{\n" + string.Join("\n", lines) + "\n}\n", questions.ToImmutable());

        List<(string Name, List<string> Texts)> Take(Regex names, Func<(string, List<string> Texts), bool>? also = null)
        {
            var taken = free.Where(column =>
                names.IsMatch(Word(column.Name)) && also?.Invoke(column) != false).ToList();
            free.RemoveAll(taken.Contains);
            return taken;
        }

        bool Numeric(List<string> texts)
        {
            var given = texts.Where(text => !LogFields.IsMissing(text)).ToList();
            return given.Count > 0 && 10 * given.Count(text => text is "true" or "false"
                || LogSample.Number(text, sign) != null) >= 9 * given.Count;
        }

        object Names(IReadOnlyCollection<(string Name, List<string>)> columns) => columns.Count > 0
            ? columns.Select(column => column.Name).ToArray() : new[] { Asked(null, "at least one column of numbers") };

        string Asked(string? found, string what)
        {
            if (found == null) questions.Add(what);
            return found ?? "?";
        }

        void Line(string entry, object value, string comment = "") => lines.Add(
            $"  \"{entry}\": {JsonSerializer.Serialize(value, Plain)},{(comment == "" ? "" : $"  // {comment}")}");

        IEnumerable<double> Values(List<string> texts) =>
            texts.Select(text => LogSample.Number(text, sign)).OfType<double>();

        string Seen(IReadOnlyList<(string Name, List<string> Texts)> columns) => string.Join(", ",
            columns.Where(column => Values(column.Texts).Any()).Take(4).Select(column =>
                Say($"{column.Name} from {Values(column.Texts).Min():G4} to {Values(column.Texts).Max():G4}")));

        bool IsChoice(IReadOnlyList<(string Name, List<string> Texts)> columns) => columns is [var only]
            && Values(only.Texts).Distinct().Take(13).ToList() is { Count: > 1 and < 13 } few
            && few.All(value => value >= 0 && value == Math.Floor(value) && value < 50);

        // The median of the steps forwards.
        double? Step(List<string> texts)
        {
            var times = Values(texts).ToList();
            var steps = times.Zip(times.Skip(1), (a, b) => b - a).Where(step => step > 0).Order().ToList();
            return steps.Count == 0 ? null : double.Parse(Say($"{steps[steps.Count / 2]:G4}"),
                System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    /// <summary>A name without its unit and its case.</summary>
    static string Word(string name) => Unit().Replace(name, "").Trim().ToLowerInvariant();

    [GeneratedRegex(@"[\[(].*$")]
    private static partial Regex Unit();
    [GeneratedRegex(@"^(episode|ep|eps|run|traj|trajectory|rollout|batch|patient|session)s?([_ ]?(id|number|no))?$")]
    private static partial Regex Episodes();
    [GeneratedRegex(@"^(t|ts|time|timestamp|date|datetime|seconds?|steps?|time_?steps?|tick)([_ ](ms|s|utc))?$")]
    private static partial Regex Times();
    [GeneratedRegex("^(r|rews?|rewards?)$")]
    private static partial Regex Rewards();
    [GeneratedRegex("^(is_)?(terminals?|terminateds?|terminations?|dones?|failed|failure)$")]
    private static partial Regex Terminals();
    [GeneratedRegex("^(is_)?(timeouts?|truncateds?|truncations?|cut)$")]
    private static partial Regex Timeouts();
    [GeneratedRegex("^(next|new)_")]
    private static partial Regex Nexts();
    [GeneratedRegex(@"^(a|u|act|action|acts|actions|control)[_ ]?\d*$|^(action|act|cmd|u)_|" +
        "valve|heater|setpoint|set_point|command|throttle|steering|treatment|dose|pump")]
    private static partial Regex Actions();
}
