using Iql.Data;
using Iql.Data.Files;

namespace Iql.Estimation;

/// <summary>ln μ(a|s) of the policy that made the data, for the rows that are transitions.</summary>
public static class BehaviourLog
{
    /// <summary>Reads a column of a data file.</summary>
    /// <param name="column">Its name, such as D4RL's "infos/action_log_probs": a number a row, in nats.</param>
    /// <returns><c>[N]</c>, of the rows that <see cref="DatasetFile.Load"/> keeps.</returns>
    /// <exception cref="FileException">There is no such column, or it is of another shape.</exception>
    public static float[] Read(string path, string column, DatasetMode mode)
    {
        var rows = RowSelection.Of(DatasetFile.Read(path), mode).Rows;
        using var file = DatasetFile.Open(path);
        return Reading.Of(path, $"a column {column}", () =>
        {
            var found = file.Entries.FirstOrDefault(entry => entry.Name == column);
            var all = found is null ? throw new InvalidDataException($"{path}: expected a column {column}, got "
                + $"{string.Join(", ", file.Entries.Select(entry => entry.Name))}.") : file.Read(column).Numbers(path);
            var last = rows[^1];
            if (all.Length <= last || found.Shape.Skip(1).Any(extent => extent != 1)) throw new InvalidDataException(
                $"{path}: expected one number a row of {column}, got {string.Join(" × ", found.Shape)}.");
            float[] kept = [.. rows.Select(row => all[row])];
            Finite.Require(kept, 1, column, path);
            return kept;
        });
    }
}
