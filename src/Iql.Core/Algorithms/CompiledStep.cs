using Iql.Cpu;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>A learner's steps, compiled, as functions of the state; for one thread at a time.</summary>
public sealed class CompiledStep : IDisposable
{
    readonly StepPrograms<IProgram> programs;
    readonly TensorBlock[] inputs;
    readonly double[] scalars;

    /// <summary>Compiles a program when it is first needed, with metrics and without apart.</summary>
    /// <param name="device">Where they run; null is the caller's thread.</param>
    public CompiledStep(Learner learner, IDevice? device = null)
    {
        Learner = learner;
        programs = new(learner.Programs, learner.Choose, (device ?? CpuDevice.Single).Compile);
        inputs = new TensorBlock[learner.Blocks.Length + 1];
        scalars = new double[learner.Step.Scalars.Length];
    }

    /// <summary>What is compiled. Its hyperparameters are defaults.</summary>
    public Learner Learner { get; }

    /// <summary>Whether a step may write the state where it lies.</summary>
    /// <param name="step">Steps already made.</param>
    /// <param name="metrics">Whether metrics are computed.</param>
    public bool RunsInPlace(long step, bool metrics) => programs.At(step, metrics).RunsInPlace;

    /// <summary>The next state, in fresh memory, and the metrics by name.</summary>
    /// <param name="state">Before; left as it is.</param>
    /// <param name="batch">A minibatch in the learner's layout.</param>
    /// <param name="hyperparameters">Scalars of the step after seed and step; empty: the learner's.</param>
    public (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(
        LearnerState state, TensorBlock batch, ReadOnlySpan<double> hyperparameters = default)
    {
        TensorBlock[] next = [.. Learner.Blocks.Select(layout => new TensorBlock(layout))];
        var names = Learner.StepAt(state.Step).Metrics;
        var metrics = new double[names.Length];
        StepInto(state, batch, next, metrics, hyperparameters);
        var named = names.Zip(metrics).ToDictionary(pair => pair.First.Name, pair => pair.Second);
        return (new(state.Seed, state.Step + 1, [.. next]), named);
    }

    /// <summary>The bits of <see cref="Step"/>, in the caller's memory; allocates nothing once compiled.</summary>
    /// <param name="destination">The blocks after: none of the state's, or where it <see cref="RunsInPlace"/>
    /// all.</param>
    /// <param name="metrics">Room for the metrics of the step's program; empty computes none.</param>
    public void StepInto(
        LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination, Span<double> metrics = default,
        ReadOnlySpan<double> hyperparameters = default)
    {
        var count = Learner.Blocks.Length;
        Check.That(state.Blocks.Length == count, nameof(state), $"{count} blocks", state.Blocks.Length);
        if (hyperparameters.IsEmpty) hyperparameters = Learner.Hyperparameters.AsSpan();
        Check.That(hyperparameters.Length == scalars.Length - 2, nameof(hyperparameters),
            $"{scalars.Length - 2} numbers", hyperparameters.Length);
        state.Blocks.CopyTo(inputs);
        inputs[^1] = batch;
        (scalars[0], scalars[1]) = (state.Seed.AsScalar(), state.Step);
        hyperparameters.CopyTo(scalars.AsSpan(2));
        programs.At(state.Step, !metrics.IsEmpty).Run(inputs, scalars, destination, metrics);
    }

    public void Dispose() => programs.Dispose();
}
