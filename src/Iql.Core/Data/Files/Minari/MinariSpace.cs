using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Iql.Data.Files.Minari;

/// <summary>Minari's spaces: JSON in which a bound may be the bare word Infinity.</summary>
static class MinariSpace
{
    /// <summary>A box with the same bound everywhere, infinite without one.</summary>
    internal static string Box(string kind, IReadOnlyList<long> shape, double? bound)
    {
        var high = bound is { } b ? FormattableString.Invariant($"{b:F1}") : "Infinity";
        return $"{{\"type\": \"Box\", \"dtype\": \"{kind}\", \"shape\": [{string.Join(", ", shape)}], " +
            $"\"low\": {Filled(shape, "-" + high)}, \"high\": {Filled(shape, high)}}}";
    }

    /// <summary>Discrete actions, numbered from 0.</summary>
    internal static string Discrete(int choices) => FormattableString.Invariant(
        $"{{\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": {choices}}}");

    /// <summary>The number of actions of a discrete space, a JSON text within a JSON text, and the first one's number;
    /// null for another space.</summary>
    internal static (long Count, long Start)? Choices(string text)
    {
        try
        {
            using var space = JsonDocument.Parse(JsonSerializer.Deserialize<string>(text)!);
            if (!space.RootElement.TryGetProperty("n", out var n) || !n.TryGetInt64(out var count)) return null;
            return (count, space.RootElement.TryGetProperty("start", out var start) ? start.GetInt64() : 0);
        }
        catch (Exception failure)
            when (failure is JsonException or InvalidOperationException or ArgumentNullException or FormatException)
        {
            return null;
        }
    }

    /// <summary>A box, or a dictionary of boxes, nested where names are.</summary>
    internal static string Of(ImmutableArray<ObservationBlock> blocks) =>
        blocks is [{ Name: "" } only]
            ? Box(only.Kind, only.Shape, null) : Dictionary([.. blocks.Select(block => (block.Name, block))]);

    static string Dictionary(IReadOnlyList<(string Name, ObservationBlock Block)> members)
    {
        var text = new StringBuilder("{\"type\": \"Dict\", \"subspaces\": {");
        foreach (var (i, group) in members.GroupBy(member => member.Name.Split('/')[0]).Index())
        {
            var inside = group.Select(member =>
                (member.Name[Math.Min(member.Name.Length, group.Key.Length + 1)..], member.Block)).ToList();
            text.Append(i == 0 ? "" : ", ").Append(JsonSerializer.Serialize(group.Key)).Append(": ")
                .Append(inside is [("", var block)] ? Box(block.Kind, block.Shape, null) : Dictionary(inside));
        }
        return text.Append("}}").ToString();
    }

    static string Filled(IReadOnlyList<long> shape, string value) => shape.Count == 0 ? value
        : $"[{string.Join(", ", Enumerable.Repeat(Filled([.. shape.Skip(1)], value), checked((int)shape[0])))}]";
}
