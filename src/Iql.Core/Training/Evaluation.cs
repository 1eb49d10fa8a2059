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
/// In a run that goes on online each has seeds of its own.
/// Episode e is row e of the graph's blocks; a policy's memory is 0 at the start.</summary>
public sealed class Evaluation : IRolloutPolicy
{
    readonly IEnvironment environment;
    readonly Normalization normalization;
    readonly ReferenceScore? reference;
    readonly Seed seed;
    readonly int episodes;
    readonly Learner learner;
    readonly IDevice device;
    readonly IProgram act;
    readonly TensorBlock observations, actions;
    readonly TensorBlock? remembered, next;
    (TensorBlock Shared, TensorBlock Member)? policy;

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
        Check.AtLeast(episodes, 1, nameof(episodes));
        var function = learner.Act(episodes);
        observations = new(function.Inputs[2]);
        actions = new(function.Outputs[0].Layout);
        Columns(observations, "observations", environment.ObservationSize, environment.Name);
        Columns(actions, "actions", environment.ActionSize, environment.Name);
        var context = function.Inputs.Length > 3 ? function.Inputs[3] : null;
        if (context is not null) (remembered, next) = (new(context), new(context));
        Check.That(function.Outputs.Length == (context is null ? 1 : 2), learner.Algorithm,
            "one block of memory in and out, or none", $"{function.Outputs.Length} blocks out");
        this.device = device ?? CpuDevice.Single;
        act = this.device.Compile(function);
        (this.learner, this.environment, this.normalization, this.episodes) =
            (learner, environment, normalization, episodes);
        seed = root.Split("evaluation");
        this.reference = reference ?? ReferenceScores.Find(environment.Name);
    }

    /// <summary>Evaluates one policy: the same numbers give the same episodes.</summary>
    /// <param name="trajectories">Whether to keep the observations.</param>
    /// <param name="member">Whose hyperparameters the policy gets.</param>
    /// <param name="number">Another number, other starts; null is the starts of every evaluation without.</param>
    public EvaluationResult Run(
        TensorBlock shared, TensorBlock block, bool trajectories = false, int member = 0, ulong? number = null)
    {
        var starts = number is { } own ? seed.Split(own) : seed;
        var policy = Begin(starts, shared, block, member);
        return new(Rollout.RunEpisodes(environment, episodes, starts, policy, trajectories, device.Workers), reference);
    }

    public int Episodes => episodes;

    /// <summary>Sets the policy of <see cref="Begin(Seed)"/>.</summary>
    /// <param name="state">A state with one member.</param>
    public Evaluation Of(LearnerState state)
    {
        policy = (state.Blocks[0], state.Blocks[1]);
        return this;
    }

    public PolicyEpisodes Begin(Seed seed)
    {
        Check.That(policy is not null, nameof(policy), "a policy", "none", "Set it by Of.");
        return Begin(seed, policy.Value.Shared, policy.Value.Member, 0);
    }

    PolicyEpisodes Begin(Seed seed, TensorBlock shared, TensorBlock block, int member)
    {
        var (input, output) = (observations.Layout["observations"], actions.Layout["actions"]);
        // The reward of the decision before, where the policy takes it.
        Layout.Entry? reward = observations.Layout.Contains("rewards") ? observations.Layout["rewards"] : null;
        var decision = act.Function.Scalars.IndexOf("decision");
        var scalars = learner.Scalars(act.Function, seed, member);
        remembered?.Storage.Clear();
        var first = true;
        TensorBlock[] before =
            remembered is null ? [shared, block, observations] : [shared, block, observations, remembered];
        TensorBlock[] after = next is null ? [actions] : [actions, next];
        return Policy;

        void Policy(
            ReadOnlySpan<int> running, ReadOnlySpan<float> rows, ReadOnlySpan<float> rewards, Span<float> chosen)
        {
            // Rows of episodes that are over keep old numbers, which nothing reads.
            for (var i = 0; i < running.Length; i++)
            {
                var normalised = Row(observations, input, running[i]);
                rows.Slice(i * normalised.Length, normalised.Length).CopyTo(normalised);
                normalization.Apply(normalised);
                if (reward is { } entry)
                    Row(observations, entry, running[i])[0] = first ? 0 : normalization.Reward(rewards[i]);
            }
            act.Run(before, scalars, after, []);
            for (var i = 0; i < running.Length; i++)
            {
                var action = Row(actions, output, running[i]);
                action.CopyTo(chosen[(i * action.Length)..]);
            }
            first = false;
            if (decision >= 0) scalars[decision]++;
            if (remembered is not null) (before[3], after[1]) = (after[1], before[3]);
        }
    }

    /// <summary>One row of [E, S]; a layout takes axes of extent 1 for none, so [E, 1] is one row of E.</summary>
    Span<float> Row(TensorBlock block, Layout.Entry entry, int row)
    {
        var size = entry.Shape.Count / episodes;
        return entry.Columns == size ? block.Row(entry, row) : block.Row(entry, 0).Slice(row * size, size);
    }

    static void Columns(TensorBlock block, string name, int expected, string environment)
    {
        var shape = block.Layout[name].Shape;
        Check.That(shape[-1] == expected, name, $"{expected} a row, as in {environment}",
            shape[-1], "The learner was made for another environment.");
    }

    public void Dispose()
    {
        act.Dispose();
        observations.Dispose();
        actions.Dispose();
        remembered?.Dispose();
        next?.Dispose();
    }
}
