using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>
/// Conservative Q-learning (Kumar et al. 2020, arXiv:2006.04779) on soft actor-critic, as traced functions: a step in the order of CORL is
/// <code>
/// temperature    ln α ← minimise −mean(ln α (ln π(ã|s) + H̄))                       ã ~ π(·|s)
/// policy step    π  ← minimise mean(α ln π(ã|s) − min(Q₁, Q₂)(s, ã));               cloning: mean(α ln π(ã|s) − ln π(a|s))
/// multiplier     ln α′ ← minimise −½ Σ penalties                                     where a gap is held
/// critic step    Q₁, Q₂ ← minimise mean (y − Q)² + penalty,  y = r + γ(1 − d) min(Q̂₁, Q̂₂)(s′, ã′), ã′ ~ π(·|s′)
///                penalty = w mean(c ln Σ exp((Q(s, aᵢ) − ln density) / c) − Q(s, a))  aᵢ: N uniform, N of π(·|s′), N of π(·|s)
/// target step    Q̂  ← α Q + (1 − α) Q̂
/// </code>
/// </summary>
public static partial class ConservativeQLearning
{
    /// <summary>Stream of the noise of the policy's own sample ã, [B, A].</summary>
    public const int PolicyNoise = 0;

    /// <summary>Stream of the noise of ã′, [B, A], or [N, B, A] with a maximum backup.</summary>
    public const int TargetNoise = 1;

    /// <summary>Stream of the noise of the samples of π(·|s), [N, B, A].</summary>
    public const int CurrentNoise = 2;

    /// <summary>Stream of the noise of the samples of π(·|s′), [N, B, A].</summary>
    public const int NextNoise = 3;

    /// <summary>Stream of the uniform actions, [N, B, A] on [−1, 1).</summary>
    public const int UniformActions = 4;

    const string TemperatureName = "temperature/log", MultiplierName = "multiplier/log";

    /// <summary>ln α ← minimise −mean(ln α (ln π(ã|s) + H̄)).</summary>
    /// <param name="temperature">temperature/log with its moments; null where α does not learn.</param>
    /// <param name="logDensity">ln π(ã|s), [B].</param>
    /// <param name="actionSize">A: H̄ is A times the scalar "targetEntropy".</param>
    /// <returns>State after, α before and after, both scalars and constants, and the metrics.</returns>
    public static (AdamState? State, Tensor Before, Tensor After, Metrics Metrics) TemperatureStep(
        AdamState? temperature, Tensor logDensity, int actionSize)
    {
        if (temperature == null) return (null, Scalar("entropyTemperature"), Scalar("entropyTemperature"), [("temperature", Scalar("entropyTemperature"))]);
        var loss = SoftActorCritic.Temperature(temperature.Parameters[TemperatureName], logDensity, Scalar("targetEntropy") * actionSize);
        var (next, _) = Adam.Descend(temperature, loss, Scalar("step"), Scalar("policyLearningRate"));
        var (before, after) = (Value(temperature), Value(next));
        return (next, before, after, [("temperature", before), ("temperatureLoss", loss)]);

        static Tensor Value(AdamState state) => StopGradient(Reshape(Exp(state.Parameters[TemperatureName]), Shape.Scalar));
    }

