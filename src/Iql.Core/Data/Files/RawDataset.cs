using System.Collections.Immutable;
using System.Globalization;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files;

/// <summary>The columns of a file in D4RL's layout, cast to float32 and checked for shape only: numbers may be NaN.
/// Input of <c>DatasetReport</c> and <see cref="RowSelection"/>.</summary>
public sealed record RawDataset
{
    /// <summary>The file's name without its ending.</summary>
    public required string Name { get; init; }
    /// <summary>The file or another source.</summary>
    public required string Source { get; init; }
    /// <summary>All arrays of the file.</summary>
    public ImmutableArray<ArrayEntry> Entries { get; init; } = [];

    /// <summary>Single values and short texts of the file, by name.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>S.</summary>
    public required int ObservationSize { get; init; }
    /// <summary>A.</summary>
    public required int ActionSize { get; init; }
    /// <summary>Whether actions are numbers or choices.</summary>
    public ActionKind ActionKind { get; init; }
    /// <summary>[N, S] row-major.</summary>
    public required float[] Observations { get; init; }
    /// <summary>[N, A] row-major; one-hot rows of discrete actions.</summary>
    public required float[] Actions { get; init; }
    /// <summary>[N].</summary>
    public required float[] Rewards { get; init; }
    /// <summary>[N].</summary>
    public required bool[] Terminals { get; init; }
    /// <summary>[N], or null when the file has none (old D4RL files, kitchen).</summary>
    public bool[]? Timeouts { get; init; }
    /// <summary>[N, S], or null when the file has none.</summary>
    public float[]? NextObservations { get; init; }
    /// <summary>N.</summary>
    public int Count => Rewards.Length;
    /// <summary>The same columns with other metadata.</summary>
    public RawDataset Saying(ImmutableSortedDictionary<string, string> metadata) => this with { Metadata = metadata };

    /// <summary>The columns of transitions in memory.</summary>
    public static RawDataset Of(Transitions transitions) => new()
    {
        Name = transitions.Name,
        Source = transitions.Name,
        ObservationSize = transitions.ObservationSize,
        ActionSize = transitions.ActionSize,
        ActionKind = transitions.ActionSpace.Kind,
        Observations = [.. transitions.Observations],
        Actions = [.. transitions.Actions],
        Rewards = [.. transitions.Rewards],
        Terminals = [.. transitions.Terminals],
        Timeouts = [.. transitions.Timeouts],
        NextObservations = [.. transitions.NextObservations],
    };

    /// <summary>Reads the columns of an open file.</summary>
    /// <param name="actionCount">Number of discrete actions; null: from the file, or one more than the largest.</param>
    /// <exception cref="InvalidDataException">A missing or misshapen column, or a file beyond memory.</exception>
    public static RawDataset Read(IArrayFile file, int? actionCount = null)
    {
        var columns = ColumnShapes.Of(file, actionCount);
        columns.RequireMemory();
        return new()
        {
            Name = file.Name,
            Source = file.Path,
            Entries = file.Entries,
            Metadata = ReadMetadata(file),
            ObservationSize = columns.ObservationSize,
            ActionSize = columns.Actions.Size,
            ActionKind = columns.Actions.Kind,
            Observations = file.Read("observations").Numbers(file.Path),
            Actions = columns.ActionRows(file.Read("actions")),
            Rewards = file.Read("rewards").Numbers(file.Path),
            Terminals = file.Read("terminals").Flags(file.Path),
            Timeouts = columns.HasTimeouts ? file.Read("timeouts").Flags(file.Path) : null,
            NextObservations = columns.HasNextObservations ? file.Read("next_observations").Numbers(file.Path) : null,
        };
    }

    /// <summary>Scalars and texts, as one line each.</summary>
    internal static ImmutableSortedDictionary<string, string> ReadMetadata(IArrayFile file)
    {
        const int largest = 8;
        return file.Entries
            .Where(entry => entry.Shape.Length == 0 || entry.Name.StartsWith("metadata/", StringComparison.Ordinal))
            .Where(entry => entry.Shape.Aggregate(1L, (product, extent) => product * extent) is >= 1 and <= largest)
            .Where(entry => entry.Kind is "bool" or "string" || entry.Kind.Contains("int")
                || entry.Kind.StartsWith("float", StringComparison.Ordinal))
            .ToImmutableSortedDictionary(entry => entry.Name, Text, StringComparer.Ordinal);

        string Text(ArrayEntry entry) => string.Join(", ", file.Read(entry.Name).Values.Cast<object>()
            .Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)));
    }
}
