using System.Collections.Immutable;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>
/// Steps of configs handed over one at a time, as pure functions: what an algorithm's own <c>Step</c> and <c>StepInto</c> are made of.
/// Every thread compiles its own programs, once for all configs of one structure, and keeps the last few.
/// </summary>
/// <typeparam name="TConfig">The algorithm's config, an immutable record.</typeparam>
/// <param name="learner">The learner of a config for S, A and a number of members.</param>
/// <param name="structure">What of a config shapes its graphs or their order, as a value: configs equal in it differ at most in inputs of the graphs.</param>
sealed class StepCache<TConfig>(Func<TConfig, int, int, int, Learner> learner, Func<TConfig, object> structure) where TConfig : class
{
    /// <summary>Programs kept by each thread, the newest last. A sweep over numbers needs one.</summary>
    const int Kept = 4;

    readonly ThreadLocal<List<Entry>> entries = new(() => []);

    sealed class Entry(TConfig config, object structure, CompiledStep step)
    {
        /// <summary>The config of the last call, and its scalars.</summary>
        public TConfig Config = config;
        public ImmutableArray<double> Hyperparameters = step.Learner.Hyperparameters;
        public readonly object Structure = structure;
        public readonly CompiledStep Step = step;
    }

    /// <summary>The next state, in fresh memory, and the metrics by name.</summary>
    internal (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(TConfig config, LearnerState state, TensorBlock batch)
    {
        var entry = Find(config, state, batch);
        return entry.Step.Step(state, batch, entry.Hyperparameters.AsSpan());
    }

    /// <summary>The same bits into the caller's memory. Allocates nothing when called again with the same config.</summary>
    internal void StepInto(TConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination, Span<double> metrics, WorkerTeam? team)
    {
        var entry = Find(config, state, batch);
        entry.Step.StepInto(state, batch, destination, metrics, entry.Hyperparameters.AsSpan(), team);
    }

    Entry Find(TConfig config, LearnerState state, TensorBlock batch)
    {
        var kept = entries.Value!;
        var members = state.Blocks.Length - 1;
        foreach (var known in kept)
            if (ReferenceEquals(known.Config, config) && Fits(known.Step.Learner)) return known;
        var traced = learner(config, batch.Layout["observations"].Shape[-1], batch.Layout["actions"].Shape[-1], members);
        var shape = structure(config);
        foreach (var known in kept)
        {
            if (!shape.Equals(known.Structure) || !Fits(known.Step.Learner)) continue;
            known.Config = config;
            known.Hyperparameters = traced.Hyperparameters;
            return known;
        }
        if (kept.Count == Kept)
        {
            kept[0].Step.Dispose();
            kept.RemoveAt(0);
        }
        Entry entry = new(config, shape, new(traced));
        kept.Add(entry);
        return entry;

        bool Fits(Learner learner) => learner.Members == members
            && learner.Batch["observations"].Shape == batch.Layout["observations"].Shape && learner.Batch["actions"].Shape == batch.Layout["actions"].Shape;
    }
}