    /// <summary>π ← minimise mean(α ln π(ã|s) − min(Q₁, Q₂)(s, ã)), or its warm-up.</summary>
    /// <param name="policy">π with its moments.</param>
    /// <param name="critics">critic1 and critic2; they do not learn here.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <param name="draw">Where ã's noise comes from.</param>
    /// <param name="temperature">α, a scalar, a constant.</param>
    /// <param name="cloning">Whether this is a step of the warm-up.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(
        AdamState policy, TensorGroup critics, Tensor observations, Tensor actions, Draw draw, Tensor temperature, bool cloning)
    {
        var (mean, logStd) = Head(policy.Parameters, observations);
        var (action, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, actions.Shape));
        var dataLogDensity = TanhGaussianPolicy.LogDensity(actions, mean, logStd);
        var q = Critics.Least(critics, observations, action);
        var loss = cloning
            ? SoftActorCritic.Cloning(temperature, logDensity, dataLogDensity) : SoftActorCritic.Policy(temperature, logDensity, q);
        var (next, norm) = Adam.Descend(policy, loss, Scalar("step"), Scalar("policyLearningRate"));
        return (next,
        [
            ("policyLoss", loss), ("policyTemperature", temperature), ("policyQMean", Mean(q)), ("sampledLogProbabilityMean", Mean(logDensity)),
            ("logProbabilityMean", Mean(dataLogDensity)), ("logStdMean", Mean(logStd)),
            ("actionErrorMean", Mean(AdvantageWeighted.Error(Tanh(mean), actions))), ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>Q₁, Q₂ ← minimise mean (y − Q)² + penalty, summed over both; the multiplier learns from the same critics.</summary>
    /// <param name="config">Its switches.</param>
    /// <param name="shared">critic1, critic2, their targets, multiplier/log, moments.</param>
    /// <param name="policy">π's parameters as the critics are to see them.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations.</param>
    /// <param name="draw">Where normal numbers come from.</param>
    /// <param name="uniform">Where uniform actions come from.</param>
    /// <param name="temperature">α, a scalar: used with the entropy in the backup.</param>
    /// <returns>Critics and multiplier (null where nothing is constrained) after, and their metrics.</returns>
    public static (AdamState Critics, AdamState? Multiplier, Metrics Metrics) CriticStep(
        ConservativeQLearningConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, Draw draw, Draw uniform, Tensor temperature)
    {
        var critics = AdamState.In(shared, "critic1", "critic2");
        var (s, a) = (batch["observations"], batch["actions"]);
        // The new policy came of the critics' gradient: to the critics' own loss it is a constant.
        var (current, next) = (Constants(Head(policy, s)), Constants(Head(policy, batch["nextObservations"])));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar("discount"),
            NextValue(config, shared, next, batch["nextObservations"], draw, temperature));
        var samples = Samples(config, current, next, draw, uniform);
        string[] names = ["critic1", "critic2"];
        var q = names.Select(name => Critics.Q(critics.Parameters, name, s, a)).ToArray();
        var soft = names.Select((name, i) =>
            Conservative.SoftMaximum(Logits(config, critics.Parameters, name, s, samples, q[i]), Scalar("softmaxTemperature"))).ToArray();
        return Learn(config, shared, critics, target, q, soft);
    }

    /// <summary>Moves critics and multiplier, once targets, values of the data's actions and soft maxima are known.</summary>
    static (AdamState Critics, AdamState? Multiplier, Metrics Metrics) Learn(
        ConservativeQLearningConfig config, TensorGroup shared, AdamState critics, Tensor target, Tensor[] q, Tensor[] soft)
    {
        var (min, max) = (Scalar("differenceMin"), Scalar("differenceMax"));
        var differences = soft.Zip(q, (largest, data) => Conservative.Difference(largest, data, min, max)).ToArray();

        AdamState? multiplier = null;
        Tensor value = 1;
        Metrics multiplierMetrics = [];
        if (config.Lagrange != Lagrange.Off)
        {
            var before = AdamState.In(shared, "multiplier");
            value = Conservative.Multiplier(Reshape(before.Parameters[MultiplierName], Shape.Scalar));
            var dual = Conservative.Dual(Penalty(StopGradient(differences[0])), Penalty(StopGradient(differences[1])));
            (multiplier, _) = Adam.Descend(before, dual, Scalar("step"), Scalar("criticLearningRate"));
            multiplierMetrics = [("multiplier", value), ("multiplierLoss", dual)];
        }
        var loss = q.Zip(differences, (data, difference) => TemporalDifference.Squared(target, data) + Penalty(difference)).Aggregate((sum, other) => sum + other);
        var (after, norm) = Adam.Descend(critics, loss, Scalar("step"), Scalar("criticLearningRate"));
        return (after, multiplier,
        [
            .. Critics.Measured(loss, target, q, norm), ("tdErrorSquareMean2", TemporalDifference.Squared(target, q[1])),
            .. Enumerable.Range(0, q.Length).SelectMany(i => new[]
            {
                ($"softMaximum{i + 1}Mean", Mean(soft[i])), ($"difference{i + 1}", differences[i]),
                ($"differenceClipped{i + 1}", Mean(soft[i] - q[i] < min) + Mean(soft[i] - q[i] > max)),
            }),
            .. multiplierMetrics,
        ]);

        Tensor Penalty(Tensor difference) =>
            Conservative.Penalty(config.Lagrange, difference, Scalar("conservativeWeight"), value, Scalar("lagrangeGap"));
    }

    /// <summary>Value of what follows: min(Q̂₁, Q̂₂)(s′, ã′), or the largest over N samples, less α ln π(ã′|s′) where the entropy counts. [B].</summary>
    static Tensor NextValue(
        ConservativeQLearningConfig config, TensorGroup shared, (Tensor Mean, Tensor LogStd) policy, Tensor nextObservations, Draw draw, Tensor temperature)
    {
        var shape = policy.Mean.Shape;
        if (config.Backup == SampledBackup.Sample)
        {
            var (action, density) = TanhGaussianPolicy.Sample(policy.Mean, policy.LogStd, draw(TargetNoise, shape));
            return WithEntropy(Critics.LeastTarget(shared, nextObservations, action), density);
        }
        var (actions, densities) = TanhGaussianPolicy.Sample(policy.Mean, policy.LogStd, draw(TargetNoise, new(config.ActionSamples, shape[0], shape[1])));
        var (q1, q2) = (Critics.QOfSamples(shared, "targetCritic1", nextObservations, actions), Critics.QOfSamples(shared, "targetCritic2", nextObservations, actions));
        if (config.Backup == SampledBackup.LeastOfMax) return Row(Minimum(Max(q1, 0), Max(q2, 0)));
        var least = Minimum(q1, q2);
        var best = Max(least, 0);
        var chosen = Equal(least, best); // one sample; equal ones share
        return WithEntropy(Row(best), Row(Sum(chosen * densities, 0) / Sum(chosen, 0)));

        Tensor WithEntropy(Tensor value, Tensor density) => config.EntropyInBackup ? value - temperature * density : value;
        Tensor Row(Tensor x) => Reshape(x, new(shape[0]));
    }

    /// <summary>The actions that the conservative term asks about, [3N, B, A], and their log-densities, [3N, B]: uniform, of π(·|s′), of π(·|s).</summary>
    static (Tensor Actions, Tensor LogDensities) Samples(
        ConservativeQLearningConfig config, (Tensor Mean, Tensor LogStd) current, (Tensor Mean, Tensor LogStd) next, Draw draw, Draw uniform)
    {
        Shape shape = new(config.ActionSamples, current.Mean.Shape[0], current.Mean.Shape[1]);
        var (ofNext, nextDensity) = TanhGaussianPolicy.Sample(next.Mean, next.LogStd, draw(NextNoise, shape));
        var (ofCurrent, currentDensity) = TanhGaussianPolicy.Sample(current.Mean, current.LogStd, draw(CurrentNoise, shape));
        var flat = Broadcast(Constant(shape[2] * Math.Log(0.5)), new(shape[0], shape[1]));
        return (Concat(0, uniform(UniformActions, shape), ofNext, ofCurrent), Concat(0, flat, nextDensity, currentDensity));
    }

    /// <summary>Q − ln density of every sample, [3N, B]; or Q alone with the data's among them, [3N + 1, B].</summary>
    static Tensor Logits(
        ConservativeQLearningConfig config, TensorGroup critics, string name, Tensor observations, (Tensor Actions, Tensor LogDensities) samples, Tensor q)
    {
        var sampled = Critics.QOfSamples(critics, name, observations, samples.Actions);
        return config.ConservativeTerm == ConservativeTerm.ImportanceWeighted
            ? sampled - samples.LogDensities : Concat(0, sampled, Reshape(q, new(1, q.Shape[0])));
    }

    static (Tensor Mean, Tensor LogStd) Head(TensorGroup policy, Tensor observations) =>
        TanhGaussianPolicy.Head(policy, observations, Scalar("logStdMin"), Scalar("logStdMax"));

    static (Tensor Mean, Tensor LogStd) Constants((Tensor Mean, Tensor LogStd) head) => (StopGradient(head.Mean), StopGradient(head.LogStd));
}
