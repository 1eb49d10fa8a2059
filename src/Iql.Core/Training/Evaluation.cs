using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Environments;
using Iql.Environments.Tasks;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>How a policy did.</summary>
/// <param name="Episodes">One result an episode.</param>
/// <param name="Reference">The task's scale, or null when it has none.</param>
public sealed record EvaluationResult(ImmutableArray<EpisodeResult> Episodes, ReferenceScore? Reference)
{
    /// <summary>Mean over episodes of the undiscounted sum of raw rewards.</summary>
    public double ReturnMean => Episodes.Average(episode => episode.Return);

    /// <summary>Standard deviation of the returns over episodes (divided by their number).</summary>
    public double ReturnStd =>
        Math.Sqrt(Episodes.Average(episode => (episode.Return - ReturnMean) * (episode.Return - ReturnMean)));

    /// <summary>Normalised score of the mean return (0 random, 100 expert), or null.</summary>
    public double? ScoreMean => Reference?.Normalised(ReturnMean);
    /// <summary>Share of episodes in which any reward was above 0: in sparse tasks, the goal was reached.</summary>
    public double SuccessRate => Episodes.Average(episode => episode.Success ? 1.0 : 0.0);
}

/// <summary>Lets a policy act in several episodes at once, by <see cref="Learner.Act"/>. Every evaluation of a run
/// starts its episodes from the same seeds: evaluations differ by the policy alone, and their errors are correlated.
/// In a run that goes on online each has seeds of its own.</summary>
public sealed class Evaluation : IDisposable
{
    readonly IEnvironment environment;
    readonly ReferenceScore? reference;
    readonly Seed seed;
    readonly IDevice device;
    readonly ActingPolicy policy;

    /// <summary>Compiles how the learner's policy acts.</summary>
    /// <param name="environment">Where; it holds no state, so it can be the one that training data comes from.</param>
    /// <param name="normalization">That of training; the policy's observations and rewards get it too.</param>
    /// <param name="episodes">E, at least 1.</param>
    /// <param name="root">The run's seed; episode e starts from number e of its part "evaluation".</param>
    /// <param name="reference">The task's scale; null takes that of the environment's name.</param>
    /// <param name="device">Null is the caller's thread. Its threads share the steps of slow environments.</param>
    public Evaluation(
        Learner learner, IEnvironment environment, Normalization normalization, int episodes, Seed root,
        ReferenceScore? reference = null, IDevice? device = null)
    {
        this.device = device ?? CpuDevice.Single;
        policy = new(learner, normalization, episodes, this.device);
        Fits("observations", environment.ObservationSize, policy.ObservationSize);
        Fits("actions", environment.ActionSize, policy.ActionSize);
        this.environment = environment;
        seed = root.Split("evaluation");
        this.reference = reference ?? ReferenceScores.Find(environment.Name);

        void Fits(string name, int expected, int actual) => Check.That(actual == expected, name,
            $"{expected} a row, as in {environment.Name}", actual, "The learner was made for another environment.");
    }

    /// <summary>Evaluates one policy: the same numbers give the same episodes.</summary>
    /// <param name="trajectories">Whether to keep the observations.</param>
    /// <param name="member">Whose hyperparameters the policy gets.</param>
    /// <param name="number">Another number, other starts; null is the starts of every evaluation without.</param>
    public EvaluationResult Run(
        TensorBlock shared, TensorBlock block, bool trajectories = false, int member = 0, ulong? number = null)
    {
        var starts = number is { } own ? seed.Split(own) : seed;
        var act = policy.Begin(starts, shared, block, member);
        return new(Rollout.RunEpisodes(environment, policy.Episodes, starts, act, trajectories, device.Workers),
            reference);
    }

    public void Dispose() => policy.Dispose();
}
