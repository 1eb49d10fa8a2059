using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Config = Iql.Algorithms.ImplicitQLearningConfig;

namespace Iql.Algorithms;

/// <summary>
/// Implicit Q-learning (Kostrikov, Nair and Levine 2021, arXiv:2110.06169), as traced functions from tensors to
/// tensors.
/// <code>
/// value step     V  ← minimise mean L^τ( min Q̂(s,a) − V(s) )                               eq. 5
/// policy step    π  ← minimise −mean( exp(β (min Q̂(s,a) − V(s))) ln π(a|s) )               eq. 7
/// critic step    Q  ← minimise mean ( r + γ (1−d) V(s′) − Q(s,a) )², for both critics      eq. 6
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// The value and critic steps never look at the policy, so one value function serves many policies. Of discrete actions
/// Q(s, ·) is a network's A outputs, a one-hot and π categorical; the equations are the same.
/// </summary>
public static class ImplicitQLearning
{
    /// <summary>The learner of configs, a policy each on one value function.</summary>
    /// <param name="candidates">Actions for an objective's maximum; null draws them as the objective says.</param>
    public static Learner Learner(
        IReadOnlyList<Config> members, int observationSize, int actionSize, Candidates? candidates = null)
    {
        members.Validate(observationSize, actionSize);
        var config = members[0];
        var (critics, targets) =
            Critics.Shapes(config.Critics, observationSize, config.HiddenSizes, actionSize, config.Actions);
        var value = Mlp.Shapes(observationSize, config.HiddenSizes, 1).Under("value");
        var behaviour = TemporalDifferenceLearning.Shapes(config, observationSize, actionSize);
        var policy = ClonedPolicy.Shapes(config, observationSize, actionSize);
        var blocks = Learners.Layouts([.. value, .. critics, .. behaviour], targets, [.. policy], [], members.Count);
        return Learners.Of("iql", members, blocks,
            BatchLayout.Of(config.BatchSize, observationSize, actionSize,
                TemporalDifferenceLearning.TakesNextActions(config)),
            Shared, Learners.Network(config.Initialisation, "policy"),
            rows => ClonedPolicy.Act(config, blocks, observationSize, actionSize, rows),
            config.Objective == Objective.Iql
                ? (shared, policies, batch) => Step(config, shared, policies, batch)
                : (shared, policies, batch) =>
                    TemporalDifferenceLearning.Step(config, shared, policies, batch, candidates)) with
        {
            Explore = ClonedPolicy.Explore(config, blocks, observationSize, actionSize),
            LogProbability = ClonedPolicy.LogProbability(config, blocks, observationSize, actionSize),
            OfflineOnly = !TemporalDifferenceLearning.TakesNextActions(config) ? null
                : "learns from the action after, which acting's rows do not have",
            Value = StateValue.Of(blocks, observationSize, V),
            Probe = rows => Acting.Probe(blocks, observationSize, actionSize, rows, (shared, _, s, a) =>
            {
                var v = V(shared, s);
                var advantage = Critics.MinTarget(shared, s, a) - v;
                return (Weight(config, advantage), advantage, v);
            }),
        };

        void Shared(Seed seed, TensorBlock shared)
        {
            Initialisers.Network(config.Initialisation, seed.Split("value"), shared, "value");
            Critics.Initialise(config.Initialisation, seed, shared);
            TemporalDifferenceLearning.Initialise(config, seed, shared);
        }
    }

