using BenchmarkDotNet.Attributes;
using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;
using Iql.Training;

namespace Iql.Bench;

/// <summary>A batch sampled out of a million rows, and the whole training step, at hopper's sizes.</summary>
public class StepBenchmarks
{
    const int Rows = 1_000_000, Observations = 11, Actions = 3;

    readonly Learner learner = ImplicitQLearning.Learner(new(), Observations, Actions);
    WorkerTeam team = null!;
    Trainer trainer = null!;
    Sampler sampler = null!;
    TensorBlock batch = null!;
    long step;

    public static IEnumerable<int> ThreadCounts => new[] { 1, Environment.ProcessorCount }.Distinct();

    [ParamsSource(nameof(ThreadCounts))]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        var random = new Random(1);
        float[] Numbers(int width) => [.. Enumerable.Range(0, Rows * width).Select(_ => random.NextSingle() * 2 - 1)];
        var transitions = new Transitions("uniform", Observations, Actions, Numbers(Observations), Numbers(Actions), Numbers(1),
            new bool[Rows], [.. Enumerable.Range(0, Rows).Select(row => row % 1000 == 999)], Numbers(Observations));
        team = new(Threads);
        trainer = new(learner, transitions, Trainer.Start(learner, new(1)), team);
        sampler = new(transitions, learner.Batch);
        batch = new(learner.Batch);
    }

    [Benchmark]
    public void Sample() => sampler.Fill(batch, new(1), step++);

    [Benchmark]
    public void Step() => trainer.Advance();

    [GlobalCleanup]
    public void Free()
    {
        trainer.Dispose();
        team.Dispose();
        batch.Dispose();
    }
}
