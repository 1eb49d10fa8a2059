using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>A value loss: residual u = Q̂(s, a) − V(s), [B], and expectile τ, a scalar, to a scalar to be minimised.</summary>
public delegate Tensor ValueLoss(Tensor residual, Tensor expectile);

/// <summary>A policy weight: advantage A, [B], inverse temperature β and largest weight, scalars, to weights [B].</summary>
public delegate Tensor PolicyWeight(Tensor advantage, Tensor inverseTemperature, Tensor maxWeight);

/// <summary>
/// Implicit Q-learning (Kostrikov, Nair and Levine 2021, arXiv:2110.06169), as traced functions from tensors to tensors.
/// <code>
/// value step     V  ← minimise mean L^τ( min Q̂(s,a) − V(s) )                               eq. 5
/// policy step    π  ← minimise −mean( exp(β (min Q̂(s,a) − V(s))) ln π(a|s) )               eq. 7
/// critic step    Q  ← minimise mean ( r + γ (1−d) V(s′) − Q(s,a) )², for both critics      eq. 6
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// The value and critic steps never look at the policy, so one value function serves many policies. Of discrete actions Q(s, ·) is a network's
/// A outputs, a one-hot and π categorical; the equations are the same.
/// </summary>
public static partial class ImplicitQLearning
{
    /// <summary>V ← minimise mean L^τ(Q̂ − V(s)).</summary>
    /// <param name="value">V with its moments.</param>
    /// <param name="targetQ">min Q̂(s, a) of the target critics, [B].</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="inputs">The step's scalars: τ, learning rate, step.</param>
    /// <param name="loss">Another loss of the residual; null is <see cref="Expectile.Loss"/>.</param>
    /// <returns>V after, and its metrics.</returns>
    public static (AdamState Value, Metrics Metrics) ValueStep(
        AdamState value, Tensor targetQ, Tensor observations, ImplicitQLearningInputs inputs, ValueLoss? loss = null)
    {
        var v = V(value.Parameters, observations);
        var residual = targetQ - v;
        var error = (loss ?? Expectile.Loss)(residual, inputs.Expectile);
        Check.That(error.Shape == Shape.Scalar, nameof(loss), "a scalar", error.Shape, "End it with Mean.");
        var (next, norm) = Adam.Descend(value, error, inputs.Step, inputs.ValueLearningRate);
        return (next,
        [
            ("valueLoss", error), ("valueMean", Mean(v)), ("targetQMean", Mean(targetQ)),
            ("residualPositive", Mean(residual > 0)), ("valueGradientNorm", norm),
        ]);
    }

