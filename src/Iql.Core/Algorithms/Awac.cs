using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>
/// Advantage-weighted actor-critic (Nair, Gupta, Dalal and Levine 2020, arXiv:2006.09359), as traced functions:
/// <code>
/// critic step    Q  ← minimise mean ( r + γ (1−d) min Q̂(s′, a′) − Q(s,a) )², for both critics,  a′ ~ π(·|s′)
/// policy step    π  ← minimise −mean( w ln π(a|s) ),  w = min(e^{βA}, cap)
///                     or −Σ w ln π(a|s),  w = softmax over the batch of βA
///                A  = min Q(s,a) − min Q(s,b),  the new critics,  b ~ π(·|s) or the mean action
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// </summary>
/// <remarks>CORL (clipped exponential), rail-berkeley/rlkit and ikostrikov/jaxrl (softmax); all give λ = 1/β.</remarks>
public static class Awac
{
    /// <summary>Streams of the noise on the policy's actions at s′ and at s.</summary>
    public const int TargetNoise = 0, BaselineNoise = 1;

    /// <summary>The learner of a config. Its critics use the policy, so every policy has critics of its own.</summary>
    /// <param name="draw">Where noise comes from; null draws it from seed and step.</param>
    public static Learner Learner(AwacConfig config, int observationSize, int actionSize, Draw? draw = null)
    {
        AwacConfig[] members = [config];
        members.Validate(observationSize, actionSize);
        var (critics, targets) = Critics.Shapes(2, observationSize, config.HiddenSizes, actionSize);
        var policy = GaussianPolicy.Shapes(observationSize, config.PolicyHiddenSizes ?? config.HiddenSizes, actionSize);
        var blocks = Learners.Layouts(critics, targets, [.. policy], [], members: 1);
        return Learners.Of("awac", members, blocks, BatchLayout.Of(config.BatchSize, observationSize, actionSize),
            (seed, shared) => Critics.Initialise(config.Initialisation, seed, shared),
            Learners.Network(config.Initialisation, "policy"), Act,
            (shared, policies, batch) => Step(config, shared, policies[0], batch, draw ?? Draws.Normal)) with
        {
            Explore = rows => Acting.Of(blocks, observationSize, actionSize, rows, (_, parameters, s) => Action(
                config, parameters, s,
                RandomNormal(Tensor.Scalar("seed"), Tensor.Scalar("decision"), 0, new(rows, actionSize)))),
            LogProbability = Acting.LogProbability(blocks, observationSize, actionSize, (parameters, s, a) =>
                GaussianPolicy.LogDensity(a, GaussianPolicy.Mean(parameters, s, config.MeanTanh),
                    GaussianPolicy.LogStd(parameters, Scalar(config.LogStdMin), Scalar(config.LogStdMax)))),
            Value = StateValue.OfPolicy(blocks, Act),
            // The advantage is measured from the mean action, which draws nothing. A softmax's weights are times E.
            Probe = rows => Acting.Probe(blocks, observationSize, actionSize, rows, (shared, member, s, a) =>
            {
                var value = Critics.Min(shared, s, Action(config, member, s, null));
                var advantage = Critics.Min(shared, s, a) - value;
                var scale = config.Weighting == AdvantageWeighting.Softmax ? rows : 1.0;
                return (Weight(config, advantage) * scale, advantage, value);
            }),
        };

        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows,
            (_, parameters, s) => GaussianPolicy.Mean(parameters, s, config.MeanTanh));
    }

    static Traced Step(AwacConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, Draw draw)
    {
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        var sampled = Action(config, policy, next, draw(TargetNoise, a.Shape));
        var target = TemporalDifference.Target(
            batch["rewards"], batch["terminals"], Scalar(config.Discount), Critics.MinTarget(shared, next, sampled));
        var (critics, criticMetrics) = Critics.Step(AdamState.In(shared, "critic1", "critic2"), target, s, a,
            Learners.Updates(), Scalar(config.CriticLearningRate));

        var noise = config.Baseline == AdvantageBaseline.Sample ? draw(BaselineNoise, a.Shape) : null;
        var baseline = Critics.Min(critics.Parameters, s, Action(config, policy, s, noise));
        var advantage = Critics.Min(critics.Parameters, s, a) - baseline;
        var (after, policyMetrics) = PolicyStep(config, AdamState.In(policy), advantage, s, a);
        return new(
            shared.With([.. critics.Entries, .. Critics.TargetStep(shared, critics, Scalar(config.PolyakStep))]),
            [(policy.With(after.Entries), policyMetrics)],
            [.. criticMetrics, ("baselineMean", Mean(baseline)), .. ImplicitQLearning.AdvantageMetrics(advantage)]);
    }

    /// <summary>π ← minimise −mean(w ln π(a|s)), or −Σ w ln π(a|s) of weights that sum to 1.</summary>
    static (AdamState Policy, Metrics Metrics) PolicyStep(
        AwacConfig config, AdamState policy, Tensor advantage, Tensor s, Tensor a)
    {
        var weight = StopGradient(Weight(config, advantage));
        var mean = GaussianPolicy.Mean(policy.Parameters, s, config.MeanTanh);
        var logStd = GaussianPolicy.LogStd(policy.Parameters, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
        var logDensity = GaussianPolicy.LogDensity(a, mean, logStd);
        var loss = config.Weighting == AdvantageWeighting.Softmax
            ? AdvantageWeighted.NormalisedLikelihood(weight, logDensity)
            : AdvantageWeighted.Likelihood(weight, logDensity);
        var (next, norm) = Adam.Descend(policy, loss, Learners.Updates(), Scalar(config.PolicyLearningRate),
            config.WeightDecay > 0 ? Scalar(config.WeightDecay) : null, config.WeightDecayKind);
        var capped = Scalar(config.InverseTemperature) * advantage > Log(Scalar(config.MaxAdvantageWeight));
        return (next,
        [
            ("policyLoss", loss), ("weightMean", Mean(weight)), ("weightMax", Max(weight)),
            ("weightCapped", Mean(capped)), .. Acting.Fit(mean, logStd, logDensity, a), ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>w of A, [B]: min(e^{βA}, cap), or softmax over the batch of βA.</summary>
    static Tensor Weight(AwacConfig config, Tensor advantage) => config.Weighting == AdvantageWeighting.Softmax
        ? AdvantageWeighted.Normalised(advantage, Scalar(config.InverseTemperature))
        : AdvantageWeighted.Weight(advantage, Scalar(config.InverseTemperature), Scalar(config.MaxAdvantageWeight));

    /// <summary>A sample of π(·|s), or its mean where there is no noise; clipped to ±1 if the config says so.</summary>
    static Tensor Action(AwacConfig config, TensorGroup policy, Tensor observations, Tensor? noise)
    {
        var action = GaussianPolicy.Mean(policy, observations, config.MeanTanh);
        if (noise != null)
        {
            var logStd = GaussianPolicy.LogStd(policy, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
            action = GaussianPolicy.Sample(action, logStd, noise);
        }
        return config.ClipActions ? Clip(action, -1, 1) : action;
    }
}
