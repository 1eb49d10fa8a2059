using System.Collections.Immutable;
using System.Globalization;

namespace Iql.Data;

/// <summary>
/// The columns of a data set as they stand in a file of D4RL's layout, cast to float32 and checked for shape only: numbers may be
/// NaN, rows may belong nowhere. For looking at (<see cref="DatasetReport"/>) and for choosing rows from (<see cref="RowSelection"/>).
/// </summary>
public sealed record RawDataset
{
    /// <summary>The file's name without its ending.</summary>
    public required string Name { get; init; }

    /// <summary>The file, or what else the data came from.</summary>
    public required string Source { get; init; }

    /// <summary>Everything in the file, used or not.</summary>
    public ImmutableArray<ArrayEntry> Entries { get; init; } = [];

    /// <summary>Single values and short texts in the file, by name.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>S.</summary>
    public required int ObservationSize { get; init; }

    /// <summary>A.</summary>
    public required int ActionSize { get; init; }

    /// <summary>[N, S] row-major.</summary>
    public required float[] Observations { get; init; }

    /// <summary>[N, A] row-major.</summary>
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

    /// <summary>The columns of transitions in memory.</summary>
    public static RawDataset Of(Transitions transitions) => new()
    {
        Name = transitions.Name,
        Source = transitions.Name,
        ObservationSize = transitions.ObservationSize,
        ActionSize = transitions.ActionSize,
        Observations = [.. transitions.Observations],
        Actions = [.. transitions.Actions],
        Rewards = [.. transitions.Rewards],
        Terminals = [.. transitions.Terminals],
        Timeouts = [.. transitions.Timeouts],
        NextObservations = [.. transitions.NextObservations],
    };

    /// <summary>Reads the columns of an open file.</summary>
    /// <exception cref="InvalidDataException">A column is missing or has another shape; the message names it, what was expected and what came.</exception>
    public static RawDataset Read(IArrayFile file)
    {
        var names = file.Entries.ToDictionary(entry => entry.Name);
        foreach (var name in (string[])["observations", "actions", "rewards", "terminals"])
            if (!names.ContainsKey(name)) throw new InvalidDataException(Missing(file, name));
        var (rows, observationSize) = Matrix("observations", null, null);
        var (_, actionSize) = Matrix("actions", rows, null);
        if (rows == 0) throw new InvalidDataException($"{file.Path}: 'observations': expected at least one row, got none.");
        return new()
        {
            Name = Path.GetFileNameWithoutExtension(file.Path),
            Source = file.Path,
            Entries = file.Entries,
            Metadata = ReadMetadata(file),
            ObservationSize = observationSize,
            ActionSize = actionSize,
            Observations = file.Read("observations").Numbers(file.Path),
            Actions = file.Read("actions").Numbers(file.Path),
            Rewards = Column("rewards").Numbers(file.Path),
            Terminals = Column("terminals").Flags(file.Path),
            Timeouts = names.ContainsKey("timeouts") ? Column("timeouts").Flags(file.Path) : null,
            NextObservations = names.ContainsKey("next_observations") && Matrix("next_observations", rows, observationSize).Rows > 0
                ? file.Read("next_observations").Numbers(file.Path) : null,
        };

        (int Rows, int Columns) Matrix(string name, int? wantedRows, int? wantedColumns)
        {
            var shape = names[name].Shape;
            if (shape.Length == 2 && shape[1] >= 1 && shape[0] <= int.MaxValue && (wantedRows ?? shape[0]) == shape[0] && (wantedColumns ?? shape[1]) == shape[1])
                return ((int)shape[0], (int)shape[1]);
            throw new InvalidDataException($"{file.Path}: '{name}': expected shape [{wantedRows?.ToString(CultureInfo.InvariantCulture) ?? "N"}, " +
                $"{wantedColumns?.ToString(CultureInfo.InvariantCulture) ?? (name == "actions" ? "A" : "S")}], got {ArrayData.Text(shape)}. " +
                "All columns hold one row a step; write the file again.");
        }

        ArrayData Column(string name)
        {
            var shape = names[name].Shape;
            if (shape.Length is 1 or 2 && shape[0] == rows && (shape.Length == 1 || shape[1] == 1)) return file.Read(name);
            throw new InvalidDataException($"{file.Path}: '{name}': expected shape [{rows}] or [{rows}, 1], got {ArrayData.Text(shape)}. " +
                "All columns hold one row a step; write the file again.");
        }
    }

    static string Missing(IArrayFile file, string name)
    {
        var found = string.Join(", ", file.Entries.Select(entry => entry.Name).Take(12)) + (file.Entries.Length > 12 ? ", …" : "");
        return $"{file.Path}: '{name}': expected D4RL's layout (observations, actions, rewards, terminals; timeouts and next_observations when known), " +
            $"got {(found == "" ? "no arrays at all" : found)}. " + (file.Entries.Any(entry => entry.Name.StartsWith("episode_", StringComparison.Ordinal))
                ? "This is a Minari file, one group an episode: write its episodes behind each other into one file." : "Rename or add the array.");
    }

    /// <summary>Scalars and texts that are not columns, as one line each.</summary>
    static ImmutableSortedDictionary<string, string> ReadMetadata(IArrayFile file)
    {
        const int fewest = 8;
        var small = file.Entries.Where(entry => entry.Shape.Aggregate(1L, (product, extent) => product * extent) is >= 1 and <= fewest
            && (entry.Shape.Length == 0 || entry.Name.StartsWith("metadata/", StringComparison.Ordinal)));
        return small.Where(entry => entry.Kind is "bool" or "string" || entry.Kind.Contains("int") || entry.Kind.StartsWith("float", StringComparison.Ordinal))
            .ToImmutableSortedDictionary(entry => entry.Name, entry => string.Join(", ", file.Read(entry.Name).Values.Cast<object>()
                .Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))), StringComparer.Ordinal);
    }
}
