using Iql.Graph;

namespace Iql.Cpu;

/// <summary>
/// Finds pieces of a graph that one worker can do without the others: what passes of a network over a batch, forward and back, and the
/// gradients of its weights. Their activations then never travel between two cores.
/// </summary>
/// <remarks>
/// A piece is what matrices connect, counted from the first product. Vectors of a number a row (outputs, targets) connect nothing, and
/// neither do weights: a pass with new weights is another piece than theirs.
/// </remarks>
static class Pieces
{
    /// <summary>The number of each group's piece; some groups are in none.</summary>
    public static Dictionary<Group, int> Of(Dependencies dependencies)
    {
        var pieces = new Dictionary<Group, int>();
        foreach (var group in dependencies.Groups)
        {
            var joined = dependencies.Needs(group)
                .Where(need => need.Value is { } value && pieces.ContainsKey(need.Group) && Addressing.Kept(value.Shape).Length > 1 && !AreWeights(group, value))
                .Select(need => pieces[need.Group]).ToHashSet();
            if (joined.Count == 0 && group.Anchor?.Op != Op.MatMul) continue;
            pieces[group] = joined.Count > 0 ? joined.Min() : pieces.Values.DefaultIfEmpty(-1).Max() + 1;
            foreach (var other in pieces.Keys.Where(other => joined.Contains(pieces[other])).ToArray()) pieces[other] = pieces[group];
        }
        var numbers = pieces.Values.Distinct().Order().Select((piece, i) => (piece, i)).ToDictionary(pair => pair.piece, pair => pair.i);
        return pieces.ToDictionary(pair => pair.Key, pair => numbers[pair.Value]);
    }

    // What a product, other than one over the rows of a batch, takes for its second factor.
    static bool AreWeights(Group group, Tensor value) => group.Anchor is { Op: Op.MatMul, Shape.Rank: 2 } product && !Dependencies.RunsByTile(product)
        && Addressing.Root(product.Sources[1]) == value && Addressing.Root(product.Sources[0]) != value;
}
