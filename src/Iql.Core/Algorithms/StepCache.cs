using System.Collections.Immutable;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>Steps of configs handed over one at a time, as pure functions: <c>config.Step(state, batch)</c>. Every
/// thread compiles its own programs, once for all configs of one structure, and keeps the last few.</summary>
public static class StepCache
{
    /// <summary>Programs kept by each thread, the newest last. A sweep over numbers needs one.</summary>
    const int Kept = 4;

    static readonly ThreadLocal<List<Entry>> Entries = new(() => []);

    sealed class Entry(IAlgorithmConfig config, object structure, CompiledStep step)
    {
        /// <summary>The config of the last call, and its scalars.</summary>
        public IAlgorithmConfig Config = config;
        public ImmutableArray<double> Hyperparameters = step.Learner.Hyperparameters;
        public readonly object Structure = structure;
        public readonly CompiledStep Step = step;
    }

    /// <summary>The learner of a config, for one policy.</summary>
    public static Learner Learner(this IAlgorithmConfig config, int observationSize, int actionSize) =>
        Algorithm.Of(config).Learner([config], observationSize, actionSize);

    /// <summary>The next state, in fresh memory, and the metrics by name. The given state stays as it is.</summary>
    /// <param name="config">Hyperparameters. Numbers may change from call to call: one program serves them all.</param>
    /// <param name="state">Before: blocks of the config's learner. Every policy has the config's hyperparameters; the
    /// number of steps says which program runs.</param>
    /// <param name="batch">A minibatch of the config's size in the learner's layout.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a layout is another.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(
        this IAlgorithmConfig config, LearnerState state, TensorBlock batch)
    {
        var entry = Find(config, state, batch);
        return entry.Step.Step(state, batch, entry.Hyperparameters.AsSpan());
    }

    /// <summary>The bits of <see cref="Step"/>, in the caller's memory. The next call allocates nothing.</summary>
    /// <param name="config">Hyperparameters.</param>
    /// <param name="state">Before.</param>
    /// <param name="batch">A minibatch.</param>
    /// <param name="destination">The blocks after, none of them a block of the state: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics of the program that makes this step; empty computes none.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a layout is another.</exception>
    public static void StepInto(
        this IAlgorithmConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default)
    {
        var entry = Find(config, state, batch);
        entry.Step.StepInto(state, batch, destination, metrics, entry.Hyperparameters.AsSpan());
    }

    static Entry Find(IAlgorithmConfig config, LearnerState state, TensorBlock batch)
    {
        var kept = Entries.Value!;
        var members = state.Blocks.Length - 1;
        foreach (var known in kept)
            if (ReferenceEquals(known.Config, config) && Fits(known.Step.Learner)) return known;
        var (observationSize, actionSize) = (batch.Layout["observations"].Shape[-1], batch.Layout["actions"].Shape[-1]);
        var traced = Algorithm.Of(config).Learner([.. Enumerable.Repeat(config, members)], observationSize, actionSize);
        var structure = config.StructureKey();
        foreach (var known in kept)
        {
            if (!structure.Equals(known.Structure) || !Fits(known.Step.Learner)) continue;
            known.Config = config;
            known.Hyperparameters = traced.Hyperparameters;
            return known;
        }
        if (kept.Count == Kept)
        {
            kept[0].Step.Dispose();
            kept.RemoveAt(0);
        }
        Entry entry = new(config, structure, new(traced));
        kept.Add(entry);
        return entry;

        bool Fits(Learner learner) => learner.Members == members
            && learner.Batch["observations"].Shape == batch.Layout["observations"].Shape
            && learner.Batch["actions"].Shape == batch.Layout["actions"].Shape;
    }
}
