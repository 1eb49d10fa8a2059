using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>A learner's steps, one after the other, on a device. Row i of the batch of step t depends on seed, t and i
/// alone, so a trainer started from a saved state makes the same steps to the bit. A step allocates nothing.</summary>
public sealed class Trainer : IDisposable
{
    readonly IDeviceRun run;

    /// <summary>Starts a run on a device.</summary>
    /// <param name="transitions">What it learns from, already normalised.</param>
    /// <param name="start">Where to go on; it is copied. <see cref="Start"/> is the beginning.</param>
    /// <param name="device">Null is the caller's thread. The bits do not depend on a processor's threads.</param>
    public Trainer(Learner learner, IDataset transitions, LearnerState start, IDevice? device = null)
        : this(learner, learner.Source(transitions), start, device) { }

    /// <summary>The same, from the learner's <see cref="Learner.Source"/> of minibatches.</summary>
    public Trainer(Learner learner, IBatchSource batches, LearnerState start, IDevice? device = null)
    {
        Step = start.Step;
        run = (device ?? CpuDevice.Single).Start([learner.Run(batches, start)]);
    }

    /// <summary>A learner's state before its first step.</summary>
    public static LearnerState Start(Learner learner, Seed seed) => new(seed, 0, learner.Initialise(seed));
    /// <summary>Steps made, those before a resume included.</summary>
    public long Step { get; private set; }
    /// <summary>The state now. Its blocks are the device's own: the next step may overwrite them.</summary>
    public LearnerState State => run.State(0);
    /// <summary>Shared block, then one block a member.</summary>
    public ReadOnlySpan<TensorBlock> Blocks => run.Blocks(0);
    /// <summary>Metrics of the last step that computed them, in the order of its program.</summary>
    public IReadOnlyList<(string Name, double Value)> Metrics => run.Metrics(0);

    /// <summary>Starts one step; <see cref="Finish"/> waits for its end.</summary>
    /// <param name="withMetrics">Whether to compute <see cref="Metrics"/>; the state's bits are the same.</param>
    public void Advance(bool withMetrics = false)
    {
        run.Advance(withMetrics);
        Step++;
    }

    /// <summary>Waits until all steps are made.</summary>
    public void Finish() => run.Finish();

    public void Dispose() => run.Dispose();
}
