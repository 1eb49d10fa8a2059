using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Minari;

/// <summary>An episode to write.</summary>
/// <param name="Length">T, steps written.</param>
/// <param name="Final">Row of the last observation, among the next observations if there are any.</param>
/// <param name="Timeout">The truncation of the last step.</param>
readonly record struct FlatEpisode(int Start, int Length, int Final, bool Timeout);

/// <summary>Flat columns cut into the episodes of Minari's layout.</summary>
/// <param name="Choices">Number of discrete actions (long[], one a row).</param>
/// <param name="Options">The options of each episode's reset, or null.</param>
sealed record FlatEpisodes(ImmutableArray<FlatEpisode> Episodes, ImmutableArray<ObservationBlock> Blocks,
    Array Observations, Array? NextObservations, Array Actions, int Choices, Array Rewards, bool[] Terminals,
    bool[] Timeouts, long[]? Seeds, string?[]? Options, ImmutableSortedDictionary<string, string> MinariMetadata,
    IReadOnlyList<ArrayData> FlatMetadata)
{
    internal int ActionSize => Actions.Length / Terminals.Length;

    /// <summary>Minari's space of actions: a box of ±1 if all lie inside.</summary>
    internal string ActionSpace => Actions switch
    {
        float[] numbers => MinariSpace.Box("float32", [ActionSize], numbers.All(x => Math.Abs(x) <= 1) ? 1 : null),
        double[] numbers => MinariSpace.Box("float64", [ActionSize], numbers.All(x => Math.Abs(x) <= 1) ? 1 : null),
        _ => MinariSpace.Discrete(Choices),
    };

    internal static string Group(int episode) =>
        string.Create(CultureInfo.InvariantCulture, $"{MinariEpisode.Prefix}{episode}");

    /// <summary>The arrays of one episode.</summary>
    internal IEnumerable<ArrayData> Arrays(int index)
    {
        var (group, episode) = (Group(index), Episodes[index]);
        var (start, length) = (episode.Start, episode.Length);
        var width = Blocks.Sum(block => block.Size);
        var column = 0;
        foreach (var block in Blocks)
        {
            yield return new(block.Under(group + "/observations"), [length + 1, .. block.Shape], block.Kind switch
            {
                "float16" or "float32" => Block<float>(block.Size, column),
                "float64" => Block<double>(block.Size, column),
                "bool" => Array.ConvertAll(Block<float>(block.Size, column), number => number != 0),
                _ => Array.ConvertAll(Block<double>(block.Size, column), number => (long)number),
            });
            column += block.Size;
        }
        yield return new(group + "/actions",
            Actions is long[]? [length] : [length, ActionSize], Rows(Actions, start, length, ActionSize));
        yield return new(group + "/rewards", [length], Rows(Rewards, start, length, 1));
        yield return new(group + "/terminations", [length], Terminals[start..(start + length)]);
        var truncations = Timeouts[start..(start + length)];
        if (length > 0) truncations[^1] = episode.Timeout;
        yield return new(group + "/truncations", [length], truncations);

        T[] Block<T>(int size, int first)
        {
            var numbers = new T[(length + 1) * size];
            for (var i = 0; i <= length; i++)
            {
                var (from, row) = i < length
                    ? (Observations, start + i) : (NextObservations ?? Observations, episode.Final);
                // Exact: a float32 block came from float32 numbers, and Array.Copy widens.
                if (from is double[] doubles && numbers is float[] singles)
                    for (var j = 0; j < size; j++)
                        singles[i * size + j] = (float)doubles[row * (long)width + first + j];
                else Array.Copy(from, row * (long)width + first, numbers, (long)i * size, size);
            }
            return numbers;
        }
    }

    static Array Rows(Array column, int start, int length, int size)
    {
        var rows = Array.CreateInstance(column.GetType().GetElementType()!, length * size);
        Array.Copy(column, (long)start * size, rows, 0, (long)length * size);
        return rows;
    }

    /// <summary>Whether two rows hold the same bits.</summary>
    internal static bool Same(Array a, int rowA, Array b, int rowB, int width)
    {
        return (a, b) switch
        {
            (float[] x, float[] y) => Bytes(x, rowA).SequenceEqual(Bytes(y, rowB)),
            (double[] x, double[] y) => Bytes(x, rowA).SequenceEqual(Bytes(y, rowB)),
            _ => false,
        };

        ReadOnlySpan<byte> Bytes<T>(T[] numbers, int row) where T : struct =>
            MemoryMarshal.AsBytes(numbers.AsSpan(row * width, width));
    }
}
