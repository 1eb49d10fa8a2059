using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Execution;

/// <summary>All that is needed to go on, bit for bit: the seed, the number of steps made, the numbers.</summary>
public sealed record LearnerState(Seed Seed, long Step, ImmutableArray<TensorBlock> Blocks)
{
    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"LearnerState: step {Step}, {Blocks.Length - 1} members");
}

/// <summary>A training run to start on a device.</summary>
/// <param name="Programs">Programs of a step. They agree in inputs (the state's blocks, then a batch), in scalars
/// ("seed", "step", then hyperparameters) and in outputs (the next blocks).</param>
/// <param name="Choose">The program that makes a step, given the number of steps made before.</param>
/// <param name="Hyperparameters">Values of the scalars after "seed" and "step".</param>
/// <param name="Batches">Where minibatches come from. Row i of step t depends on seed, t and i alone.</param>
/// <param name="State">Where to start.</param>
public sealed record RunStart(
    ImmutableArray<GraphFunction> Programs,
    Func<long, int> Choose,
    ImmutableArray<double> Hyperparameters,
    IBatchSource Batches,
    LearnerState State);
