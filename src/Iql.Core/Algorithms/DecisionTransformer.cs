using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Config = Iql.Algorithms.DecisionTransformerConfig;

namespace Iql.Algorithms;

/// <summary>
/// The decision transformer (Chen et al. 2021, arXiv:2106.01345), as traced functions: cloning of actions given
/// the return still to come.
/// <code>
/// policy step    π  ← minimise mean over steps and dimensions of (π(R̂₁, s₁, a₁, …, R̂ₖ, sₖ) − aₖ)²
///                     R̂ₖ = rₖ + rₖ₊₁ + … of the data
/// to act         R̂₁ = the return asked for,  R̂ₖ₊₁ = R̂ₖ − rₖ
/// </code>
/// The network is block 0. A member is a return to ask for and has no numbers of its own: one training serves all of
/// them.
/// </summary>
/// <remarks>As in kzl/decision-transformer (gym); CORL's variants are options.</remarks>
public static class DecisionTransformer
{
    /// <summary>The learner of configs, a return to ask for each: they differ in nothing else.</summary>
    public static Learner Learner(IReadOnlyList<Config> members, int observationSize, int actionSize)
    {
        members.Validate(observationSize, actionSize);
        var config = members[0];
        (string Name, Shape Shape)[] policy = [.. ReturnConditionedPolicy.Shapes(
            observationSize, actionSize, config.HiddenSizes.Count, config.EmbeddingSize, config.MaxTimesteps)];
        var blocks = Learners.Layouts(policy, [], [], [], members.Count);
        var columns = BatchLayout.Trajectories(config.BatchSize, config.Context, observationSize, actionSize);
        Layout batch = new(columns.Name,
            columns.Entries.Where(entry => entry.Name != "rewards").Select(entry => (entry.Name, entry.Shape)));
        return Learners.Of("dt", members, blocks, batch, Shared, (_, _) => { },
            rows => Act(config, blocks, observationSize, actionSize, rows),
            (shared, policies, pieces) =>
            {
                var (next, metrics) = PolicyStep(config, AdamState.In(shared), pieces);
                return new(shared.With(next.Entries), policies.Select(each => (each, Metrics.Empty)), metrics);
            }) with
        {
            Batches = transitions => Source(config, transitions, batch),
            OfflineOnly = "learns from pieces of trajectories",
        };

        void Shared(Seed seed, TensorBlock shared) =>
            Transformer.Initialise(seed.Split("policy"), shared, policy.Select(entry => entry.Name));
    }

    /// <summary>π ← minimise its squared error on pieces: AdamW, with a warm-up and a clipped gradient.</summary>
    static (AdamState Policy, Metrics Metrics) PolicyStep(Config config, AdamState policy, TensorGroup batch)
    {
        var (step, actions, mask) = (Scalar("step"), batch["actions"], batch["mask"]);
        var dropout = config.Dropout > 0 ? new Dropout(Scalar(config.Dropout), Scalar("seed"), step) : null;
        var chosen = ReturnConditionedPolicy.Actions(
            policy.Parameters, batch["returnsToGo"] / Scalar(config.ReturnScale), batch["observations"], actions,
            batch["timesteps"], mask, config.Heads, config.Activation, dropout);
        var loss = Cloning.SequenceError(chosen, actions, mask, config.CountPadding);
        var (gradients, norm, scale) =
            GradientNorm.Clip(Gradient.Of(loss, policy.Parameters.Tensors), Scalar(config.MaxGradientNorm));
        var rate = LearningRate.WarmUp(Scalar(config.PolicyLearningRate), step, Scalar(config.WarmUpSteps));
        var next = Adam.Step(policy, gradients, step, rate, Scalar(config.WeightDecay));
        var size = actions.Shape[-1];
        var steps = Sum(mask);
        return (next,
        [
            ("policyLoss", loss), ("actionErrorMean", size * Cloning.SequenceError(chosen, actions, mask)),
            ("actionMean", Sum(chosen * Reshape(mask, new(mask.Shape[0], mask.Shape[1], 1))) / (steps * size)),
            ("policyGradientNorm", norm), ("policyGradientScale", scale), ("policyLearningRate", rate),
            ("validSteps", steps),
        ]);
    }

    /// <summary>The policy in an episode, with a memory of K − 1 observations, actions and returns to go. A return to
    /// go is the one before less the reward.</summary>
    static GraphFunction Act(
        Config config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        var context = config.Context;
        Layout input = new("observations", [("observations", new(rows, observationSize)), ("rewards", new(rows))]);
        Layout memory = new("context",
        [
            ("observations", new(rows, context, observationSize)), ("actions", new(rows, context, actionSize)),
            ("returnsToGo", new(rows, context)),
        ]);
        Layout output = new("actions", [("actions", new(rows, actionSize))]);
        var (now, before, decision) = (input.Inputs(), memory.Inputs(), Scalar("decision"));

        var asked = Reshape(Slice(before["returnsToGo"], 1, context - 1, 1), new(rows)) - now["rewards"];
        var returnsToGo = Push(before["returnsToGo"], Where(decision < 1, Scalar(config.TargetReturn), asked));
        var observations = Push(before["observations"], now["observations"]);
        // This decision's action is not known yet; no observation looks at its own action's token.
        var actions = Push(before["actions"], Broadcast(0, new(rows, actionSize)));
        var number = Attention.Range(context) + (decision - (context - 1));
        var (timesteps, mask) = (InEachRow(Clip(number, 0, config.MaxTimesteps - 1)), InEachRow(number >= 0));
        var chosen = ReturnConditionedPolicy.Actions(
            blocks[0].Inputs(), returnsToGo / Scalar(config.ReturnScale), observations, actions, timesteps, mask,
            config.Heads, config.Activation);
        var action = Reshape(Slice(chosen, 1, context - 1, 1), new(rows, actionSize));
        return GraphFunction.Of([blocks[0], blocks[1], input, memory],
            [new(output, [action]), new(memory, [observations, Push(before["actions"], action), returnsToGo])]);

        Tensor InEachRow(Tensor x) => Broadcast(Reshape(x, new(1, context)), new(rows, context));

        // The oldest step out, the newest in at the end.
        Tensor Push(Tensor old, Tensor newest)
        {
            var last = Reshape(newest, old.Shape.With(1, 1));
            return context == 1 ? last : Concat(1, Slice(old, 1, 1, context - 1), last);
        }
    }

    /// <summary>Pieces of trajectories; refuses episodes that have steps without an embedding.</summary>
    static TrajectorySampler Source(Config config, Transitions transitions, Layout batch)
    {
        var longest = transitions.Episodes.Max(episode => episode.Length);
        Check.That(longest <= config.MaxTimesteps, "maxTimesteps",
            $"at least {longest}, the rows of the longest episode of {transitions.Name}",
            config.MaxTimesteps, "Every step of an episode has an embedding of its own.");
        return new(transitions, batch);
    }
}
