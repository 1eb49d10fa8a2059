using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Iql.Data;

/// <summary>A column of observations or actions, as its source describes it.</summary>
/// <param name="Name">"temperature", never empty.</param>
/// <param name="Unit">"°C"; null where nothing says it.</param>
/// <param name="Least">The smallest number it can have, by the source's word; null where nothing says it.</param>
/// <param name="Greatest">The largest; null where nothing says it.</param>
public sealed record DataColumn(string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Unit = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Least = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Greatest = null)
{
    /// <summary>"temperature [°C]"</summary>
    public override string ToString() => Unit is null ? Name : $"{Name} [{Unit}]";
}

/// <summary>The names, units and bounds of a data set's columns. They decide no number of a run but the bounds of
/// actions, where these are scaled by them.</summary>
/// <param name="Observations"><c>[S]</c>.</param>
/// <param name="Actions"><c>[A]</c>; of discrete actions a single one, the choice.</param>
public sealed record DataColumns(ImmutableArray<DataColumn> Observations, ImmutableArray<DataColumn> Actions)
{
    /// <summary>Where files hold them, as JSON: an entry of their metadata.</summary>
    internal const string Entry = "columns", FileEntry = "metadata/" + Entry;

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>What a number of a data set's matrix is called: "temperature [°C]", "next temperature [°C]", or without
    /// names "observations[3]".</summary>
    /// <param name="matrix">"observations", "next_observations", "actions", or another.</param>
    public static string Label(DataColumns? columns, string matrix, int number) => (columns, matrix) switch
    {
        ({ }, "observations") => $"{columns.Observations[number]}",
        ({ }, "next_observations") => $"next {columns.Observations[number]}",
        ({ }, "actions") => $"{columns.Actions[number]}",
        _ => $"{matrix}[{number}]",
    };

    /// <summary>The name of an observation's number, "observation 3" without names.</summary>
    public static string Observation(DataColumns? columns, int number) =>
        columns is null ? $"observation {number}" : $"{columns.Observations[number]}";

    /// <summary>The name of an action's number, "action 3" without names.</summary>
    public static string Action(DataColumns? columns, int number) =>
        columns is null ? $"action {number}" : $"{columns.Actions[number]}";

    /// <summary>Metadata with an entry of the columns, where there are any.</summary>
    internal static IReadOnlyDictionary<string, string> Beside(
        IReadOnlyDictionary<string, string>? metadata, DataColumns? columns)
    {
        var all = (metadata ?? ImmutableDictionary<string, string>.Empty).ToImmutableDictionary();
        return columns is null ? all : all.SetItem(Entry, JsonSerializer.Serialize(columns, Options));
    }

    /// <summary>Those of a file's entry; null without one, and for a text of others.</summary>
    internal static DataColumns? Of(ImmutableSortedDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(FileEntry, out var text) && !metadata.TryGetValue(Entry, out text)) return null;
        try
        {
            return JsonSerializer.Deserialize<DataColumns>(text, Options) is { } columns
                && !columns.Observations.IsDefault && !columns.Actions.IsDefault ? columns : null;
        }
        catch (JsonException) { return null; }
    }

    /// <summary>Refuses columns that do not fit a data set.</summary>
    internal DataColumns Fitting(int observationSize, ActionSpace actions)
    {
        var choices = actions.IsDiscrete ? 1 : actions.Size;
        Check.That(Observations.Length == observationSize && Actions.Length == choices, "columns",
            $"{observationSize} of observations and {choices} of actions",
            $"{Observations.Length} and {Actions.Length}");
        foreach (var column in Observations.Concat(Actions))
        {
            Check.That(column is { Name.Length: > 0 }, "columns", "a name for each", "none");
            Check.That(!(column.Least > column.Greatest), column.Name, "a least number that is not above the greatest",
                $"{column.Least} and {column.Greatest}");
        }
        return this;
    }

    /// <summary>A list is equal by its columns.</summary>
    public bool Equals(DataColumns? other) => other is not null
        && Observations.SequenceEqual(other.Observations) && Actions.SequenceEqual(other.Actions);

    public override int GetHashCode() => HashCode.Combine(Observations.Length, Actions.Length);
}
