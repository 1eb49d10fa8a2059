using System.Collections.Immutable;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>Steps of configs handed over one at a time, as pure functions: <c>config.Step(state, batch)</c>. Every
/// thread compiles its own programs, once for all configs of one structure, and keeps the last few.</summary>
public static class StepCache
{
    // Programs of each thread, the newest last. A sweep over numbers needs one.
    const int Kept = 4;

    static readonly ThreadLocal<List<Entry>> Entries = new(() => []);

    sealed record Entry(
        IAlgorithmConfig Config, object?[] Structure, CompiledStep Step, ImmutableArray<double> Hyperparameters)
    {
        public bool Fits(int members, TensorBlock batch) => Step.Learner.Members == members
            && Step.Learner.Batch["observations"].Shape == batch.Layout["observations"].Shape
            && Step.Learner.Batch["actions"].Shape == batch.Layout["actions"].Shape;
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
    /// <param name="destination">The blocks after, none of them a block of the state: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics of the program that makes this step; empty computes none.</param>
    public static void StepInto(
        this IAlgorithmConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default)
    {
        var entry = Find(config, state, batch);
        entry.Step.StepInto(state, batch, destination, metrics, entry.Hyperparameters.AsSpan());
    }

    static Entry Find(IAlgorithmConfig config, LearnerState state, TensorBlock batch)
    {
        var members = state.Blocks.Length - 1;
        foreach (var entry in Entries.Value!)
            if (ReferenceEquals(entry.Config, config) && entry.Fits(members, batch)) return entry;
        return Add(config, members, batch);
    }

    static Entry Add(IAlgorithmConfig config, int members, TensorBlock batch)
    {
        var kept = Entries.Value!;
        var (s, a) = (batch.Layout["observations"].Shape[-1], batch.Layout["actions"].Shape[-1]);
        var learner = Algorithm.Of(config).Learner([.. Enumerable.Repeat(config, members)], s, a);
        var structure = config.Structure();
        var same = kept.Find(entry => structure.SequenceEqual(entry.Structure) && entry.Fits(members, batch));
        if (same is not null) kept.Remove(same);
        else if (kept.Count == Kept)
        {
            kept[0].Step.Dispose();
            kept.RemoveAt(0);
        }
        kept.Add(new(config, structure, same?.Step ?? new(learner), learner.Hyperparameters));
        return kept[^1];
    }
}
