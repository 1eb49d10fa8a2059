using System.Collections.Immutable;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>
/// The decision transformer (Chen et al. 2021, arXiv:2106.01345), as traced functions: cloning that is told what return is still to come.
/// <code>
/// policy step    π  ← minimise mean over steps and dimensions of (π(R̂₁, s₁, a₁, …, R̂ₖ, sₖ) − aₖ)²,  R̂ₖ = rₖ + rₖ₊₁ + … of the data
/// to act         R̂₁ = the return asked for,  R̂ₖ₊₁ = R̂ₖ − rₖ
/// </code>
/// The network is block 0. A member is a return to ask for and has no numbers of its own: one training serves all of them.
/// </summary>
/// <remarks>As in kzl/decision-transformer (gym); CORL's variants are options.</remarks>
public static class DecisionTransformer
{
    static readonly StepCache<DecisionTransformerConfig> Steps = new(
        (config, observationSize, actionSize, members) =>
            Learner(config, observationSize, actionSize, [.. Enumerable.Repeat(config.TargetReturn, members)]),
        config => config.Structure);

    /// <summary>The learner of a config.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="targetReturns">The return each member asks for; none takes the config's, for one member.</param>
    public static Learner Learner(DecisionTransformerConfig config, int observationSize, int actionSize, params double[] targetReturns)
    {
        config.Validate();
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        if (targetReturns.Length == 0) targetReturns = [config.TargetReturn];
        foreach (var target in targetReturns) (config with { TargetReturn = target }).Validate();

        (string Name, Shape Shape)[] policy =
            [.. ReturnConditionedPolicy.Shapes(observationSize, actionSize, config.Layers, config.EmbeddingSize, config.MaxTimesteps)];
        ImmutableArray<Layout> blocks =
        [
            new("shared", [.. policy, .. AdamState.Moments(policy)]),
            .. Enumerable.Range(0, targetReturns.Length).Select(member => new Layout($"policy{member}", [])),
        ];
        var columns = BatchLayout.Trajectories(config.BatchSize, config.Context, observationSize, actionSize);
        Layout batch = new(columns.Name, columns.Entries.Where(entry => entry.Name != "rewards").Select(entry => (entry.Name, entry.Shape)));
        var state = blocks[0].Inputs();
        var (next, metrics) = PolicyStep(config, AdamState.In(state), batch.Inputs());
        (string Name, double Value)[] values =
        [
            ("policyLearningRate", config.PolicyLearningRate), ("warmUpSteps", config.WarmUpSteps), ("weightDecay", config.WeightDecay),
            ("maxGradientNorm", config.MaxGradientNorm), ("dropout", config.Dropout), ("returnScale", config.ReturnScale),
            .. targetReturns.Select((target, member) => ($"{member}:targetReturn", target)),
        ];
        return new("dt", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)],
                [state.With(next.Entries), .. blocks.Skip(1).Select(block => block.Inputs())], metrics),
            [.. values.Select(value => value.Value)],
            seed => Initialise(blocks, policy, seed),
            rows => Act(config, blocks, observationSize, actionSize, rows))
        {
            Batches = transitions => Source(config, transitions, batch),
        };
    }

    /// <summary>π ← minimise its squared error on the steps of the pieces: AdamW, with a warm-up and the gradient's norm held.</summary>
    /// <param name="config">Heads, activation, what the loss counts, whether there is dropout.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="batch">observations [B, K, S], actions [B, K, A], returnsToGo, timesteps and mask [B, K].</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(DecisionTransformerConfig config, AdamState policy, TensorGroup batch)
    {
        var (step, actions, mask) = (Scalar("step"), batch["actions"], batch["mask"]);
        var dropout = config.Dropout > 0 ? new Dropout(Scalar("dropout"), Scalar("seed"), step) : null;
        var chosen = ReturnConditionedPolicy.Actions(policy.Parameters, batch["returnsToGo"] / Scalar("returnScale"), batch["observations"], actions,
            batch["timesteps"], mask, config.Heads, config.Activation, dropout);
        var loss = Cloning.SequenceError(chosen, actions, mask, config.CountPadding);
        var (gradients, norm, scale) = GradientNorm.Clip(Gradient.Of(loss, policy.Parameters.Tensors), Scalar("maxGradientNorm"));
        var rate = LearningRate.WarmUp(Scalar("policyLearningRate"), step, Scalar("warmUpSteps"));
        var next = Adam.Step(policy, gradients, step, rate, Scalar("weightDecay"));
        var size = actions.Shape[-1];
        var steps = Sum(mask);
        return (next,
        [
            ("policyLoss", loss), ("actionErrorMean", size * Cloning.SequenceError(chosen, actions, mask)),
            ("actionMean", Sum(chosen * Reshape(mask, new(mask.Shape[0], mask.Shape[1], 1))) / (steps * size)),
            ("policyGradientNorm", norm), ("policyGradientScale", scale), ("policyLearningRate", rate), ("validSteps", steps),
        ]);
    }

    /// <summary>
    /// The policy in an episode: it remembers the last K − 1 observations, actions and returns to go, and what it asks for at a decision is
    /// what it asked for at the one before less the reward that this brought.
    /// </summary>
    static GraphFunction Act(DecisionTransformerConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        var context = config.Context;
        Layout seen = new("observations", [("observations", new(rows, observationSize)), ("rewards", new(rows))]);
        Layout memory = new("context",
        [
            ("observations", new(rows, context, observationSize)), ("actions", new(rows, context, actionSize)), ("returnsToGo", new(rows, context)),
        ]);
        Layout output = new("actions", [("actions", new(rows, actionSize))]);
        var (now, before, decision) = (seen.Inputs(), memory.Inputs(), Scalar("decision"));

        var asked = Reshape(Slice(before["returnsToGo"], 1, context - 1, 1), new(rows)) - now["rewards"];
        var returnsToGo = Push(before["returnsToGo"], Where(decision < 1, Scalar("targetReturn"), asked));
        var observations = Push(before["observations"], now["observations"]);
        // This decision's action is not known yet; no observation looks at its own action's token.
        var actions = Push(before["actions"], Broadcast(0, new(rows, actionSize)));
        var number = Attention.Range(context) + (decision - (context - 1));
        var timesteps = Broadcast(Reshape(Clip(number, 0, config.MaxTimesteps - 1), new(1, context)), new(rows, context));
        var mask = Broadcast(Reshape(number >= 0, new(1, context)), new(rows, context));
        var chosen = ReturnConditionedPolicy.Actions(blocks[0].Inputs(), returnsToGo / Scalar("returnScale"), observations, actions, timesteps, mask,
            config.Heads, config.Activation);
        var action = Reshape(Slice(chosen, 1, context - 1, 1), new(rows, actionSize));
        return new([blocks[0], blocks[1], seen, memory], ["decision", "targetReturn", "returnScale"],
            [new(output, [action]), new(memory, [observations, Push(before["actions"], action), returnsToGo])], []);

        // The oldest step out, the newest in at the end.
        Tensor Push(Tensor old, Tensor newest)
        {
            var last = Reshape(newest, old.Shape.With(1, 1));
            return context == 1 ? last : Concat(1, Slice(old, 1, 1, context - 1), last);
        }
    }

    /// <summary>Pieces of trajectories; refuses episodes that have steps without an embedding.</summary>
    static TrajectorySampler Source(DecisionTransformerConfig config, Transitions transitions, Layout batch)
    {
        var longest = transitions.Episodes.Max(episode => episode.Length);
        Check.That(longest <= config.MaxTimesteps, nameof(config.MaxTimesteps), $"at least {longest}, the rows of the longest episode of {transitions.Name}",
            config.MaxTimesteps, "Every step of an episode has an embedding of its own.");
        return new(transitions, batch);
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>.</param>
    /// <param name="batch">Pieces of trajectories as <see cref="TrajectorySampler"/> fills them, of the config's B and K.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(DecisionTransformerConfig config, LearnerState state, TensorBlock batch) =>
        Steps.Step(config, state, batch);

    /// <summary>The same bits as <see cref="Step"/>, into the caller's memory. Allocates nothing when called again with the same config.</summary>
    /// <param name="config">Hyperparameters, validated.</param>
    /// <param name="state">Before.</param>
    /// <param name="batch">Pieces of trajectories.</param>
    /// <param name="destination">The blocks after, none of them a block of <paramref name="state"/>: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics in the order of the learner's step; empty computes none.</param>
    /// <param name="team">Threads that share the step; the bits do not depend on it.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static void StepInto(
        DecisionTransformerConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);

    static ImmutableArray<TensorBlock> Initialise(ImmutableArray<Layout> layouts, (string Name, Shape Shape)[] policy, Seed seed)
    {
        TensorBlock[] blocks = [.. layouts.Select(layout => new TensorBlock(layout))];
        Transformer.Initialise(seed.Split("initial parameters").Split("policy"), blocks[0], policy.Select(entry => entry.Name));
        return [.. blocks];
    }
}
