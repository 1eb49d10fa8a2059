using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>One step on numbers: pure, or into the caller's memory.</summary>
public static partial class ImplicitQLearning
{
    static readonly StepCache<ImplicitQLearningConfig> Steps = new(
        (config, observationSize, actionSize, members) =>
            Learner(config, observationSize, actionSize, [.. Enumerable.Repeat(config.InverseTemperature, members)]),
        config => (config.BatchSize, config.Actions, config.PolicyKind, config.PolicySchedule, config.MeanTanh, config.Dropout > 0, config.UpdateOrder,
            config.HalveCriticLoss, string.Join('x', config.HiddenSizes)));

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call: a program is compiled once an architecture.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>; every policy has the config's inverse temperature.</param>
    /// <param name="batch">A minibatch of the config's size in the layout of Data's BatchLayout.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(ImplicitQLearningConfig config, LearnerState state, TensorBlock batch) =>
        Steps.Step(config, state, batch);

    /// <summary>The same bits as <see cref="Step"/>, into the caller's memory. Allocates nothing when called again with the same config.</summary>
    /// <param name="config">Hyperparameters, validated.</param>
    /// <param name="state">Before.</param>
    /// <param name="batch">A minibatch.</param>
    /// <param name="destination">The blocks after, none of them a block of <paramref name="state"/>: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics in the order of the learner's step; empty computes none.</param>
    /// <param name="team">Threads that share the step; the bits do not depend on it.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static void StepInto(
        ImplicitQLearningConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);
}
