using System.Collections.Immutable;
using System.Globalization;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Minari;

namespace Iql.Data.Files;

/// <summary>The columns of a file in D4RL's layout, cast to float32 and checked for shape only: numbers may be NaN.
/// Input of <c>DatasetReport</c> and <see cref="RowSelection"/>.</summary>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="ObservationSize">S.</param>
/// <param name="ActionSize">A.</param>
/// <param name="Observations"><c>[N, S]</c> row-major.</param>
/// <param name="Actions"><c>[N, A]</c> row-major; one-hot rows of discrete actions.</param>
/// <param name="Rewards"><c>[N]</c>.</param>
/// <param name="Terminals"><c>[N]</c>.</param>
/// <param name="Timeouts"><c>[N]</c>, or null when the file has none (old D4RL files, kitchen).</param>
/// <param name="NextObservations"><c>[N, S]</c>, or null when the file has none.</param>
public sealed record RawDataset(string Name, string Source, int ObservationSize, int ActionSize, float[] Observations,
    float[] Actions, float[] Rewards, bool[] Terminals, bool[]? Timeouts = null, float[]? NextObservations = null,
    ActionKind ActionKind = ActionKind.Continuous)
{
    /// <summary>All arrays of the file.</summary>
    public ImmutableArray<ArrayEntry> Entries { get; init; } = [];

    /// <summary>Single values and short texts of the file, by name.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Names, units and bounds of the columns; null where the file says none.</summary>
    public DataColumns? Columns { get; init => field = value?.Fitting(ObservationSize, new(ActionKind, ActionSize)); }

    /// <summary>What the file's wider numbers lost as float32, a sentence each.</summary>
    public ImmutableArray<string> Losses { get; init; } = [];

    /// <summary>What the file says twice of its episodes' ends and not alike, a sentence each.</summary>
    public ImmutableArray<string> Contradictions { get; init; } = [];

    /// <summary>The first number that is too large for float32, in a sentence, or null.</summary>
    internal string? TooLarge { get; init; }

    /// <summary>N.</summary>
    public int Count => Rewards.Length;
    /// <summary>The same columns with other metadata.</summary>
    public RawDataset Saying(ImmutableSortedDictionary<string, string> metadata) => this with { Metadata = metadata };

    /// <summary>The columns of transitions in memory.</summary>
    public static RawDataset Of(Transitions t) => new(t.Name, t.Name, t.ObservationSize, t.ActionSize,
        [.. t.Observations], [.. t.Actions], [.. t.Rewards], [.. t.Terminals], [.. t.Timeouts], [.. t.NextObservations],
        t.ActionSpace.Kind)
    { Columns = t.Columns };

    /// <summary>Reads the columns of an open file.</summary>
    /// <param name="actionCount">Number of discrete actions; null: from the file, or one more than the largest.</param>
    /// <exception cref="FileException">A missing or misshapen column, or a file beyond memory.</exception>
    public static RawDataset Read(IArrayFile file, int? actionCount = null) =>
        Reading.Of(file.Path, "a data set", () =>
        {
            var columns = ColumnShapes.Of(file, actionCount);
            columns.RequireMemory();
            var (loss, metadata) = (new Float32Loss(), ReadMetadata(file));
            var raw = new RawDataset(file.Name, file.Path, columns.ObservationSize, columns.Actions.Size,
                Kept("observations", columns.ObservationSize),
                columns.Actions.IsDiscrete
                    ? columns.ActionRows(file.Read("actions")) : Kept("actions", columns.Actions.Size),
                Kept("rewards", 1),
                file.Read("terminals").Flags(file.Path),
                columns.HasTimeouts ? file.Read("timeouts").Flags(file.Path) : null,
                columns.HasNextObservations ? Kept("next_observations", columns.ObservationSize) : null,
                columns.Actions.Kind)
            { Entries = file.Entries, Metadata = metadata, Columns = Described(metadata, columns) };
            file.Verify();
            var large = loss.TooLarge is { } one ? new[] { one } : [];
            return raw with
            {
                Losses = [.. large, .. loss.Merged],
                TooLarge = loss.TooLarge,
                Contradictions =
                    [.. file.Findings(), .. EpisodeClaims.Findings(file, raw.Terminals, raw.Timeouts)],
            };

            float[] Kept(string name, int width)
            {
                var read = file.Read(name);
                loss.Add(name, read.Values, width);
                return read.Numbers(file.Path);
            }
        });

    /// <summary>The names, units and bounds that metadata give the columns, or null.</summary>
    internal static DataColumns? Described(
        ImmutableSortedDictionary<string, string> metadata, ColumnShapes shapes) => DataColumns.Of(metadata)
            ?? MinariColumns.Of(metadata, shapes.ObservationSize, shapes.Actions);

    /// <summary>Scalars and texts, as one line each.</summary>
    internal static ImmutableSortedDictionary<string, string> ReadMetadata(IArrayFile file)
    {
        const int largest = 8;
        return file.Entries
            .Where(entry => entry.Shape.Length == 0 || entry.Name.StartsWith("metadata/", StringComparison.Ordinal))
            .Where(entry => ArrayData.Count(entry.Shape) is >= 1 and <= largest)
            .Where(entry => entry.Kind is "bool" or "string" || entry.IsInteger
                || entry.Kind.StartsWith("float", StringComparison.Ordinal))
            .ToImmutableSortedDictionary(entry => entry.Name, Text, StringComparer.Ordinal);

        string Text(ArrayEntry entry) => string.Join(", ", file.Read(entry.Name).Values.Cast<object>()
            .Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)));
    }
}
