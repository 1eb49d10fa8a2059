using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>
/// Everything a training loop needs to know of an algorithm, as a value: what its state looks like, how it starts, the traced
/// step, and how its policy acts. One learner may train several members (policies with their own inverse temperature) on one
/// shared part (value function and critics); every member gets the bits it would get alone.
/// </summary>
/// <param name="Algorithm">Short name, "iql".</param>
/// <param name="Blocks">State: block 0 is shared, blocks 1 … are one member each, all of one shape.</param>
/// <param name="Batch">Columns of a minibatch: observations [B, S], actions [B, A], rewards [B], terminals [B], nextObservations [B, S], and what else it asks for.</param>
/// <param name="Step">
/// One training step. Inputs: the blocks, then the batch. Scalars: "seed" (<see cref="Seed.AsScalar"/>), "step" (number of
/// steps already made), then one per hyperparameter. Outputs: the next blocks. Metrics of member i are named "i:name", shared ones "name".
/// </param>
/// <param name="Hyperparameters">Values of Step's scalars after "seed" and "step".</param>
/// <param name="Initialise">Blocks at step 0.</param>
/// <param name="Act">
/// For a number of rows E: what the policy does when evaluated. Inputs: shared block, member block (Blocks[1]'s layout), a block
/// "observations" with the entry "observations" [E, S]. Output: a block "actions" with the entry "actions" [E, A], within ±1.
/// </param>
/// <param name="Probe">
/// For a number of rows E: what the policy's objective makes of transitions, or null when the algorithm weighs none. Inputs: shared block,
/// member block (Blocks[1]'s layout), a batch of E rows. Scalars: by their names in Step, "name" where Step has "i:name". Output: a block
/// "probe" with the entries "weights", "advantages" and "values", each [E].
/// </param>
public sealed record Learner(
    string Algorithm,
    ImmutableArray<Layout> Blocks,
    Layout Batch,
    GraphFunction Step,
    ImmutableArray<double> Hyperparameters,
    Func<Seed, ImmutableArray<TensorBlock>> Initialise,
    Func<int, GraphFunction> Act,
    Func<int, GraphFunction>? Probe = null)
{
    /// <summary>Number of policies trained side by side.</summary>
    public int Members => Blocks.Length - 1;
}

/// <summary>All that is needed to go on, bit for bit: the seed, the number of steps made, the numbers.</summary>
public sealed record LearnerState(Seed Seed, long Step, ImmutableArray<TensorBlock> Blocks);
