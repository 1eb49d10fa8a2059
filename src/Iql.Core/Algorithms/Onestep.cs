using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>
/// Onestep RL (Brandfonbrener, Whitney, Ranganath and Bruna 2021, arXiv:2106.08909), as traced functions. One phase after the other:
/// <code>
/// behaviour      β  ← minimise −mean ln β(a|s)
/// critic         Q  ← minimise mean ( r + γ (1−d) Q̂(s′,a′) − Q(s,a) )²,  a′ the data's next action;  Q̂ ← α Q + (1−α) Q̂
/// improvement    π  ← minimise −mean Q(s,ã) + α KL(π ‖ β),  ã ~ π
///                π  ← minimise −mean( min(e^{T A}, cap) ln π(a|s) ),  A = Q(s,a) − mean over samples b ~ β of Q(s,b)
///                or do the best of M samples of β (Easy BCQ)
/// </code>
/// π starts as β. Neither β nor Q ever looks at π, so one learner trains policies of several strengths.
/// </summary>
/// <remarks>davidbrandfonbrener/onestep-rl.</remarks>
public static partial class Onestep
{
    /// <summary>Streams of the noise on samples of β at s, of π at s, of π for the divergence, and of Easy BCQ's candidates.</summary>
    public const int BehaviourNoise = 0, PolicyNoise = 1, DivergenceNoise = 2, CandidateNoise = 3;

    /// <summary>β ← minimise −mean ln β(a|s).</summary>
    /// <param name="config">Kind of deviation.</param>
    /// <param name="behaviour">β, its tensors under "behaviour/…", with its moments.</param>
    /// <param name="batch">observations and actions.</param>
    /// <returns>β after, and its metrics.</returns>
    public static (AdamState Behaviour, Metrics Metrics) BehaviourStep(OnestepConfig config, AdamState behaviour, TensorGroup batch)
    {
        var density = LogDensity(config, behaviour.Parameters.Part("behaviour"), batch["observations"], batch["actions"]);
        var loss = Cloning.Likelihood(density);
        var (next, norm) = Adam.Descend(behaviour, loss, Scalar("step"), Scalar("behaviourLearningRate"));
        return (next, [("behaviourLoss", loss), ("behaviourGradientNorm", norm)]);
    }

