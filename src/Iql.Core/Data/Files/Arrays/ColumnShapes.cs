using System.Globalization;
using static Iql.Invariant;

namespace Iql.Data.Files.Arrays;

/// <summary>The columns of a file in D4RL's layout, with their shapes checked before any number is read.</summary>
sealed record ColumnShapes(
    IArrayFile File, long Rows, int ObservationSize, ActionSpace Actions, bool HasTimeouts, bool HasNextObservations)
{
    const int PieceRows = 1 << 20;

    /// <summary>The array with the number of discrete actions.</summary>
    internal const string ActionCount = "metadata/action_count";

    /// <summary>Finds the columns.</summary>
    /// <exception cref="FileException">A column is missing or has another shape.</exception>
    internal static ColumnShapes Of(IArrayFile file, int? actionCount = null) =>
        Reading.Of(file.Path, "columns in D4RL's layout", () => Found(file, actionCount));

    static ColumnShapes Found(IArrayFile file, int? actionCount)
    {
        var names = file.Entries.ToDictionary(entry => entry.Name);
        foreach (var name in (string[])["observations", "actions", "rewards", "terminals"])
            if (!names.ContainsKey(name)) throw new InvalidDataException(Missing(file, name));
        var (rows, observationSize) = Matrix("observations", null, null);
        var discrete = Choices(names["actions"]);
        if (discrete) Column("actions");
        var actionSize = discrete ? 0 : Matrix("actions", rows, null).Columns;
        if (rows == 0)
            throw new InvalidDataException($"{file.Path}: 'observations': expected at least one row, got none.");
        Column("rewards");
        Column("terminals");
        if (names.ContainsKey("timeouts")) Column("timeouts");
        var actions = discrete
            ? ActionSpace.Discrete(Count(file, rows, actionCount)) : ActionSpace.Continuous(actionSize);
        return new(file, rows, observationSize, actions, names.ContainsKey("timeouts"),
            names.ContainsKey("next_observations") && Matrix("next_observations", rows, observationSize).Rows > 0);

        (long Rows, int Columns) Matrix(string name, long? wantedRows, int? wantedColumns)
        {
            var shape = names[name].Shape;
            if (shape.Length == 2 && shape[1] is >= 1 and <= int.MaxValue
                && (wantedRows ?? shape[0]) == shape[0] && (wantedColumns ?? shape[1]) == shape[1])
                return (shape[0], (int)shape[1]);
            throw Misshapen(name, $"[{Text(wantedRows, "N")}, " +
                $"{Text(wantedColumns, name == "actions" ? "A" : "S")}]",
                name == "actions" && shape.Length == 1 ? "Save discrete actions as integers; " : "");
        }

        void Column(string name)
        {
            var shape = names[name].Shape;
            if (!(shape.Length is 1 or 2 && shape[0] == rows && (shape.Length == 1 || shape[1] == 1)))
                throw Misshapen(name, $"[{rows}] or [{rows}, 1]");
        }

        InvalidDataException Misshapen(string name, string expected, string hint = "") => new(
            $"{file.Path}: '{name}': expected shape {expected}, got {ArrayData.Text(names[name].Shape)}. {hint}" +
            "All columns hold one row a step; write the file again.");

        static string Text(long? extent, string letter) => extent?.ToString(CultureInfo.InvariantCulture) ?? letter;
    }

    /// <summary>Actions as floats: numbers unchanged, choices as one-hot rows.</summary>
    /// <param name="data">Some or all rows of the file's actions.</param>
    internal float[] ActionRows(ArrayData data)
    {
        if (!Actions.IsDiscrete) return data.Numbers(File.Path);
        var rows = new float[checked(data.Values.Length * Actions.Size)];
        for (var i = 0; i < data.Values.Length; i++) rows[i * Actions.Size + (int)Choice(data, i)] = 1;
        return rows;
    }

    /// <summary>Whether a column of actions holds choices: one integer or flag a row.</summary>
    static bool Choices(ArrayEntry actions) =>
        (actions.Kind == "bool" || actions.IsInteger)
        && (actions.Shape.Length == 1 || (actions.Shape.Length == 2 && actions.Shape[1] == 1));

    static long Choice(ArrayData data, int row) =>
        data.Values is bool[] flags ? flags[row] ? 1 : 0 : ((long[])data.Values)[row];

    /// <summary>The number of choices: given, from the file, or one more than the largest.</summary>
    static int Count(IArrayFile file, long rows, int? actionCount)
    {
        if (actionCount == null && file.Entries.Any(entry => entry.Name == ActionCount && entry.Shape.Length == 0)
            && file.Read(ActionCount).Values is long[] found)
            actionCount = found[0] is >= 1 and <= ActionSpace.MostChoices ? (int)found[0]
                : throw new InvalidDataException($"{file.Path}: '{ActionCount}': expected a number from 1 to " +
                    $"{ActionSpace.MostChoices}, got {found[0]}. Write the file again.");
        var (most, limit) = (0L, actionCount ?? ActionSpace.MostChoices);
        for (var first = 0L; first < rows; first += PieceRows)
        {
            var piece = file.Read("actions", first, (int)Math.Min(PieceRows, rows - first));
            for (var i = 0; i < piece.Values.Length; i++)
            {
                var choice = Choice(piece, i);
                if (choice < 0 || choice >= limit) throw new InvalidDataException(
                    $"{file.Path}: 'actions': expected discrete actions from 0 to {limit - 1}, " +
                    $"got {choice} in row {first + i}. " +
                    "Number the choices from 0 on; save actions that are quantities as floats.");
                most = Math.Max(most, choice);
            }
        }
        return actionCount ?? (int)most + 1;
    }

    /// <summary>Refuses a file whose columns exceed memory, or an array's length, before reading it.</summary>
    internal void RequireMemory() => RequireMemory(AvailableMemory.Bytes());

    internal void RequireMemory(long available)
    {
        // The columns, the transitions, and the rows that batches are drawn from.
        const double copies = 3;
        var bytes = copies * Rows * (4.0 * (2.0 * ObservationSize + Actions.Size + 1) + 2);
        var tooLong = (double)Rows * Math.Max(ObservationSize, Actions.Size) > Array.MaxLength;
        if (bytes > available || tooLong) throw new InvalidDataException(Say(
            $"{File.Path}: " +
            $"expected a data set that fits into memory, got {Rows:N0} rows, for which {bytes / 1e9:F1} GB " +
            $"of {available / 1e9:F1} GB are needed") + (tooLong ? " and longer arrays than there are" : "") +
            $". Put it into a row file, which is read as it is needed: iql data pack {Path.GetFileName(File.Path)} " +
            $"--output {Path.GetFileNameWithoutExtension(File.Path)}.rows");
    }

    static string Missing(IArrayFile file, string name)
    {
        var names = file.Entries.Select(entry => entry.Name);
        var found = string.Join(", ", names.Take(12)) + (names.Count() > 12 ? ", …" : "");
        return $"{file.Path}: '{name}': expected D4RL's layout (observations, actions, rewards, terminals; " +
            "timeouts and next_observations when known), " +
            $"got {(found == "" ? "no arrays at all" : found)}. " + (name == "rewards"
                ? "Add the rewards (OGBench's play data have none: save a single task's, with rewards and masks)."
                : $"Name the array that has them: iql data convert FILE OUT --columns {name}=NAME,...");
    }
}
