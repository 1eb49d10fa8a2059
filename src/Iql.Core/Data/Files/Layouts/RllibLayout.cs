using System.Text.Json;
using Iql.Data.Files.Arrays;
using static Iql.Invariant;

namespace Iql.Data.Files.Layouts;

/// <summary>RLlib's JSON lines: a batch of steps each, with a list for every column. terminateds (before: dones) are
/// terminals, truncateds time-outs; so is a step whose eps_id differs from the next one's.</summary>
/// <remarks>Source: RLlib's documentation, "Working with offline data", and its json_writer.py.</remarks>
static class RllibLayout
{
    internal static bool Fits(string path)
    {
        using var text = new LineReader(path);
        var line = text.Next();
        if (line?.TrimStart().StartsWith('{') != true) return false;
        try
        {
            using var json = JsonDocument.Parse(line, Reading.Json);
            return ((string[])["obs", "actions", "rewards"]).All(name =>
                json.RootElement.TryGetProperty(name, out var value)
                    && value.ValueKind is JsonValueKind.Array or JsonValueKind.String);
        }
        catch (JsonException) { return false; }
    }

    internal static IArrayFile Of(string path)
    {
        // Numbers of three letters at least become four bytes, in lists that grow.
        AvailableMemory.Require(3.0 * new FileInfo(path).Length, path, "RLlib's batches",
            "Import a part of it: iql data import.");
        var (observations, next, actions, rewards) = (new Numbers(), new Numbers(), new Numbers(), new Numbers());
        List<bool> terminals = [], timeouts = [];
        List<string> episodes = [];
        using (var text = new LineReader(path))
            while (text.Next() is { } line)
                if (!string.IsNullOrWhiteSpace(line)) Reading.Of(path, "a batch of RLlib", () => Batch(line),
                    () => FormattableString.Invariant($"({text.Number})"));
        var n = rewards.Rows;
        if (n == 0) throw new InvalidDataException($"{path}: expected steps, got none.");
        if (observations.Rows != n || actions.Rows != n || terminals.Count != n || next.Rows is not 0 && next.Rows != n)
            throw new InvalidDataException($"{path}: expected columns of {n} steps, as rewards has, got " +
                $"{observations.Rows} observations, {actions.Rows} actions. Write the file again.");
        var named = episodes.Count == n;
        var goesOn = 0;
        for (var row = 0; named && row + 1 < n; row++)
        {
            var ends = terminals[row] || timeouts[row];
            if (ends && episodes[row] == episodes[row + 1]) goesOn++;
            timeouts[row] |= !ends && episodes[row] != episodes[row + 1];
        }
        List<ArrayData> arrays =
        [
            observations.ToArray("observations", true),
            actions.ToArray("actions", actions.Width > 1 || !actions.AreWhole),
            rewards.ToArray("rewards", false),
            new("terminals", [n], terminals.ToArray()),
            new("timeouts", [n], timeouts.ToArray()),
            ArrayData.Of("metadata/layout", "RLlib"),
        ];
        if (next.Rows > 0) arrays.Add(next.ToArray("next_observations", true));
        return new MemoryFile(path, "json lines", arrays, goesOn == 0 ? []
            : [Say($"After {goesOn:N0} ends of episodes eps_id stays the same: the flags were followed.")]);

        bool Batch(string line)
        {
            using var json = JsonDocument.Parse(line, Reading.Json);
            var batch = json.RootElement;
            observations.Add("obs", batch.GetProperty("obs"));
            actions.Add("actions", batch.GetProperty("actions"));
            rewards.Add("rewards", batch.GetProperty("rewards"));
            if (batch.TryGetProperty("new_obs", out var after)) next.Add("new_obs", after);
            if (!batch.TryGetProperty("terminateds", out var ended) && !batch.TryGetProperty("dones", out ended))
                throw new InvalidDataException("expected terminateds or dones, got neither.");
            terminals.AddRange(ended.EnumerateArray().Select(flag => flag.GetBoolean()));
            if (batch.TryGetProperty("truncateds", out var cut))
                timeouts.AddRange(cut.EnumerateArray().Select(flag => flag.GetBoolean()));
            else timeouts.AddRange(new bool[terminals.Count - timeouts.Count]);
            if (timeouts.Count != terminals.Count) throw new InvalidDataException(
                "expected as many truncateds as terminateds, got others.");
            if (batch.TryGetProperty("eps_id", out var id))
                episodes.AddRange(id.EnumerateArray().Select(one => one.GetRawText()));
            return true;
        }
    }

    /// <summary>A column that grows.</summary>
    sealed class Numbers
    {
        readonly List<float> values = [];

        internal int Rows { get; private set; }
        internal int Width => values.Count / Math.Max(1, Rows);
        internal bool AreWhole { get; private set; } = true;

        internal void Add(string name, JsonElement rows)
        {
            if (rows.ValueKind == JsonValueKind.String) throw new InvalidDataException(
                $"'{name}': expected numbers, got packed ones. Let RLlib write with compress_columns=[].");
            foreach (var row in rows.EnumerateArray())
            {
                var (width, before) = (Width, values.Count);
                Flat(row);
                if (Rows > 0 && values.Count - before != width) throw new InvalidDataException(
                    $"'{name}': expected {width} numbers a step, as before, got {values.Count - before}.");
                Rows++;
            }
        }

        void Flat(JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in value.EnumerateArray()) Flat(item);
                AreWhole = false;
                return;
            }
            values.Add(value.GetSingle());
            AreWhole &= value.GetRawText().All(char.IsAsciiDigit);
        }

        /// <param name="matrix">Whether a row has several numbers; choices are integers.</param>
        internal ArrayData ToArray(string name, bool matrix) => matrix
            ? new(name, [Rows, Width], values.ToArray())
            : name == "actions" ? new(name, [Rows], values.Select(choice => (long)choice).ToArray())
            : new(name, [Rows], values.ToArray());
    }
}
