using System.Collections.Immutable;
using Iql.Cpu;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>A learner's steps, compiled, as functions of the state. Holds scratch memory: not for two threads at a time.</summary>
public sealed class CompiledStep : IDisposable
{
    readonly ImmutableArray<Lazy<CompiledGraph>> withMetrics, bare;
    readonly TensorBlock[] inputs;
    readonly double[] scalars;

    /// <summary>Compiles a program when it is first needed, with metrics and without apart.</summary>
    /// <param name="learner">Whose steps.</param>
    /// <param name="workers">The size of the teams that are going to share them; for other sizes they are compiled once more.</param>
    public CompiledStep(Learner learner, int workers = 1)
    {
        Learner = learner;
        foreach (var program in learner.Programs)
            Check.That(program.Scalars.SequenceEqual(learner.Step.Scalars), nameof(learner), $"programs of the scalars {string.Join(", ", learner.Step.Scalars)}", string.Join(", ", program.Scalars));
        withMetrics = [.. learner.Programs.Select(program => new Lazy<CompiledGraph>(() => CompiledGraph.Compile(program, workers: workers)))];
        bare = [.. learner.Programs.Select(program => new Lazy<CompiledGraph>(() => CompiledGraph.Compile(program.WithoutMetrics(), workers: workers)))];
        inputs = new TensorBlock[learner.Blocks.Length + 1];
        scalars = new double[learner.Step.Scalars.Length];
    }

    /// <summary>What is compiled. Its hyperparameters are only the default of the ones handed over.</summary>
    public Learner Learner { get; }

    /// <summary>Whether a step may write the state where it lies.</summary>
    /// <param name="step">Steps already made: they say which program runs.</param>
    /// <param name="metrics">Whether the program reports.</param>
    public bool RunsInPlace(long step, bool metrics) => Program(step, metrics).RunsInPlace;

    /// <summary>The program of a step as it is run.</summary>
    internal CompiledGraph Program(long step, bool metrics) => (metrics ? withMetrics : bare)[Learner.Choose(step)].Value;

    /// <summary>The next state, in fresh memory, and the metrics by name.</summary>
    /// <param name="state">Before; left as it is.</param>
    /// <param name="batch">A minibatch in the learner's layout.</param>
    /// <param name="hyperparameters">Values of the step's scalars after seed and step; empty takes the learner's.</param>
    public (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(LearnerState state, TensorBlock batch, ReadOnlySpan<double> hyperparameters = default)
    {
        TensorBlock[] next = [.. Learner.Blocks.Select(layout => new TensorBlock(layout))];
        var names = Learner.StepAt(state.Step).Metrics;
        var metrics = new double[names.Length];
        StepInto(state, batch, next, metrics, hyperparameters);
        return (new(state.Seed, state.Step + 1, [.. next]), names.Zip(metrics).ToDictionary(pair => pair.First.Name, pair => pair.Second));
    }

    /// <summary>The same bits as <see cref="Step"/>, into the caller's memory; allocates nothing once compiled.</summary>
    /// <param name="state">Before; left as it is.</param>
    /// <param name="batch">A minibatch in the learner's layout.</param>
    /// <param name="destination">The blocks after: none of them a block of <paramref name="state"/>, or where the step <see cref="RunsInPlace"/> all of them.</param>
    /// <param name="metrics">Room for the metrics, in the order of the learner's program for this step; empty computes none.</param>
    /// <param name="hyperparameters">Values of the step's scalars after seed and step; empty takes the learner's.</param>
    /// <param name="team">Threads that share the step; the bits do not depend on it.</param>
    public void StepInto(
        LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination, Span<double> metrics = default,
        ReadOnlySpan<double> hyperparameters = default, WorkerTeam? team = null)
    {
        Run(state.Seed, state.Step, state.Blocks.AsSpan(), batch, destination, metrics, hyperparameters, team);
    }

    /// <summary>The same for a state in pieces, for a loop that keeps them apart.</summary>
    internal void Run(
        Seed seed, long step, ReadOnlySpan<TensorBlock> blocks, TensorBlock batch, ReadOnlySpan<TensorBlock> destination, Span<double> metrics,
        ReadOnlySpan<double> hyperparameters, WorkerTeam? team)
    {
        Bind(seed, step, blocks, batch, hyperparameters);
        Program(step, !metrics.IsEmpty).Run(inputs, scalars, destination, metrics, team);
    }

    /// <summary>A step in place that ends when the team has finished, after <see cref="CompiledGraph.Follow"/> of the program.</summary>
    internal void Start(Seed seed, long step, ReadOnlySpan<TensorBlock> blocks, TensorBlock batch)
    {
        Bind(seed, step, blocks, batch, []);
        Program(step, metrics: false).Start(inputs, scalars, blocks);
    }

    void Bind(Seed seed, long step, ReadOnlySpan<TensorBlock> blocks, TensorBlock batch, ReadOnlySpan<double> hyperparameters)
    {
        Check.That(blocks.Length == Learner.Blocks.Length, nameof(blocks), $"{Learner.Blocks.Length} blocks", blocks.Length);
        if (hyperparameters.IsEmpty) hyperparameters = Learner.Hyperparameters.AsSpan();
        Check.That(hyperparameters.Length == scalars.Length - 2, nameof(hyperparameters), $"{scalars.Length - 2} numbers", hyperparameters.Length);
        blocks.CopyTo(inputs);
        inputs[^1] = batch;
        scalars[0] = seed.AsScalar();
        scalars[1] = step;
        hyperparameters.CopyTo(scalars.AsSpan(2));
    }

    /// <summary>Gives the programs' memory back.</summary>
    public void Dispose()
    {
        foreach (var program in withMetrics.Concat(bare))
            if (program.IsValueCreated) program.Value.Dispose();
    }
}