    /// <summary>Q ← minimise mean (r + γ (1−d) Q̂(s′,a′) − Q(s,a))².</summary>
    /// <param name="shared">Critics, targets, moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations, nextActions.</param>
    /// <returns>Critics after, and their metrics.</returns>
    public static (AdamState Critics, Metrics Metrics) CriticStep(TensorGroup shared, TensorGroup batch)
    {
        var next = Critics.LeastTarget(shared, batch["nextObservations"], batch["nextActions"]);
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar("discount"), next);
        return Critics.Step(AdamState.In(shared, "critic1", "critic2"), target, batch["observations"], batch["actions"],
            Scalar("step") - Scalar("behaviourSteps"), Scalar("criticLearningRate"));
    }

    /// <summary>π ← minimise −mean(min(e^{T A}, cap) ln π(a|s)).</summary>
    /// <param name="config">Kind of deviation.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="advantage">A, [B].</param>
    /// <param name="batch">observations and actions; actions are not clipped.</param>
    /// <param name="inverseTemperature">T, a scalar.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) WeightedStep(
        OnestepConfig config, AdamState policy, Tensor advantage, TensorGroup batch, Tensor inverseTemperature)
    {
        var (s, a, cap) = (batch["observations"], batch["actions"], Scalar("maxAdvantageWeight"));
        var weight = AdvantageWeighted.Weight(advantage, inverseTemperature, cap);
        var (mean, logStd) = Distribution(config, policy.Parameters, s);
        var density = GaussianPolicy.LogDensity(a, mean, logStd);
        var loss = AdvantageWeighted.Likelihood(weight, density);
        var (next, norm) = Adam.Descend(policy, loss, PolicyUpdates, Scalar("policyLearningRate"));
        return (next,
        [
            ("policyLoss", loss), ("weightMean", Mean(weight)), ("weightMax", Max(weight)),
            ("weightCapped", Mean(inverseTemperature * advantage > Log(cap))), .. PolicyMetrics(mean, logStd, a, density, norm),
        ]);
    }

    /// <summary>A = Q(s,a) − mean over samples b ~ β of Q(s,b), each b clipped, and that baseline: [B] each.</summary>
    /// <param name="config">Number of samples.</param>
    /// <param name="shared">β and critics.</param>
    /// <param name="batch">observations and actions.</param>
    /// <param name="draw">Where noise comes from.</param>
    public static (Tensor Advantage, Tensor Baseline) Advantage(OnestepConfig config, TensorGroup shared, TensorGroup batch, Draw draw)
    {
        var (s, count) = (batch["observations"], config.BaselineSamples);
        var (mean, logStd) = Distribution(config, shared.Part("behaviour"), s);
        var noise = draw(BehaviourNoise, new(count, mean.Shape[0], mean.Shape[1]));
        var samples = Clip(GaussianPolicy.Sample(mean, logStd, noise), -Scalar("sampleBound"), Scalar("sampleBound"));
        var baseline = Reshape(Mean(Critics.LeastOfSamples(shared, s, samples), 0), new(s.Shape[0]));
        return (Critics.Least(shared, s, batch["actions"]) - baseline, baseline);
    }

    /// <summary>π ← minimise −mean Q(s,ã) + α KL(π ‖ β), ã ~ π as it falls, the divergence by samples of π.</summary>
    /// <param name="config">Kind of deviation and number of samples.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="shared">β and critics, constants here.</param>
    /// <param name="batch">observations and actions.</param>
    /// <param name="weight">α, a scalar.</param>
    /// <param name="draw">Where noise comes from.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) DivergenceStep(
        OnestepConfig config, AdamState policy, TensorGroup shared, TensorGroup batch, Tensor weight, Draw draw)
    {
        var (s, a, count) = (batch["observations"], batch["actions"], config.DivergenceSamples);
        var (mean, logStd) = Distribution(config, policy.Parameters, s);
        var q = Critics.Least(shared, s, GaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, mean.Shape)));

        var samples = Samples(mean, logStd, draw(DivergenceNoise, new(count, mean.Shape[0], mean.Shape[1])));
        var (behaviourMean, behaviourLogStd) = Distribution(config, shared.Part("behaviour"), s);
        var divergence = ReverseDivergence.Estimate(
            GaussianPolicy.LogDensity(samples, Repeat(mean, count), Spread(logStd, count)),
            GaussianPolicy.LogDensity(samples, Repeat(behaviourMean, count), Spread(behaviourLogStd, count)));
        var loss = ReverseDivergence.Loss(q, divergence, weight);
        var (next, norm) = Adam.Descend(policy, loss, PolicyUpdates, Scalar("policyLearningRate"));
        return (next,
        [
            ("policyLoss", loss), ("policyQMean", Mean(q)), ("divergence", divergence),
            .. PolicyMetrics(mean, logStd, a, GaussianPolicy.LogDensity(a, mean, logStd), norm),
        ]);
    }

    /// <summary>Easy BCQ: of M samples of β at every s the one of the largest Q, [E, A].</summary>
    /// <param name="config">M and the kind of deviation.</param>
    /// <param name="shared">β and critics.</param>
    /// <param name="observations">s, [E, S].</param>
    /// <param name="noise">Standard normal, [E, M, A]: every row has its own.</param>
    public static Tensor Best(OnestepConfig config, TensorGroup shared, Tensor observations, Tensor noise)
    {
        var (rows, count, size) = (noise.Shape[0], noise.Shape[1], noise.Shape[2]);
        var (mean, logStd) = Distribution(config, shared.Part("behaviour"), observations);
        if (logStd.Shape.Rank == 2) logStd = Reshape(logStd, new(rows, 1, size));
        var samples = Clip(GaussianPolicy.Sample(Reshape(mean, new(rows, 1, size)), logStd, noise), -Scalar("sampleBound"), Scalar("sampleBound"));
        var states = Broadcast(Reshape(observations, new(rows, 1, observations.Shape[1])), new(rows, count, observations.Shape[1]));
        var q = Reshape(Critics.Least(shared, Reshape(states, new(rows * count, observations.Shape[1])), Reshape(samples, new(rows * count, size))), new(rows, count));
        // Of several samples of exactly the largest Q, clipped ones that are equal, the mean is taken.
        var best = Equal(q, Max(q, 1));
        var share = Reshape(best / Sum(best, 1), new(rows, count, 1));
        return Reshape(Sum(share * samples, 1), new(rows, size));
    }

    /// <summary>μ(s), [B, A], and ln σ, [B, A] or [A], of β or π.</summary>
    static (Tensor Mean, Tensor LogStd) Distribution(OnestepConfig config, TensorGroup parameters, Tensor observations)
    {
        var (min, max) = (Scalar("logStdMin"), Scalar("logStdMax"));
        return config.StateDependentStd
            ? SoftClampedPolicy.Of(parameters, observations, min, max)
            : (GaussianPolicy.Mean(parameters, observations, tanh: true), GaussianPolicy.LogStd(parameters, min, max));
    }

    static Tensor LogDensity(OnestepConfig config, TensorGroup parameters, Tensor observations, Tensor actions)
    {
        var (mean, logStd) = Distribution(config, parameters, observations);
        return GaussianPolicy.LogDensity(actions, mean, logStd);
    }

    /// <summary>K samples of every row, the first of all rows first: noise [K, B, A] → [K·B, A].</summary>
    static Tensor Samples(Tensor mean, Tensor logStd, Tensor noise) =>
        Reshape(GaussianPolicy.Sample(mean, logStd, noise), new(noise.Shape[0] * noise.Shape[1], noise.Shape[2]));

    /// <summary>All rows, count times over: [B, X] → [count·B, X].</summary>
    static Tensor Repeat(Tensor x, int count) =>
        Reshape(Broadcast(Reshape(x, new(1, x.Shape[0], x.Shape[1])), new(count, x.Shape[0], x.Shape[1])), new(count * x.Shape[0], x.Shape[1]));

    static Tensor Spread(Tensor logStd, int count) => logStd.Shape.Rank == 2 ? Repeat(logStd, count) : logStd;

    /// <summary>Updates of the policies so far: this phase begins when the others are over.</summary>
    static Tensor PolicyUpdates => Scalar("step") - Scalar("behaviourSteps") - Scalar("criticSteps");

    static Metrics PolicyMetrics(Tensor mean, Tensor logStd, Tensor actions, Tensor density, Tensor norm) =>
    [
        ("logProbabilityMean", Mean(density)),
        ("policyEntropy", GaussianPolicy.Entropy(logStd) * (logStd.Shape.Rank == 2 ? 1.0 / logStd.Shape[0] : 1)), ("logStdMean", Mean(logStd)),
        ("actionErrorMean", Mean(AdvantageWeighted.Error(mean, actions))), ("policyGradientNorm", norm),
    ];
}
