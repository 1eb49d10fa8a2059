using Iql.Graph;

namespace Iql.Compile;

/// <summary>
/// Places temporaries in one arena. Two may share floats when the last phase that touches one is before the first that touches
/// the other: within a phase workers are not in step.
/// </summary>
static class MemoryPlan
{
    /// <summary>An offset for every temporary, given (first phase, last phase) of each; and the arena's length in floats.</summary>
    public static (Dictionary<Tensor, int> Offsets, int Length) Of(IEnumerable<(Tensor Node, int First, int Last)> lives)
    {
        var offsets = new Dictionary<Tensor, int>();
        var placed = new List<(int Offset, int Length, int First, int Last)>();
        var length = 0;
        foreach (var (node, first, last) in lives.OrderBy(life => life.First).ThenByDescending(life => Layout.PaddedLength(life.Node.Shape)))
        {
            var size = Layout.PaddedLength(node.Shape);
            var offset = 0;
            foreach (var other in placed.Where(other => other.First <= last && first <= other.Last).OrderBy(other => other.Offset))
                if (offset + size <= other.Offset) break;
                else offset = Math.Max(offset, other.Offset + other.Length);
            placed.Add((offset, size, first, last));
            offsets[node] = offset;
            length = Math.Max(length, offset + size);
        }
        return (offsets, length);
    }
}