    /// <summary>π ← minimise −mean(w ln π(a|s)) with w = min(e^{βA}, cap); for a deterministic policy mean(w · Σ (π(s) − a)²).</summary>
    /// <param name="config">Kind of actions and of policy, tanh, dropout and schedule.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="advantage">A, [B]: a constant here, whatever it was computed from.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <param name="inverseTemperature">β, a scalar.</param>
    /// <param name="inputs">The step's other scalars.</param>
    /// <param name="weight">Another weight of the advantage; null is <see cref="AdvantageWeighted.Weight"/>.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(
        ImplicitQLearningConfig config, AdamState policy, Tensor advantage, Tensor observations, Tensor actions,
        Tensor inverseTemperature, ImplicitQLearningInputs inputs, PolicyWeight? weight = null)
    {
        var w = (weight ?? AdvantageWeighted.Weight)(advantage, inverseTemperature, inputs.MaxAdvantageWeight);
        Check.That(w.Shape == advantage.Shape, nameof(weight), $"one weight a row, {advantage.Shape}", w.Shape);
        var dropout = config.Dropout > 0 ? new Dropout(inputs.Dropout, inputs.Seed, inputs.Step) : null;
        var parameters = policy.Parameters;
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
            var logStd = GaussianPolicy.LogStd(parameters, inputs.LogStdMin, inputs.LogStdMax);
            var logDensity = GaussianPolicy.LogDensity(actions, action, logStd);
            loss = AdvantageWeighted.Likelihood(w, logDensity);
            fit =
            [
                ("logProbabilityMean", Mean(logDensity)), ("policyEntropy", GaussianPolicy.Entropy(logStd)), ("logStdMean", Mean(logStd)),
                ("actionErrorMean", Mean(AdvantageWeighted.Error(action, actions))),
            ];
        }
        else
        {
            var action = DeterministicPolicy.Action(parameters, observations, dropout);
            loss = AdvantageWeighted.SquaredError(w, action, actions);
            fit = [("actionErrorMean", Mean(AdvantageWeighted.Error(action, actions)))];
        }
        var rate = config.PolicySchedule == LearningRateSchedule.Cosine
            ? LearningRate.Cosine(inputs.PolicyLearningRate, inputs.Step, inputs.CosineSteps) : inputs.PolicyLearningRate;
        var (next, norm) = Adam.Descend(policy, loss, inputs.Step, rate);
        return (next,
        [
            ("policyLoss", loss), ("weightMean", Mean(w)), ("weightMax", Max(w)),
            ("weightCapped", Mean(inverseTemperature * advantage > Log(inputs.MaxAdvantageWeight))),
            .. fit, ("policyGradientNorm", norm), ("policyLearningRate", rate),
        ]);
    }

    /// <summary>Q ← minimise mean (y − Q(s,a))² summed over the critics, y = r + γ (1−d) next.</summary>
    /// <param name="config">Whether the loss is halved.</param>
    /// <param name="critics">critic1 and critic2 with their moments; one alone will do.</param>
    /// <param name="next">Value of what follows, [B]: V(s′).</param>
    /// <param name="batch">observations, actions, rewards, terminals.</param>
    /// <param name="inputs">The step's scalars: γ, learning rate, step.</param>
    /// <param name="error">Loss of (y, Q); null is <see cref="Losses.TemporalDifference.Squared"/>.</param>
    /// <returns>Critics after, and their metrics.</returns>
    public static (AdamState Critics, Metrics Metrics) CriticStep(
        ImplicitQLearningConfig config, AdamState critics, Tensor next, TensorGroup batch, ImplicitQLearningInputs inputs,
        Func<Tensor, Tensor, Tensor>? error = null)
    {
        var y = TemporalDifference.Target(batch["rewards"], batch["terminals"], inputs.Discount, next);
        return Critics.Step(critics, y, batch["observations"], batch["actions"], inputs.Step, inputs.CriticLearningRate,
            error ?? ((target, prediction) => TemporalDifference.Squared(target, prediction, config.HalveCriticLoss)));
    }

    /// <summary>Metrics of an advantage A, [B]; its standard deviation divides by B.</summary>
    public static Metrics AdvantageMetrics(Tensor advantage)
    {
        var mean = Mean(advantage);
        return [("advantageMean", mean), ("advantageStd", Sqrt(Mean(Square(advantage - mean)))), ("advantagePositive", Mean(advantage > 0))];
    }

    /// <summary>V(s): [B, S] → [B].</summary>
    public static Tensor V(TensorGroup value, Tensor observations) => Mlp.Scalar(value.Part("value"), observations);

    /// <summary>One whole step on symbols: what <see cref="Learner"/> compiles.</summary>
    /// <param name="config">Structure of the step; its numbers enter as <paramref name="inputs"/>.</param>
    /// <param name="shared">value, critic1, critic2, targetCritic1, targetCritic2 and Adam's moments.</param>
    /// <param name="policies">A policy and its moments each.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations.</param>
    /// <param name="inputs">The step's scalars; as many inverse temperatures as policies.</param>
    /// <param name="valueLoss">Null is the expectile loss.</param>
    /// <param name="policyWeight">Null is min(e^{βA}, cap).</param>
    /// <returns>The next groups and the metrics; those of policy i are named "i:name".</returns>
    /// <remarks>The order of updates is only a question of whose V the policy and the critics see: all parts share one batch and the old targets.</remarks>
    public static (TensorGroup Shared, IReadOnlyList<TensorGroup> Policies, Metrics Metrics) Trace(
        ImplicitQLearningConfig config, TensorGroup shared, IReadOnlyList<TensorGroup> policies, TensorGroup batch,
        ImplicitQLearningInputs inputs, ValueLoss? valueLoss = null, PolicyWeight? policyWeight = null)
    {
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        var targetQ = Critics.LeastTarget(shared, s, a);

        var oldValue = AdamState.In(shared, "value");
        var (value, valueMetrics) = ValueStep(oldValue, targetQ, s, inputs, valueLoss);
        var seen = (config.UpdateOrder == UpdateOrder.ValuePolicyCritic ? value : oldValue).Parameters;

        var advantage = targetQ - V(seen, s);
        var steps = policies.Select((policy, i) => PolicyStep(config, AdamState.In(policy), advantage, s, a, inputs.InverseTemperatures[i], inputs, policyWeight)).ToArray();

        var (critics, criticMetrics) = CriticStep(config, AdamState.In(shared, "critic1", "critic2"), V(seen, next), batch, inputs);

        return (
            shared.With([.. value.Entries, .. critics.Entries, .. Critics.TargetStep(shared, critics, inputs.PolyakStep)]),
            [.. policies.Zip(steps, (policy, step) => policy.With(step.Policy.Entries))],
            [
                .. valueMetrics, ("valueMeanAfter", Mean(V(value.Parameters, s))), .. AdvantageMetrics(advantage), .. criticMetrics,
                .. steps.SelectMany((step, i) => step.Metrics.Select(metric => ($"{i}:{metric.Name}", metric.Value))),
            ]);
    }
}
