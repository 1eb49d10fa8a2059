using System.Globalization;

namespace Iql.Data;

/// <summary>The columns of a file in D4RL's layout, checked for their shapes before any number is read.</summary>
sealed record ColumnShapes(IArrayFile File, long Rows, int ObservationSize, int ActionSize, bool HasTimeouts, bool HasNextObservations)
{
    /// <summary>Finds the columns.</summary>
    /// <exception cref="InvalidDataException">A column is missing or has another shape; the message names it, what was expected and what came.</exception>
    internal static ColumnShapes Of(IArrayFile file)
    {
        var names = file.Entries.ToDictionary(entry => entry.Name);
        foreach (var name in (string[])["observations", "actions", "rewards", "terminals"])
            if (!names.ContainsKey(name)) throw new InvalidDataException(Missing(file, name));
        var (rows, observationSize) = Matrix("observations", null, null);
        var (_, actionSize) = Matrix("actions", rows, null);
        if (rows == 0) throw new InvalidDataException($"{file.Path}: 'observations': expected at least one row, got none.");
        Column("rewards");
        Column("terminals");
        if (names.ContainsKey("timeouts")) Column("timeouts");
        return new(file, rows, observationSize, actionSize, names.ContainsKey("timeouts"),
            names.ContainsKey("next_observations") && Matrix("next_observations", rows, observationSize).Rows > 0);

        (long Rows, int Columns) Matrix(string name, long? wantedRows, int? wantedColumns)
        {
            var shape = names[name].Shape;
            if (shape.Length == 2 && shape[1] is >= 1 and <= int.MaxValue && (wantedRows ?? shape[0]) == shape[0] && (wantedColumns ?? shape[1]) == shape[1])
                return (shape[0], (int)shape[1]);
            throw new InvalidDataException($"{file.Path}: '{name}': expected shape [{wantedRows?.ToString(CultureInfo.InvariantCulture) ?? "N"}, " +
                $"{wantedColumns?.ToString(CultureInfo.InvariantCulture) ?? (name == "actions" ? "A" : "S")}], got {ArrayData.Text(shape)}. " +
                "All columns hold one row a step; write the file again.");
        }

        void Column(string name)
        {
            var shape = names[name].Shape;
            if (!(shape.Length is 1 or 2 && shape[0] == rows && (shape.Length == 1 || shape[1] == 1))) throw new InvalidDataException(
                $"{file.Path}: '{name}': expected shape [{rows}] or [{rows}, 1], got {ArrayData.Text(shape)}. All columns hold one row a step; write the file again.");
        }
    }

    /// <summary>Refuses a file whose columns are beyond memory, or beyond an array, before reading it.</summary>
    /// <exception cref="InvalidDataException">The message says how to go on.</exception>
    internal void RequireMemory() => RequireMemory(AvailableMemory.Bytes());

    internal void RequireMemory(long available)
    {
        // The columns, the transitions made of them, and the rows side by side that batches are drawn from.
        const double copies = 3;
        var bytes = copies * Rows * (4.0 * (2.0 * ObservationSize + ActionSize + 1) + 2);
        var tooLong = (double)Rows * Math.Max(ObservationSize, ActionSize) > Array.MaxLength;
        if (bytes > available || tooLong) throw new InvalidDataException(FormattableString.Invariant(
            $"{File.Path}: expected a data set that fits into memory, got {Rows:N0} rows, for which {bytes / 1e9:F1} GB of {available / 1e9:F1} GB are needed") +
            (tooLong ? " and longer arrays than there are" : "") +
            $". Put it into a row file, which is read as it is needed: iql data pack {Path.GetFileName(File.Path)} --output {Path.GetFileNameWithoutExtension(File.Path)}.rows");
    }

    static string Missing(IArrayFile file, string name)
    {
        var found = string.Join(", ", file.Entries.Select(entry => entry.Name).Take(12)) + (file.Entries.Length > 12 ? ", …" : "");
        return $"{file.Path}: '{name}': expected D4RL's layout (observations, actions, rewards, terminals; timeouts and next_observations when known), " +
            $"got {(found == "" ? "no arrays at all" : found)}. " + (file.Entries.Any(entry => entry.Name.StartsWith("episode_", StringComparison.Ordinal))
                ? "This is a Minari file, one group an episode: write its episodes behind each other into one file." : "Rename or add the array.");
    }
}
