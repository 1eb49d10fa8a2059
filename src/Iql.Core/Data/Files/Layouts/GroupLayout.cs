using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;
using Iql.Data.Files.Minari;

namespace Iql.Data.Files.Layouts;

/// <summary>Where the arrays of an episode are, in HDF5 with an array each.</summary>
/// <param name="First">An array of the first episode, by which the layout is known.</param>
/// <param name="Array">The name of an episode's array, from the episode's number and "actions".</param>
/// <param name="Observations">Its own name of observations: an array, or a group of arrays that are joined in
/// alphabetical order.</param>
/// <param name="NextObservations">The same of next observations; null without them.</param>
/// <param name="Terminals">Flags: one a step, or one an episode.</param>
sealed record GroupNames(string Layout, string First, Func<int, string, string> Array, string Observations,
    string? NextObservations, string Terminals);

/// <summary>HDF5 with arrays an episode: robomimic's demonstrations, d3rlpy 2's episodes.</summary>
/// <remarks>Sources: robomimic's documentation, "Dataset structure"; d3rlpy's dataset/io.py, dump.</remarks>
static partial class GroupLayout
{
    internal static readonly GroupNames Robomimic = new("robomimic", "data/demo_0/actions",
        (number, name) => Number($"data/demo_{number}/{name}"), "obs", "next_obs", "dones");
    internal static readonly GroupNames D3rlpy = new("d3rlpy", "actions_0",
        (number, name) => Number($"{name}_{number}"), "observations", null, "terminated");

    internal static bool Fits(IArrayFile file, GroupNames names) => file is Hdf5File && Layout.Has(file, names.First);

    internal static FlatView Of(Hdf5File file, GroupNames names)
    {
        var entries = Layout.Entries(file);
        var numbers = Enumerable.Range(0, int.MaxValue)
            .TakeWhile(number => entries.ContainsKey(names.Array(number, "actions"))).ToImmutableArray();
        var lengths = numbers.Select(number => Entry(number, "actions").Shape.FirstOrDefault()).ToList();
        var episodes = new EpisodeRows(lengths.Select(length => (0L, checked((int)length))));
        // Episodes without steps have no rows.
        numbers = [.. numbers.Where(number => lengths[number] > 0)];
        if (numbers.Length == 0) throw new InvalidDataException(
            $"{file.Path}: expected episodes with steps, got none of {lengths.Count}. Write the file again.");
        var blocks = Blocks(names.Observations);
        var next = names.NextObservations is { } group && Blocks(group) is { Length: > 0 } found ? found : default;
        var perStep = Entry(numbers[0], names.Terminals).Shape.Length > 0;
        if (blocks.Length == 0) throw new InvalidDataException($"{file.Path}: " +
            $"'{names.Array(numbers[0], names.Observations)}': expected numbers of shape [T] or [T, S], got none. " +
            "Pictures are not read.");
        var action = Entry(numbers[0], "actions");
        List<FlatColumn> columns =
        [
            Matrix("observations", names.Observations, blocks),
            Single("actions", action.Shape.SetItem(0, episodes.Count)),
            Single("rewards", [episodes.Count]),
            FlatColumn.Flags("terminals", episodes.Count, Terminals),
            FlatColumn.Flags("timeouts", episodes.Count, (first, count) =>
                [.. episodes.Ends(first, count).Zip(Terminals(first, count), (end, terminal) => end && !terminal)]),
        ];
        if (!next.IsDefault) columns.Add(Matrix("next_observations", names.NextObservations!, next));
        return new(file, names.Layout, columns, Others());

        ArrayEntry Entry(int number, string name) => entries.GetValueOrDefault(names.Array(number, name))
            ?? throw new InvalidDataException($"{file.Path}: '{names.Array(number, name)}': expected the array, as " +
                $"{names.Layout}'s layout has, found none. Write the file again.");

        // Pictures are no numbers to join.
        ImmutableArray<ObservationBlock> Blocks(string group)
        {
            var at = names.Array(numbers[0], group);
            return [.. entries.Values
                .Where(entry => entry.Name == at || entry.Name.StartsWith(at + "/", StringComparison.Ordinal))
                .Where(entry => entry.Shape.Length is 1 or 2 && entry.Kind != "string")
                .Select(entry => new ObservationBlock(
                    entry.Name == at ? "" : entry.Name[(at.Length + 1)..], entry.Kind, [.. entry.Shape.Skip(1)]))
                .Order(Comparer<ObservationBlock>.Create((a, b) => ObservationBlock.Compare(a.Name, b.Name)))];
        }

        FlatColumn Matrix(string name, string group, ImmutableArray<ObservationBlock> parts) => new(name,
            parts.All(part => part.IsSingle) ? "float32" : "float64", [episodes.Count, parts.Sum(part => part.Size)],
            (first, count) => episodes.Read((episode, from, length) =>
                Beside(numbers[episode], group, parts, from, length), first, count));

        ArrayData Beside(int number, string group, ImmutableArray<ObservationBlock> parts, long from, int length)
        {
            var (width, column) = (parts.Sum(part => part.Size), 0);
            Array rows = parts.All(part => part.IsSingle) ? new float[length * width] : new double[length * width];
            foreach (var part in parts)
            {
                var entry = Entry(number, part.Under(group));
                if (!part.IsSame(part with { Shape = [.. entry.Shape.Skip(1)] })) throw new InvalidDataException(
                    $"{file.Path}: '{entry.Name}': expected {part} a step, as in the first episode, " +
                    $"got {ArrayData.Text(entry.Shape)}. Write the file again.");
                part.Place(file.Read(entry.Name, from, length), rows, 0, column, width, file.Path);
                column += part.Size;
            }
            return new(group, [length, width], rows);
        }

        FlatColumn Single(string name, ImmutableArray<long> shape) => new(name, Entry(numbers[0], name).Kind, shape,
            (first, count) => episodes.Read((episode, from, length) =>
                file.Read(Entry(numbers[episode], name).Name, from, length), first, count));

        bool[] Terminals(long first, int count)
        {
            var ends = episodes.Ends(first, count);
            foreach (var piece in episodes.Pieces(first, count))
            {
                var name = Entry(numbers[piece.Episode], names.Terminals).Name;
                if (perStep) file.Read(name, piece.From, piece.Length).Flags(file.Path).CopyTo(ends, piece.At);
                else ends[piece.At + piece.Length - 1] &= file.Read(name).Flags(file.Path)[0];
            }
            return ends;
        }

        // Within an episode: "states", "obs/agentview_image".
        ImmutableArray<string> Others()
        {
            var used = from number in numbers
                       from name in (string[])["actions", "rewards", names.Terminals,
                           .. blocks.Select(block => block.Under(names.Observations)),
                           .. next.IsDefault ? [] : next.Select(block => block.Under(names.NextObservations!))]
                       select names.Array(number, name);
            return [.. Layout.Others(file, used).Select(name => Episode().Replace(name, "")).Distinct()];
        }
    }

    static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^data/demo_\d+/|_\d+$")]
    private static partial Regex Episode();
}
