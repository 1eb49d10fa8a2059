using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Environments;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training.Online;

/// <summary>Acts in one environment, decision after decision, and writes a row for each. Evaluation never touches its
/// episode. Dropout is never active: the graphs that act have none.</summary>
sealed class Actor : IDisposable
{
    readonly IEnvironment environment;
    readonly Learner learner;
    readonly Normalization normalization;
    readonly FineTuning how;
    readonly ReplayBuffer buffer;
    readonly Seed starts, draws, noise;
    readonly bool storesRaw;
    readonly IProgram act;
    readonly TensorBlock observations, actions;
    readonly TensorBlock[] before, after;
    readonly double[] scalars, state;
    readonly float[] observation, next, normalised, taken, stored;
    readonly int seedAt, decisionAt;
    long episode;
    int decisions, rewarded;
    double sum;

    /// <param name="normalization">The run's. Observations are normalised by the data's statistics for ever.</param>
    /// <param name="dataset">Whose rows the buffer's have the form of.</param>
    /// <param name="root">The run's seed.</param>
    /// <param name="start">Where to go on; null starts the first episode.</param>
    internal Actor(Learner learner, IEnvironment environment, Normalization normalization, IDataset dataset,
        FineTuning how, ReplayBuffer buffer, Seed root, ActingState? start)
    {
        (this.learner, this.environment, this.normalization) = (learner, environment, normalization);
        (this.how, this.buffer) = (how, buffer);
        // Rows of a file are normalised when they are drawn, those in memory already are.
        storesRaw = !ReferenceEquals(dataset.Pending, Normalization.None);
        var seed = root.Split("acting");
        (starts, draws, noise) = (seed.Split("episodes"), seed.Split("policy"), seed.Split("noise"));
        var function = how.Acting == ActingChoice.Sampled ? learner.Explore!(1) : learner.Act(1);
        act = CpuDevice.Single.Compile(function);
        HashSet<string> read =
            [.. Order.Of(function.Results).Where(node => node.Op == Op.Input).Select(node => node.Name)];
        Reads = [.. function.Inputs.Take(2).Select(block =>
            block.Entries.Where(entry => read.Contains($"{block.Name}/{entry.Name}")).ToImmutableArray())];
        (observations, actions) = (new(function.Inputs[2]), new(function.Outputs[0].Layout));
        (before, after) = (new TensorBlock[3], [actions]);
        before[2] = observations;
        scalars = learner.Scalars(function, draws, member: 0);
        (seedAt, decisionAt) = (function.Scalars.IndexOf("seed"), function.Scalars.IndexOf("decision"));
        state = new double[environment.StateSize];
        (observation, next, normalised) = (Room(), Room(), Room());
        (taken, stored) = (new float[environment.ActionSize], new float[environment.ActionSize]);
        if (start is null) Begin();
        else
        {
            (episode, decisions, sum, rewarded) = (start.Episode, start.Decisions, start.Return, start.Rewarded);
            MemoryMarshal.Cast<byte, double>(start.State).CopyTo(state);
            MemoryMarshal.Cast<byte, float>(start.Observation).CopyTo(observation);
        }

        float[] Room() => new float[environment.ObservationSize];
    }

    /// <summary>The parameters that deciding reads, of the shared block and of the policy's.</summary>
    internal ImmutableArray<ImmutableArray<Layout.Entry>> Reads { get; }

    /// <summary>Where acting stands.</summary>
    internal ActingState State => new(buffer.FirstAdded, buffer.Written, episode, decisions, sum, rewarded,
        [.. MemoryMarshal.AsBytes(state.AsSpan())], [.. MemoryMarshal.AsBytes(observation.AsSpan())]);

    /// <summary>Whether the next decision is the first of an episode.</summary>
    internal bool IsAtStart => decisions == 0;

    /// <summary>Makes one decision and writes its row.</summary>
    /// <returns>The episode that it ended, or null.</returns>
    internal ActedEpisode? Decide(TensorBlock shared, TensorBlock policy)
    {
        var input = observations.Row(observations.Layout["observations"], 0);
        observation.CopyTo(input);
        normalization.Apply(input);
        if (buffer.Written < how.RandomSteps) ChooseAtRandom();
        else Choose(shared, policy);
        normalization.UndoActions(taken);

        var (reward, terminal, truncated) = environment.Step(state, taken, next);
        decisions++;
        sum += reward;
        if (reward > environment.Success.Reward) rewarded++;
        // A terminal at the very last decision is a terminal: only what goes on is cut.
        var timeout = !terminal && (truncated || decisions >= environment.TimeLimit);
        Store(input, reward, terminal, timeout);
        if (!terminal && !timeout)
        {
            next.CopyTo(observation.AsSpan());
            return null;
        }
        Close(terminal);
        ActedEpisode ended = new(sum, decisions, terminal, rewarded > environment.Success.Decisions, buffer.Written);
        episode++;
        Begin();
        return ended;
    }

    /// <summary>Says that no decision follows: the running episode is one that was cut, as the data's last.</summary>
    internal void Cut()
    {
        if (!IsAtStart) Close(terminal: false);
    }

    void Close(bool terminal)
    {
        if (how.Calibration == OnlineCalibration.Kept) buffer.CloseEpisode(decisions, terminal);
    }

    void Begin()
    {
        (decisions, sum, rewarded) = (0, 0, 0);
        environment.Reset(starts.Split((ulong)episode), state, observation);
    }

    void Choose(TensorBlock shared, TensorBlock policy)
    {
        (before[0], before[1]) = (shared, policy);
        if (seedAt >= 0) scalars[seedAt] = draws.Split((ulong)episode).AsScalar();
        if (decisionAt >= 0) scalars[decisionAt] = decisions;
        act.Run(before, scalars, after, []);
        actions.Row(actions.Layout["actions"], 0).CopyTo(taken);
        if (environment.ActionSpace.IsDiscrete)
        {
            // Two equal largest numbers are one choice.
            ActionSpace.Write(ActionSpace.Choice(taken), taken);
            return;
        }
        for (var i = 0; i < taken.Length; i++)
        {
            var (added, most) = (how.ActingNoise * noise.Normal(Number(i)), how.ActingNoiseClip ?? double.MaxValue);
            if (how.ActingNoise > 0) taken[i] += (float)Math.Clamp(added, -most, most);
            taken[i] = Math.Clamp(taken[i], -1, 1);
        }
    }

    void ChooseAtRandom()
    {
        if (environment.ActionSpace.IsDiscrete) ActionSpace.Write(noise.Below(Number(0), taken.Length), taken);
        else for (var i = 0; i < taken.Length; i++) taken[i] = (float)noise.Uniform(Number(i), 1);
    }

    /// <summary>Number of a draw: every decision has its own.</summary>
    ulong Number(int i) => (ulong)buffer.Written * (ulong)taken.Length + (ulong)i;

    void Store(ReadOnlySpan<float> input, float reward, bool terminal, bool timeout)
    {
        if (storesRaw)
        {
            buffer.Write(observation, taken, reward, terminal, timeout, next);
            return;
        }
        next.CopyTo(normalised.AsSpan());
        normalization.Apply(normalised);
        taken.CopyTo(stored.AsSpan());
        normalization.ApplyToActions(stored);
        buffer.Write(input, stored, normalization.Reward(reward), terminal, timeout, normalised);
    }

    public void Dispose()
    {
        act.Dispose();
        observations.Dispose();
        actions.Dispose();
    }
}
