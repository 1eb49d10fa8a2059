using System.Collections.Immutable;
using System.Text.Json;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Minari;

/// <summary>A named part of Minari's dictionary (or tuple) observations. Flattened, blocks are in alphabetical order,
/// level by level, as gymnasium.spaces.flatten: achieved_goal, desired_goal, observation.</summary>
/// <param name="Name">Its key, with slashes between levels; empty for a single array.</param>
/// <param name="Kind">The kind of its numbers, "float32".</param>
/// <param name="Shape">Its extents in one step; empty for a number.</param>
public sealed record ObservationBlock(string Name, string Kind, ImmutableArray<long> Shape)
{
    /// <summary>Numbers a step.</summary>
    public int Size => checked((int)ArrayData.Count(Shape));

    internal bool IsSame(ObservationBlock other) =>
        Name == other.Name && Kind == other.Kind && Shape.SequenceEqual(other.Shape);

    /// <summary>Whether float32 holds its numbers exactly.</summary>
    internal bool IsSingle => Kind is "float16" or "float32" or "bool" or "int8" or "uint8" or "int16" or "uint16";
    /// <summary>Its path under a group: "observations/achieved_goal".</summary>
    internal string Under(string group) => Name == "" ? group : $"{group}/{Name}";
    /// <summary>"achieved_goal[2]"</summary>
    public override string ToString() => $"{(Name == "" ? "observation" : Name)}[{string.Join(", ", Shape)}]";

    /// <summary>Puts rows of this block beside others.</summary>
    /// <param name="matrix">A float[] or double[] with rows of <paramref name="width"/> numbers.</param>
    internal void Place(ArrayData rows, Array matrix, int row, int column, int width, string file)
    {
        if (matrix is float[] singles) Copy(rows.Numbers(file), singles);
        else Copy(rows.Values switch
        {
            double[] numbers => numbers,
            float[] numbers => Array.ConvertAll(numbers, number => (double)number),
            long[] numbers => Array.ConvertAll(numbers, number => (double)number),
            bool[] flags => Array.ConvertAll(flags, flag => flag ? 1.0 : 0.0),
            _ => throw new InvalidDataException($"'{rows.Name}': expected numbers, got texts."),
        }, (double[])matrix);

        void Copy<T>(T[] from, T[] into)
        {
            for (var i = 0; i * Size < from.Length; i++)
                from.AsSpan(i * Size, Size).CopyTo(into.AsSpan((row + i) * width + column));
        }
    }

    /// <summary>Orders keys level by level; the members of a tuple (_index_2, _index_10) by their number.</summary>
    internal static int Compare(string a, string b)
    {
        var (left, right) = (a.Split('/'), b.Split('/'));
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            var order = (Member(left[i]), Member(right[i])) is ({ } first, { } second)
                ? first.CompareTo(second) : string.CompareOrdinal(left[i], right[i]);
            if (order != 0) return order;
        }
        return left.Length.CompareTo(right.Length);

        static int? Member(string key) => key.StartsWith("_index_", StringComparison.Ordinal)
            && int.TryParse(key.AsSpan("_index_".Length), out var number) ? number : null;
    }

    /// <summary>Blocks as a text that <see cref="Parse"/> reads.</summary>
    internal static string Text(IEnumerable<ObservationBlock> blocks) =>
        "[" + string.Join(", ", blocks.Select(block => $"{{\"name\": {JsonSerializer.Serialize(block.Name)}, " +
            $"\"kind\": \"{block.Kind}\", \"shape\": [{string.Join(", ", block.Shape)}]}}")) + "]";

    /// <summary>The blocks of a text.</summary>
    internal static ImmutableArray<ObservationBlock> Parse(string text, string file)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return [.. json.RootElement.EnumerateArray().Select(block => new ObservationBlock(
                block.GetProperty("name").GetString()!, block.GetProperty("kind").GetString()!,
                [.. block.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())]))];
        }
        catch (Exception failure) when (failure is JsonException
            or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{file}: '{MinariNames.Blocks}': expected a list of name, kind and " +
                $"shape, got {text}. Delete the array, and one block is written.");
        }
    }
}
