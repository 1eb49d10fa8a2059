using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Compile;
using Iql.Data;
using Iql.Graph;

namespace Iql.Training;

/// <summary>
/// A learner's steps, made one after the other into two sets of blocks that alternate. Row i of the batch of step t depends on seed, t
/// and i alone, so a trainer started from a saved state makes the same steps to the bit. A step allocates nothing.
/// </summary>
public sealed class Trainer : IDisposable
{
    readonly Learner learner;
    readonly Sampler sampler;
    readonly Seed seed, sampling;
    readonly WorkerTeam team;
    readonly CompiledGraph step, stepWithMetrics;
    readonly TensorBlock batch;
    readonly TensorBlock[][] inputs, outputs;
    readonly double[] scalars, metrics;
    int current;

    /// <summary>Compiles a learner's step, and copies the state to start from.</summary>
    /// <param name="learner">What to train.</param>
    /// <param name="transitions">What it learns from, already normalised.</param>
    /// <param name="start">Where to go on; <see cref="Start"/> is the beginning.</param>
    /// <param name="team">Threads that share each step; null is the caller alone. The bits do not depend on it.</param>
    public Trainer(Learner learner, Transitions transitions, LearnerState start, WorkerTeam? team = null)
    {
        Check.That(start.Blocks.Length == learner.Blocks.Length, nameof(start), $"{learner.Blocks.Length} blocks", start.Blocks.Length);
        this.learner = learner;
        this.team = team ?? WorkerTeam.Single;
        (seed, Step) = (start.Seed, start.Step);
        sampling = seed.Split("sampling");
        sampler = new(transitions, learner.Batch);
        stepWithMetrics = CompiledGraph.Compile(learner.Step);
        step = CompiledGraph.Compile(learner.Step.WithoutMetrics());
        batch = new(learner.Batch);
        TensorBlock[] first = [.. start.Blocks.Select(block => block.Clone())], second = [.. learner.Blocks.Select(layout => new TensorBlock(layout))];
        inputs = [[.. first, batch], [.. second, batch]];
        outputs = [second, first];
        scalars = [seed.AsScalar(), 0, .. learner.Hyperparameters];
        Check.That(scalars.Length == learner.Step.Scalars.Length, learner.Algorithm, $"values for {string.Join(", ", learner.Step.Scalars)}", $"{scalars.Length}");
        metrics = new double[learner.Step.Metrics.Length];
    }

    /// <summary>A learner's state before its first step.</summary>
    public static LearnerState Start(Learner learner, Seed seed) => new(seed, 0, learner.Initialise(seed));

    /// <summary>Steps made, those before a resume included.</summary>
    public long Step { get; private set; }

    /// <summary>The state now. Its blocks are the trainer's own: the step after the next one overwrites them.</summary>
    public LearnerState State => new(seed, Step, [.. Blocks]);

    /// <summary>Shared block, then one block a member.</summary>
    public ReadOnlySpan<TensorBlock> Blocks => outputs[1 - current];

    /// <summary>Metrics of the last step that was asked for them, in the order of the learner's step.</summary>
    public ReadOnlySpan<double> Metrics => metrics;

    /// <summary>Makes one step.</summary>
    /// <param name="withMetrics">Whether to compute <see cref="Metrics"/>; the state gets the same bits either way.</param>
    public void Advance(bool withMetrics = false)
    {
        sampler.Fill(batch, sampling, Step);
        scalars[1] = Step;
        if (withMetrics) stepWithMetrics.Run(inputs[current], scalars, outputs[current], metrics, team);
        else step.Run(inputs[current], scalars, outputs[current], [], team);
        current = 1 - current;
        Step++;
    }

    /// <summary>Gives the memory back; the team is the caller's.</summary>
    public void Dispose()
    {
        step.Dispose();
        stepWithMetrics.Dispose();
        foreach (var block in inputs[0].Concat(outputs[0])) block.Dispose();
    }
}
