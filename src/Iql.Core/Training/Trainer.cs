using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>
/// A learner's steps, made one after the other where the state lies (or, where a step cannot, into two sets of blocks that
/// alternate). Row i of the batch of step t depends on seed, t and i alone, so a trainer started from a saved state makes the same steps to the bit. A step allocates nothing.
/// </summary>
public sealed class Trainer : IDisposable
{
    readonly IBatchSource batches;
    readonly Seed seed, sampling;
    readonly WorkerTeam team;
    readonly CompiledStep compiled;
    readonly TensorBlock drawn; // a minibatch before others see it
    readonly TensorBlock[] batch; // one is filled while workers are still at the other
    readonly double[] metrics;
    readonly Action<int> fill;
    GraphFunction measured;
    TensorBlock[] now, next = [];

    /// <summary>Compiles a learner's step, and copies the state to start from.</summary>
    /// <param name="learner">What to train.</param>
    /// <param name="transitions">What it learns from, already normalised.</param>
    /// <param name="start">Where to go on; <see cref="Start"/> is the beginning.</param>
    /// <param name="team">Threads that share each step; null is the caller alone. The bits do not depend on it.</param>
    public Trainer(Learner learner, IDataset transitions, LearnerState start, WorkerTeam? team = null)
        : this(learner, learner.Source(transitions), start, team) { }

    /// <summary>The same, from a source of minibatches.</summary>
    /// <param name="learner">What to train.</param>
    /// <param name="batches">What it learns from: the learner's <see cref="Learner.Source"/>.</param>
    /// <param name="start">Where to go on; <see cref="Start"/> is the beginning.</param>
    /// <param name="team">Threads that share each step; null is the caller alone. The bits do not depend on it.</param>
    public Trainer(Learner learner, IBatchSource batches, LearnerState start, WorkerTeam? team = null)
    {
        Check.That(start.Blocks.Length == learner.Blocks.Length, nameof(start), $"{learner.Blocks.Length} blocks", start.Blocks.Length);
        this.team = team ?? WorkerTeam.Single;
        (seed, Step) = (start.Seed, start.Step);
        sampling = seed.Split("sampling");
        this.batches = batches;
        compiled = new(learner, this.team.Count);
        drawn = new(learner.Batch);
        batch = [new(learner.Batch), new(learner.Batch)];
        now = [.. start.Blocks.Select(block => block.Clone())];
        metrics = new double[learner.Programs.Max(program => program.Metrics.Length)];
        measured = learner.Step;
        fill = Fill;
    }

    /// <summary>A learner's state before its first step.</summary>
    public static LearnerState Start(Learner learner, Seed seed) => new(seed, 0, learner.Initialise(seed));

    /// <summary>Steps made, those before a resume included.</summary>
    public long Step { get; private set; }

    /// <summary>The state now. Its blocks are the trainer's own: the next step may overwrite them.</summary>
    public LearnerState State => new(seed, Step, [.. Blocks]);

    /// <summary>Shared block, then one block a member.</summary>
    public ReadOnlySpan<TensorBlock> Blocks
    {
        get
        {
            Finish();
            return now;
        }
    }

    /// <summary>Metrics of the last step that was asked for them, in the order of <see cref="Measured"/>.</summary>
    public ReadOnlySpan<double> Metrics => metrics.AsSpan(0, measured.Metrics.Length);

    /// <summary>The program that made the last step that was asked for metrics; it names them.</summary>
    public GraphFunction Measured => measured;

    /// <summary>
    /// Makes one step. Where workers have networks of their own, some may still be at it when this returns, and the next step begins beside
    /// it; <see cref="Finish"/> waits for them.
    /// </summary>
    /// <param name="withMetrics">Whether to compute <see cref="Metrics"/>; the state gets the same bits either way.</param>
    public void Advance(bool withMetrics = false)
    {
        var program = compiled.Program(Step, withMetrics);
        if (withMetrics) measured = compiled.Learner.StepAt(Step);
        program.Follow(team);
        if (program.Overlaps && !withMetrics)
        {
            batches.Fill(drawn, sampling, Step);
            drawn.StreamTo(Batch);
            compiled.Start(seed, Step, now, Batch);
        }
        else
        {
            team.Run(fill);
            var destination = compiled.RunsInPlace(Step, withMetrics) ? now : Spare();
            compiled.Run(seed, Step, now, Batch, destination, withMetrics ? metrics : [], [], team);
            if (destination != now) (now, next) = (next, now);
        }
        Step++;
    }

    /// <summary>Waits until all steps are made.</summary>
    public void Finish() => team.Finish();

    TensorBlock Batch => batch[Step % 2];

    // Each worker draws its share of the rows, most of which it is going to work on.
    void Fill(int worker) => batches.Fill(Batch, sampling, Step, Share(worker), Share(worker + 1));

    int Share(int worker) => (int)((long)batches.BatchSize * worker / team.Count);

    TensorBlock[] Spare() => next.Length > 0 ? next : next = [.. compiled.Learner.Blocks.Select(layout => new TensorBlock(layout))];

    /// <summary>Gives the memory back; the team is the caller's.</summary>
    public void Dispose()
    {
        team.Finish();
        compiled.Dispose();
        foreach (var block in batch.Concat(now).Concat(next).Append(drawn)) block.Dispose();
    }
}