    /// <summary>One whole step on symbols: what <see cref="Learner"/> compiles.</summary>
    /// <remarks>Orders of updates differ in V alone: all parts share one batch and the old targets.</remarks>
    static Traced Step(Config config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch)
    {
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        var targetQ = Critics.MinTarget(shared, s, a);

        var oldValue = AdamState.In(shared, "value");
        var (value, valueMetrics) = ValueStep(config, oldValue, targetQ, s, config.ValueLoss.Loss);
        var current = (config.UpdateOrder == UpdateOrder.ValuePolicyCritic ? value : oldValue).Parameters;

        var advantage = targetQ - V(current, s);
        var after = policies.Select((policy, i) => PolicyStep(config, i, policy, advantage, s, a));

        var (critics, criticMetrics) = CriticStep(config, shared, V(current, next), batch);
        return new(
            shared.With(
            [
                .. value.Entries, .. critics.Entries,
                .. Critics.TargetStep(shared, critics, Scalar(config.PolyakStep)),
            ]),
            after,
            [
                .. valueMetrics, ("valueMeanAfter", Mean(V(value.Parameters, s))), .. AdvantageMetrics(advantage),
                .. criticMetrics,
            ]);
    }

    /// <summary>V ← minimise mean L^τ(Q̂ − V(s)), or another loss, of min Q̂(s, a), [B].</summary>
    internal static (AdamState Value, Metrics Metrics) ValueStep(
        Config config, AdamState value, Tensor targetQ, Tensor s, Func<Tensor, Tensor, Config, Tensor> loss)
    {
        var v = V(value.Parameters, s);
        var residual = targetQ - v;
        var error = loss(residual, v, config);
        Check.That(error.Shape == Shape.Scalar, "valueLoss", "a scalar", error.Shape, "End it with Mean.");
        var (next, norm) = Adam.Descend(value, error, Learners.Updates(), Scalar(config.ValueLearningRate));
        return (next,
        [
            ("valueLoss", error), ("valueMean", Mean(v)), ("targetQMean", Mean(targetQ)),
            ("residualPositive", Mean(residual > 0)), ("valueGradientNorm", norm),
        ]);
    }

    /// <summary>π ← minimise −mean(w ln π(a|s)) for policy i of several; A, [B], is a constant here.</summary>
    internal static (TensorGroup Policy, Metrics Metrics) PolicyStep(
        Config config, int i, TensorGroup policy, Tensor advantage, Tensor s, Tensor a)
    {
        var w = Weight(config, advantage, i);
        Check.That(w.Shape == advantage.Shape, "policyWeight", $"one weight a row, {advantage.Shape}", w.Shape);
        var weights = Acting.Weights(w, Scalar(config.MaxAdvantageWeight));
        var (next, metrics) = ClonedPolicy.Step(config, AdamState.In(policy), s, a, w, weights);
        return (policy.With(next.Entries), metrics);
    }

    /// <summary>Q ← minimise mean (y − Q(s,a))², or another error, over all critics: y = r + γ (1−d) next.</summary>
    internal static (AdamState Critics, Metrics Metrics) CriticStep(
        Config config, TensorGroup shared, Tensor next, TensorGroup batch, Func<Tensor, Tensor, Tensor>? error = null)
    {
        var y = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        return Critics.Step(AdamState.In(shared, "critic1", "critic2"), y, batch["observations"], batch["actions"],
            Learners.Updates(), Scalar(config.CriticLearningRate),
            error ?? ((target, prediction) => TemporalDifference.Squared(target, prediction, config.HalveCriticLoss)));
    }

    /// <summary>Metrics of an advantage A, [B]; its standard deviation divides by B.</summary>
    internal static Metrics AdvantageMetrics(Tensor advantage)
    {
        var mean = Mean(advantage);
        var deviation = Sqrt(Mean(Square(advantage - mean)));
        return [("advantageMean", mean), ("advantageStd", deviation), ("advantagePositive", Mean(advantage > 0))];
    }

    /// <summary>V(s): [B, S] → [B].</summary>
    internal static Tensor V(TensorGroup value, Tensor observations) => Mlp.Scalar(value.Part("value"), observations);

    static Tensor Weight(Config config, Tensor advantage, int? policy = null) => config.PolicyWeight.Weight(
        advantage, Scalar(config.InverseTemperature, policy), Scalar(config.MaxAdvantageWeight));
}
