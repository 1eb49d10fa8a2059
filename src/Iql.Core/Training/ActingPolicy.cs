using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Environments;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>A learner's policy in E episodes at once, by <see cref="Learner.Act"/>: observations and rewards in as the
/// environment gives them, actions out as it takes them. Episode e is row e of the graph's blocks; a policy's memory is
/// 0 at the start. Not thread-safe.</summary>
public sealed class ActingPolicy : IRolloutPolicy
{
    readonly Learner learner;
    readonly Normalization normalization;
    readonly int episodes;
    readonly IProgram act;
    readonly TensorBlock observations, actions;
    readonly TensorBlock? remembered, next;
    (TensorBlock Shared, TensorBlock Member)? policy;

    /// <summary>Compiles how the learner's policy acts.</summary>
    /// <param name="normalization">That of training; the policy's observations and rewards get it too.</param>
    /// <param name="episodes">E, at least 1.</param>
    /// <param name="device">Null is the caller's thread.</param>
    public ActingPolicy(Learner learner, Normalization normalization, int episodes, IDevice? device = null)
    {
        Check.AtLeast(episodes, 1, nameof(episodes));
        (this.learner, this.normalization, this.episodes) = (learner, normalization, episodes);
        var function = learner.Act(episodes);
        observations = new(function.Inputs[2]);
        actions = new(function.Outputs[0].Layout);
        var context = function.Inputs.Length > 3 ? function.Inputs[3] : null;
        if (context is not null) (remembered, next) = (new(context), new(context));
        Check.That(function.Outputs.Length == (context is null ? 1 : 2), learner.Algorithm,
            "one block of memory in and out, or none", $"{function.Outputs.Length} blocks out");
        act = (device ?? CpuDevice.Single).Compile(function);
    }

    public int Episodes => episodes;
    /// <summary>S.</summary>
    public int ObservationSize => observations.Layout["observations"].Shape[-1];
    /// <summary>A.</summary>
    public int ActionSize => actions.Layout["actions"].Shape[-1];
    /// <summary>Whether a decision depends on those before it.</summary>
    public bool Remembers => remembered is not null;

    /// <summary>Sets the policy of <see cref="Begin(Seed)"/>.</summary>
    /// <param name="state">A state with one member.</param>
    public ActingPolicy Of(LearnerState state)
    {
        policy = (state.Blocks[0], state.Blocks[1]);
        return this;
    }

    public PolicyEpisodes Begin(Seed seed)
    {
        Check.That(policy is not null, nameof(policy), "a policy", "none", "Set it by Of.");
        return Begin(seed, policy.Value.Shared, policy.Value.Member, 0);
    }

    /// <summary>Starts anew with a policy's numbers.</summary>
    /// <param name="member">Whose hyperparameters the policy gets.</param>
    internal PolicyEpisodes Begin(Seed seed, TensorBlock shared, TensorBlock block, int member)
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
                var own = chosen.Slice(i * action.Length, action.Length);
                action.CopyTo(own);
                normalization.UndoActions(own);
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

    public void Dispose()
    {
        act.Dispose();
        observations.Dispose();
        actions.Dispose();
        remembered?.Dispose();
        next?.Dispose();
    }
}
