using System.Collections.Immutable;
using Iql.Compile;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>One step on numbers: pure, or into the caller's memory.</summary>
public static partial class ImplicitQLearning
{
    /// <summary>Programs kept by each thread, the newest last. A sweep over numbers needs one.</summary>
    const int Kept = 4;

    [ThreadStatic] static List<Program>? programs;

    sealed class Program(ImplicitQLearningConfig config, CompiledStep step)
    {
        /// <summary>The config of the last call, and its scalars.</summary>
        public ImplicitQLearningConfig Config = config;
        public ImmutableArray<double> Hyperparameters = step.Learner.Hyperparameters;
        public readonly CompiledStep Step = step;
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call: a program is compiled once an architecture.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>; every policy has the config's inverse temperature.</param>
    /// <param name="batch">A minibatch of the config's size in the layout of Data's BatchLayout.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(ImplicitQLearningConfig config, LearnerState state, TensorBlock batch)
    {
        var program = ProgramOf(config, state, batch);
        return program.Step.Step(state, batch, program.Hyperparameters.AsSpan());
    }

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
        Span<double> metrics = default, WorkerTeam? team = null)
    {
        var program = ProgramOf(config, state, batch);
        program.Step.StepInto(state, batch, destination, metrics, program.Hyperparameters.AsSpan(), team);
    }

    static Program ProgramOf(ImplicitQLearningConfig config, LearnerState state, TensorBlock batch)
    {
        programs ??= [];
        var (observations, actions, members) = (batch.Layout["observations"].Shape, batch.Layout["actions"].Shape, state.Blocks.Length - 1);
        foreach (var known in programs)
        {
            var learner = known.Step.Learner;
            if (learner.Members != members || learner.Batch["observations"].Shape != observations || learner.Batch["actions"].Shape != actions) continue;
            if (ReferenceEquals(known.Config, config)) return known;
            if (!SameGraph(known.Config, config)) continue;
            config.Validate();
            known.Config = config;
            known.Hyperparameters = [.. ImplicitQLearningInputs.Values(config, Repeated()).Select(value => value.Value)];
            return known;
        }
        if (programs.Count == Kept)
        {
            programs[0].Step.Dispose();
            programs.RemoveAt(0);
        }
        var program = new Program(config, new(Learner(config, observations[1], actions[1], Repeated())));
        programs.Add(program);
        return program;

        double[] Repeated()
        {
            var betas = new double[members];
            betas.AsSpan().Fill(config.InverseTemperature);
            return betas;
        }
    }

    /// <summary>Whether two configs differ at most in numbers that are inputs of the graph.</summary>
    static bool SameGraph(ImplicitQLearningConfig a, ImplicitQLearningConfig b) =>
        (a.BatchSize, a.PolicyKind, a.PolicySchedule, a.MeanTanh, a.Dropout > 0, a.UpdateOrder, a.HalveCriticLoss)
            == (b.BatchSize, b.PolicyKind, b.PolicySchedule, b.MeanTanh, b.Dropout > 0, b.UpdateOrder, b.HalveCriticLoss)
        && !b.HiddenSizes.IsDefault && a.HiddenSizes.AsSpan().SequenceEqual(b.HiddenSizes.AsSpan());
}
