using System.Collections.Immutable;
using System.Text.Json;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Minari;

/// <summary>Cuts flat columns into episodes in Minari's layout without loss, or refuses.</summary>
static class EpisodeCutting
{
    /// <param name="kept">Its entries for the result.</param>
    /// <param name="cut">Whether to leave out steps without a next observation.</param>
    /// <exception cref="FileException">Something has no place in Minari's layout.</exception>
    internal static FlatEpisodes Of(IArrayFile file, IReadOnlyList<ArrayEntry> kept, bool cut)
    {
        var columns = ColumnShapes.Of(file);
        columns.RequireMemory();
        var names = kept.Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        if (!columns.HasTimeouts)
            throw Wrong("timeouts", "a column that tells with terminals where episodes end", "none",
            "Pack or save the data with their time limit first, so that time-outs are known.");
        var hasNext = names.Contains("next_observations") && columns.HasNextObservations;
        if (!hasNext && !cut) throw Wrong("next_observations",
            "the observation after every step, of which Minari keeps T + 1 an episode", "none",
            "--cut leaves out the last step of episodes that were cut, and repeats the last observation of those " +
            "that ended, where it plays no part.");
        if (hasNext && cut) throw Wrong(
            "next_observations", "none, with --cut", "the column", "Leave --cut out: nothing has to be left out.");
        var observations = Floating("observations");
        var next = hasNext ? Floating("next_observations") : null;
        var terminals = file.Read("terminals").Flags(file.Path);
        var timeouts = file.Read("timeouts").Flags(file.Path);
        var lengths = Whole(MinariNames.Lengths) ?? ByFlags(terminals, timeouts);
        if (lengths.Any(length => length < 0) || lengths.Sum() != terminals.Length) throw Wrong(MinariNames.Lengths,
            $"lengths that add up to {terminals.Length}", $"{lengths.Sum()}", "--drop it, to cut by the flags.");
        var open = (Whole(MinariNames.OpenEnds) ?? []).ToHashSet();
        var episodes = ImmutableArray.CreateBuilder<FlatEpisode>();
        var start = 0;
        foreach (var (number, length) in lengths.Index())
        {
            var last = start + (int)length - 1;
            var timeout = length > 0 && timeouts[last] && !open.Contains(number);
            if (hasNext) RequireJoined(start, last);
            if (hasNext || length == 0 || terminals[last])
                episodes.Add(new(start, (int)length, Math.Max(start, last), timeout));
            else if (length > 1) episodes.Add(new(start, (int)length - 1, last, timeout));
            start = last + 1;
        }
        if (episodes.Count == 0)
            throw Wrong("timeouts", "an episode of two steps or more", "none", "There is nothing to keep.");
        var first = Start();
        var seeds = Whole(MinariNames.Seeds);
        var options = names.Contains(MinariNames.Options)
            ? JsonSerializer.Deserialize<string?[]>(((string[])file.Read(MinariNames.Options).Values)[0]) : null;
        return new(episodes.ToImmutable(), BlocksOf(observations, columns.ObservationSize), observations, next,
            columns.Actions.IsDiscrete && file.Read("actions").Values is long[] choices
                ? Array.ConvertAll(choices, choice => choice + first) : Floating("actions"),
            columns.Actions.Size, Floating("rewards"), terminals, timeouts,
            Seeds: seeds?.Length == episodes.Count ? seeds : null,
            Options: options?.Length == episodes.Count ? options : null,
            MinariMetadata: kept.Where(entry => entry.Name.StartsWith(MinariNames.Metadata, StringComparison.Ordinal))
                .ToImmutableSortedDictionary(entry => entry.Name[MinariNames.Metadata.Length..],
                    entry => ((string[])file.Read(entry.Name).Values)[0], StringComparer.Ordinal),
            FlatMetadata: [.. kept.Where(IsOwn).Select(entry => entry.Name)
                .Where(name => name != ColumnShapes.ActionCount || !names.Contains(MinariNames.ActionSpace))
                .Select(file.Read)]);

        Array Floating(string name) => file.Read(name).Values switch
        {
            float[] numbers => numbers,
            double[] numbers => numbers,
            _ => throw Wrong(name, "float32 or float64", "whole numbers", "Save them as float32."),
        };

        long Start() =>
            names.Contains(MinariNames.ActionSpace) && file.Read(MinariNames.ActionSpace).Values is string[] text
                ? MinariSpace.Choices(text[0])?.Start ?? 0 : 0;

        long[]? Whole(string name) => names.Contains(name) ? file.Read(name).Values as long[] : null;

        ImmutableArray<ObservationBlock> BlocksOf(Array numbers, int size)
        {
            if (!names.Contains(MinariNames.Blocks))
                return [new("", numbers is float[]? "float32" : "float64", [size])];
            var blocks = ObservationBlock.Parse(((string[])file.Read(MinariNames.Blocks).Values)[0], file.Path);
            return blocks.Sum(block => block.Size) == size ? blocks
                : throw Wrong(MinariNames.Blocks,
                    $"blocks of {size} numbers", string.Join(", ", blocks), "--drop it, to write one block.");
        }

        void RequireJoined(int first, int last)
        {
            for (var row = first; row < last; row++)
                if (!FlatEpisodes.Same(next!, row, observations, row + 1, columns.ObservationSize))
                    throw Wrong(
                        "next_observations", $"in row {row} what 'observations' holds in row {row + 1} of the " +
                        "same episode, to the bit, since Minari keeps one of the two", "another",
                        "`iql data inspect` counts such rows: correct the flags where episodes end.");
        }

        InvalidDataException Wrong(string name, string expected, string got, string hint) =>
            new($"{file.Path}: '{name}': expected {expected}, got {got}. {hint}");
    }

    /// <summary>Whether an array has a place in a Minari data set.</summary>
    internal static bool Fits(ArrayEntry entry) =>
        entry.Name is "observations" or "actions" or "rewards" or "terminals" or "timeouts" or "next_observations"
        or MinariNames.Blocks or MinariNames.Lengths or MinariNames.OpenEnds or MinariNames.Seeds or MinariNames.Options
        || entry.Name.StartsWith(MinariNames.Metadata, StringComparison.Ordinal) || IsOwn(entry);

    /// <summary>A single value of the flat file.</summary>
    static bool IsOwn(ArrayEntry entry) =>
        entry.Shape.Length == 0 && entry.Name.StartsWith("metadata/", StringComparison.Ordinal)
        && entry.Name is not (MinariNames.Blocks or MinariNames.Options)
        && !entry.Name.StartsWith(MinariNames.Metadata, StringComparison.Ordinal);

    static long[] ByFlags(bool[] terminals, bool[] timeouts) =>
        [.. Transitions.Split(new float[terminals.Length], terminals, timeouts)
            .Select(episode => (long)episode.Length)];
}
