using Iql.Algorithms;
using Iql.Graph;
using Iql.Training;

namespace Iql.Policies;

/// <summary>Numbers in an observation and in an action, by the shapes of what a run has stored: S and A.</summary>
static class StoredSizes
{
    // Two sizes whose sum and multiples no layer of a network is likely to have.
    const int S = 1013, A = 509;

    /// <summary>Compares the shapes in a file with those of the same learner for S = 1013 and A = 509.</summary>
    /// <exception cref="FileException">The file has no tensor that shows both.</exception>
    internal static (int Observation, int Action) Of(IAlgorithmConfig config, SafeTensors file)
    {
        var learner = config.Learner(S, A);
        var stored = file.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        var (observation, action) = (Find(S), Find(A));
        if (action == 0 && Find(2 * A) is var both) action = both / 2; // means and spreads
        return observation > 0 && action > 0 ? (observation, action)
            : throw file.Wrong($"the networks of {learner.Algorithm}", $"{file.Tensors.Length} other tensors");

        int Find(int extent)
        {
            foreach (var (prefix, block) in new[] { ("shared", learner.Blocks[0]), ("member", learner.Blocks[1]) })
                foreach (var entry in block.Entries)
                    if (stored.TryGetValue($"{prefix}/{entry.Name}", out var shape) && shape.Rank == entry.Shape.Rank
                        && entry.Shape.Extents.IndexOf(extent) is >= 0 and var axis)
                        return shape[axis];
            return 0;
        }
    }
}
