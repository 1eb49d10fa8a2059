using System.Collections.Immutable;
using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>The graph of a policy that acts on what it sees alone: <see cref="Learner.Act"/> in the plain case.</summary>
static class Acting
{
    /// <summary>What the policy does for a number of rows, clipped to ±1.</summary>
    /// <param name="blocks">The learner's blocks.</param>
    /// <param name="observationSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="rows">E, at least 1.</param>
    /// <param name="action">The member's block and observations [E, S] to actions [E, A].</param>
    internal static GraphFunction Of(ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows, Func<TensorGroup, Tensor, Tensor> action)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout observations = new("observations", [("observations", new(rows, observationSize))]), actions = new("actions", [("actions", new(rows, actionSize))]);
        var chosen = action(blocks[1].Inputs(), observations.Inputs()["observations"]);
        return new([blocks[0], blocks[1], observations], [], [new(actions, [Clip(chosen, -1, 1)])], []);
    }
}
