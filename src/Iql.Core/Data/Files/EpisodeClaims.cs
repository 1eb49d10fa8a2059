using Iql.Data.Files.Arrays;
using static Iql.Invariant;

namespace Iql.Data.Files;

/// <summary>Arrays beside D4RL's columns that say once more where episodes end: masks and discounts of 0 are terminals;
/// dones are terminals, or all ends; valids of 0 are rows without a next one.</summary>
static class EpisodeClaims
{
    /// <summary>Contradictions, a sentence for each array.</summary>
    internal static IEnumerable<string> Findings(IArrayFile file, bool[] terminals, bool[]? timeouts)
    {
        bool[] ends = timeouts == null ? terminals : [.. terminals.Zip(timeouts, (a, b) => a || b)];
        foreach (var entry in file.Entries)
        {
            bool[][] claimed = entry.Name switch
            {
                "masks" or "discounts" or "discount" => [terminals],
                "dones" or "dones_float" or "done" or "terminations" or "terminated" => [terminals, ends],
                "truncations" or "truncated" when timeouts != null => [timeouts],
                "valids" => [ends],
                _ => [],
            };
            var known = entry.Kind is "bool" or "float16" or "float32" or "float64" || entry.IsInteger;
            if (claimed.Length == 0 || !known || entry.Shape.Length == 0
                || ArrayData.Count(entry.Shape) != terminals.Length) continue;
            var inverse = entry.Name is "masks" or "discounts" or "discount" or "valids";
            bool[] said = [.. file.Read(entry.Name).Numbers(file.Path).Select(number => number != 0 != inverse)];
            var odd = claimed.Select(claim => Enumerable.Range(0, said.Length)
                .Where(row => said[row] != claim[row]).ToList()).MinBy(rows => rows.Count)!;
            if (odd.Count > 0) yield return Say($"'{entry.Name}' contradicts terminals") +
                (claimed[0] == terminals && claimed.Length == 1 ? "" : " and timeouts") +
                Say($" in {odd.Count:N0} rows (first {odd[0]:N0}), and was not followed.");
        }
    }
}
