using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

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
    /// <summary>The learner of configs, a policy each on one value function. They differ in the inverse temperature.</summary>
    /// <param name="members">Configs; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="candidates">Actions for an objective's maximum; null draws them as the objective says.</param>
    public static Learner Learner(
        IReadOnlyList<ImplicitQLearningConfig> members, int observationSize, int actionSize, Candidates? candidates =
            null)
    {
        members.Validate(observationSize, actionSize);
        var config = members[0];
        var (critics, targets) =
            Critics.Shapes(config.Critics, observationSize, config.HiddenSizes, actionSize, config.Actions);
        var blocks = Learners.Layouts(
            [
                .. Mlp.Shapes(observationSize, config.HiddenSizes, 1).Under("value"), .. critics,
                .. TemporalDifferenceLearning.Shapes(config, observationSize, actionSize),
            ],
            targets,
                [.. Acting.Shapes(config.Actions, config.PolicyKind, observationSize, config.HiddenSizes, actionSize)],
                    [], members.Count);
        var batch =
            BatchLayout.Of(config.BatchSize, observationSize, actionSize,
                TemporalDifferenceLearning.TakesNextActions(config));
        return Learners.Of("iql", members, blocks, batch,
            Learners.Start(blocks, Shared, (seed, policy) =>
                Initialisers.Network(config.Initialisation, seed.Split("policy"), policy, "")),
            rows => Acting.Of(blocks, observationSize, actionSize, rows, config.Actions, config.PolicyKind,
                config.MeanTanh,
                config.ActionChoice, Scalar(config.LogStdMin), Scalar(config.LogStdMax)),
            config.Objective == Objective.Iql
                ? (shared, policies, columns) => Step(config, shared, policies, columns)
                : (shared, policies, columns) =>
                    TemporalDifferenceLearning.Step(config, shared, policies, columns, candidates)) with
        {
            Value = StateValue.Of(blocks, observationSize, V),
            Probe = rows => Acting.Probe(blocks, observationSize, actionSize, rows, (shared, _, s, a) =>
            {
                var v = V(shared, s);
                var advantage = Critics.LeastTarget(shared, s, a) - v;
                var weight =
                    config.PolicyWeight.Weight(advantage, Scalar(config.InverseTemperature),
                        Scalar(config.MaxAdvantageWeight));
                return (weight, advantage, v);
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
    static (TensorGroup, IEnumerable<(TensorGroup, Metrics)>, Metrics) Step(
        ImplicitQLearningConfig config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch)
    {
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        var targetQ = Critics.LeastTarget(shared, s, a);

        var oldValue = AdamState.In(shared, "value");
        var (value, valueMetrics) = ValueStep(config, oldValue, targetQ, s, config.ValueLoss.Loss);
        var seen = (config.UpdateOrder == UpdateOrder.ValuePolicyCritic ? value : oldValue).Parameters;

        var advantage = targetQ - V(seen, s);
        var after = policies.Select((policy, i) => PolicyStep(config, i, policy, advantage, s, a));

        var (critics, criticMetrics) =
            CriticStep(config, AdamState.In(shared, "critic1", "critic2"), V(seen, next), batch);
        return (
            shared.With([.. value.Entries, .. critics.Entries,
                .. Critics.TargetStep(shared, critics, Scalar(config.PolyakStep))]),
            after,
            [.. valueMetrics, ("valueMeanAfter", Mean(V(value.Parameters, s))), .. AdvantageMetrics(advantage),
                .. criticMetrics]);
    }

    /// <summary>V ← minimise mean L^τ(Q̂ − V(s)), or another loss.</summary>
    /// <param name="config">Its numbers: the loss's own and the learning rate.</param>
    /// <param name="value">V with its moments.</param>
    /// <param name="targetQ">min Q̂(s, a) of the target critics, [B].</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="loss">Of the residual, [B], V(s), [B], and the config, a scalar.</param>
    /// <returns>V after, and its metrics.</returns>
    public static (AdamState Value, Metrics Metrics) ValueStep(
        ImplicitQLearningConfig config, AdamState value, Tensor targetQ, Tensor observations,
        Func<Tensor, Tensor, ImplicitQLearningConfig, Tensor> loss)
    {
        var v = V(value.Parameters, observations);
        var residual = targetQ - v;
        var error = loss(residual, v, config);
        Check.That(error.Shape == Shape.Scalar, "valueLoss", "a scalar", error.Shape, "End it with Mean.");
        var (next, norm) = Adam.Descend(value, error, Scalar("step"), Scalar(config.ValueLearningRate));
        return (next,
        [
            ("valueLoss", error), ("valueMean", Mean(v)), ("targetQMean", Mean(targetQ)),
            ("residualPositive", Mean(residual > 0)), ("valueGradientNorm", norm),
        ]);
    }

    /// <summary>π ← minimise −mean(w ln π(a|s)), w = min(e^{βA}, cap); a deterministic policy mean(w · Σ (π(s) − a)²).</summary>
    /// <param name="config">Kind of actions and of policy, weight, tanh, dropout and schedule.</param>
    /// <param name="number">Which of the policies it is, from 0: β is its own.</param>
    /// <param name="policy">π with its moments, as a block has them.</param>
    /// <param name="advantage">A, [B]: a constant here, whatever it was computed from.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <returns>π after, and its metrics.</returns>
    public static (TensorGroup Policy, Metrics Metrics) PolicyStep(
        ImplicitQLearningConfig config, int number, TensorGroup policy, Tensor advantage, Tensor observations,
            Tensor actions)
    {
        var cap = Scalar(config.MaxAdvantageWeight);
        var w = config.PolicyWeight.Weight(advantage, Scalar(config.InverseTemperature, number), cap);
        Check.That(w.Shape == advantage.Shape, "policyWeight", $"one weight a row, {advantage.Shape}", w.Shape);
        var dropout = config.Dropout > 0 ? new Dropout(Scalar(config.Dropout), Scalar("seed"), Scalar("step")) : null;
        var before = AdamState.In(policy);
        var parameters = before.Parameters;
        Tensor loss;
        Metrics fit;
        if (config.Actions == ActionKind.Discrete)
        {
            var logProbabilities = CategoricalPolicy.LogProbabilities(parameters, observations, dropout);
            loss = AdvantageWeighted.Likelihood(w, CategoricalPolicy.Of(logProbabilities, actions));
            fit = Acting.Fit(logProbabilities, actions);
        }
        else if (config.PolicyKind == PolicyKind.Gaussian)
        {
            var action = GaussianPolicy.Mean(parameters, observations, config.MeanTanh, dropout);
            var logStd = GaussianPolicy.LogStd(parameters, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
            var logDensity = GaussianPolicy.LogDensity(actions, action, logStd);
            loss = AdvantageWeighted.Likelihood(w, logDensity);
            fit = Acting.Fit(action, logStd, logDensity, actions);
        }
        else
        {
            var action = DeterministicPolicy.Action(parameters, observations, dropout);
            loss = AdvantageWeighted.SquaredError(w, action, actions);
            fit = [("actionErrorMean", Mean(AdvantageWeighted.Error(action, actions)))];
        }
        var rate = config.PolicySchedule == LearningRateSchedule.Cosine
            ? LearningRate.Cosine(Scalar(config.PolicyLearningRate), Scalar("step"), Scalar(config.CosineSteps))
                : Scalar(config.PolicyLearningRate);
        var (next, norm) = Adam.Descend(before, loss, Scalar("step"), rate);
        return (policy.With(next.Entries),
            [("policyLoss", loss), .. Acting.Weights(w, cap), .. fit, ("policyGradientNorm", norm),
                ("policyLearningRate", rate)]);
    }

    /// <summary>Q ← minimise mean (y − Q(s,a))² summed over the critics, y = r + γ (1−d) next.</summary>
    /// <param name="config">γ, the learning rate, and whether the loss is halved.</param>
    /// <param name="critics">critic1 and critic2 with their moments; one alone will do.</param>
    /// <param name="next">Value of what follows, [B]: V(s′).</param>
    /// <param name="batch">observations, actions, rewards, terminals.</param>
    /// <param name="error">Loss of (y, Q); null is <see cref="Losses.TemporalDifference.Squared"/>.</param>
    /// <returns>Critics after, and their metrics.</returns>
    public static (AdamState Critics, Metrics Metrics) CriticStep(
        ImplicitQLearningConfig config, AdamState critics, Tensor next, TensorGroup batch, Func<Tensor, Tensor,
            Tensor>? error = null)
    {
        var y = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        return Critics.Step(critics, y, batch["observations"], batch["actions"], Scalar("step"),
            Scalar(config.CriticLearningRate),
            error ?? ((target, prediction) => TemporalDifference.Squared(target, prediction, config.HalveCriticLoss)));
    }

    /// <summary>Metrics of an advantage A, [B]; its standard deviation divides by B.</summary>
    public static Metrics AdvantageMetrics(Tensor advantage)
    {
        var mean = Mean(advantage);
        return [("advantageMean", mean), ("advantageStd", Sqrt(Mean(Square(advantage - mean)))),
            ("advantagePositive", Mean(advantage > 0))];
    }

    /// <summary>V(s): [B, S] → [B].</summary>
    public static Tensor V(TensorGroup value, Tensor observations) => Mlp.Scalar(value.Part("value"), observations);
}
