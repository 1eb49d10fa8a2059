using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Config = Iql.Algorithms.OnestepConfig;

namespace Iql.Algorithms;

/// <summary>
/// Onestep RL (Brandfonbrener, Whitney, Ranganath and Bruna 2021, arXiv:2106.08909), as traced functions. One phase
/// after the other:
/// <code>
/// behaviour      β  ← minimise −mean ln β(a|s)
/// critic         Q  ← minimise mean ( r + γ (1−d) Q̂(s′,a′) − Q(s,a) )²,  a′ the data's next action
///                Q̂ ← α Q + (1−α) Q̂
/// improvement    π  ← minimise −mean Q(s,ã) + α KL(π ‖ β),  ã ~ π
///                π  ← minimise −mean( min(e^{T A}, cap) ln π(a|s) ),  A = Q(s,a) − mean over samples b ~ β of Q(s,b)
///                or do the best of M samples of β (Easy BCQ)
/// </code>
/// π starts as β. Neither β nor Q ever looks at π, so one learner trains policies of several strengths.
/// </summary>
/// <remarks>davidbrandfonbrener/onestep-rl.</remarks>
public static class Onestep
{
    /// <summary>Streams of noise: β at s, π at s, π for the divergence, Easy BCQ's candidates.</summary>
    public const int BehaviourNoise = 0, PolicyNoise = 1, DivergenceNoise = 2, CandidateNoise = 3;

    /// <summary>The learner of configs, a policy each on one β and one Q. A policy is β until its own phase.</summary>
    /// <param name="draw">Where noise of the steps comes from; null draws it from seed and step.</param>
    public static Learner Learner(
        IReadOnlyList<Config> members, int observationSize, int actionSize, Draw? draw = null)
    {
        members.Validate(observationSize, actionSize);
        var config = members[0];
        (string, Shape)[] policy = [.. config.StateDependentStd
            ? SoftClampedPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)
            : GaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)];
        var (critics, targets) = Critics.Shapes(config.Critics, observationSize, config.HiddenSizes, actionSize);
        var blocks = Learners.Layouts([.. policy.Under("behaviour"), .. critics], targets, policy, [], members.Count);
        Phase[] phases =
        [
            (shared, policies, batch) => BehaviourStep(config, shared, policies, batch),
            (shared, policies, batch) => CriticStep(config, shared, policies, batch, withTargets: false),
            (shared, policies, batch) => CriticStep(config, shared, policies, batch, withTargets: true),
            (shared, policies, batch) => PolicyStep(config, shared, policies, batch, draw ?? Draws.Normal),
        ];
        return Learners.Of("onestep", members, blocks,
            BatchLayout.Of(config.BatchSize, observationSize, actionSize, nextActions: true),
            Shared, Learners.Network(config.Initialisation, "behaviour"), Act,
            config.LearnsPolicy ? phases : phases[..3]) with
        {
            OfflineOnly = "improves once on the policy that made the data",
            Explore = !config.LearnsPolicy ? null : rows =>
                Acting.Of(blocks, observationSize, actionSize, rows, (_, member, s) =>
                {
                    var (mean, logStd) = Distribution(config, member, s);
                    return GaussianPolicy.Sample(mean, logStd,
                        RandomNormal(Scalar("seed"), Scalar("decision"), PolicyNoise, mean.Shape));
                }),
            Value = StateValue.OfPolicy(blocks, Act),
            // A is measured from β's mean action: a look at the data draws nothing.
            Probe = config.Improvement != PolicyImprovement.ExponentialWeights ? null : rows =>
                Acting.Probe(blocks, observationSize, actionSize, rows, (shared, _, s, a) =>
                {
                    var value = Critics.Min(shared, s, Distribution(config, shared.Part("behaviour"), s).Mean);
                    var advantage = Critics.Min(shared, s, a) - value;
                    var weight = AdvantageWeighted.Weight(
                        advantage, Scalar(config.InverseTemperature), Scalar(config.MaxAdvantageWeight));
                    return (weight, advantage, value);
                }),
            Choose = step =>
                step < config.Phases.Behaviour ? 0
                : config.LearnsPolicy && step >= (long)config.Phases.Behaviour + config.Phases.Critic ? 3
                : (step - config.Phases.Behaviour + 1) % config.PolyakEvery == 0 ? 2 : 1,
        };

        void Shared(Seed seed, TensorBlock shared)
        {
            Initialisers.Network(config.Initialisation, seed.Split("behaviour"), shared, "behaviour");
            Critics.Initialise(config.Initialisation, seed, shared);
        }

        // π's mean action, or Easy BCQ's best sample of β.
        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows, (shared, member, s) =>
            !config.LearnsPolicy ? Best(config, shared, s, RandomNormal(
                Scalar("seed"), Scalar("decision"), CandidateNoise, new(rows, config.Candidates, actionSize)))
            : config.StateDependentStd ? SoftClampedPolicy.Of(member, s, 0, 1).Mean
            : GaussianPolicy.Mean(member, s, tanh: true));
    }

    /// <summary>The first phase: β ← minimise −mean ln β(a|s), and every policy is its copy.</summary>
    static Traced BehaviourStep(Config config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch)
    {
        var before = AdamState.In(shared, "behaviour");
        var (after, metrics) = ClonedPolicy.BehaviourStep(before, Scalar(config.BehaviourLearningRate),
            Distribution(config, before.Parameters.Part("behaviour"), batch["observations"]), batch["actions"]);
        var copy = after.Parameters.Part("behaviour").Entries().ToArray();
        return new(shared.With(after.Entries), policies.Select(policy => (policy.With(copy), Metrics.Empty)), metrics);
    }

    /// <summary>The second: Q ← minimise mean (r + γ (1−d) Q̂(s′,a′) − Q(s,a))².</summary>
    static Traced CriticStep(
        Config config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch, bool withTargets)
    {
        var next = Critics.MinTarget(shared, batch["nextObservations"], batch["nextActions"]);
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        var (critics, metrics) = Critics.Step(
            AdamState.In(shared, "critic1", "critic2"), target, batch["observations"], batch["actions"],
            Scalar("step") - config.Phases.Behaviour, Scalar(config.CriticLearningRate));
        var targets = withTargets ? Critics.TargetStep(shared, critics, Scalar(config.PolyakStep)) : [];
        return new(shared.With([.. critics.Entries, .. targets]),
            policies.Select(policy => (policy, Metrics.Empty)), metrics);
    }

    /// <summary>The third: the policies learn.</summary>
    static Traced PolicyStep(Config config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch, Draw draw)
    {
        if (config.Improvement == PolicyImprovement.ReverseKL) return new(
            shared, policies.Select((policy, i) => DivergenceStep(config, i, policy, shared, batch, draw)), []);
        var (advantage, baseline) = Advantage(config, shared, batch, draw);
        return new(shared, policies.Select((policy, i) => WeightedStep(config, i, policy, advantage, batch)),
            [("baselineMean", Mean(baseline)), .. ImplicitQLearning.AdvantageMetrics(advantage)]);
    }

    /// <summary>π ← minimise −mean(min(e^{T A}, cap) ln π(a|s)), for policy i of several: T is its own.</summary>
    static (TensorGroup Policy, Metrics Metrics) WeightedStep(
        Config config, int i, TensorGroup policy, Tensor advantage, TensorGroup batch)
    {
        var (s, a, cap) = (batch["observations"], batch["actions"], Scalar(config.MaxAdvantageWeight));
        var before = AdamState.In(policy);
        var weight = AdvantageWeighted.Weight(advantage, Scalar(config.InverseTemperature, i), cap);
        var (mean, logStd) = Distribution(config, before.Parameters, s);
        var density = GaussianPolicy.LogDensity(a, mean, logStd);
        var loss = AdvantageWeighted.Likelihood(weight, density);
        var (next, norm) = Adam.Descend(before, loss, PolicyUpdates(config), Scalar(config.PolicyLearningRate));
        return (policy.With(next.Entries),
        [
            ("policyLoss", loss), .. Acting.Weights(weight, cap), .. Acting.Fit(mean, logStd, density, a),
            ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>A = Q(s,a) − mean over samples b ~ β of Q(s,b), each b clipped, and that baseline: [B] each.</summary>
    static (Tensor Advantage, Tensor Baseline) Advantage(
        Config config, TensorGroup shared, TensorGroup batch, Draw draw)
    {
        var (s, bound) = (batch["observations"], Scalar(config.SampleBound));
        var (mean, logStd) = Distribution(config, shared.Part("behaviour"), s);
        var noise = draw(BehaviourNoise, new(config.BaselineSamples, mean.Shape[0], mean.Shape[1]));
        var samples = Clip(GaussianPolicy.Sample(mean, logStd, noise), -bound, bound);
        var baseline = Reshape(Mean(Critics.MinOfSamples(shared, s, samples), 0), new(s.Shape[0]));
        return (Critics.Min(shared, s, batch["actions"]) - baseline, baseline);
    }

    /// <summary>π ← minimise −mean Q(s,ã) + α KL(π ‖ β), ã ~ π as it falls, the divergence by samples of π.</summary>
    static (TensorGroup Policy, Metrics Metrics) DivergenceStep(
        Config config, int i, TensorGroup policy, TensorGroup shared, TensorGroup batch, Draw draw)
    {
        var (s, a, count) = (batch["observations"], batch["actions"], config.DivergenceSamples);
        var before = AdamState.In(policy);
        var (mean, logStd) = Distribution(config, before.Parameters, s);
        var q = Critics.Min(shared, s, GaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, mean.Shape)));

        // All samples of a row's first, [K·B, A].
        var noise = draw(DivergenceNoise, new(count, mean.Shape[0], mean.Shape[1]));
        var samples = Reshape(GaussianPolicy.Sample(mean, logStd, noise), new(count * mean.Shape[0], mean.Shape[1]));
        var (behaviourMean, behaviourLogStd) = Distribution(config, shared.Part("behaviour"), s);
        var divergence = ReverseDivergence.Estimate(Density(mean, logStd), Density(behaviourMean, behaviourLogStd));
        var loss = ReverseDivergence.Loss(q, divergence, Scalar(config.DivergenceWeight, i));
        var (next, norm) = Adam.Descend(before, loss, PolicyUpdates(config), Scalar(config.PolicyLearningRate));
        return (policy.With(next.Entries),
        [
            ("policyLoss", loss), ("policyQMean", Mean(q)), ("divergence", divergence),
            .. Acting.Fit(mean, logStd, GaussianPolicy.LogDensity(a, mean, logStd), a), ("policyGradientNorm", norm),
        ]);

        Tensor Density(Tensor mu, Tensor lnSigma) => GaussianPolicy.LogDensity(samples, Critics.Repeat(mu, count),
            lnSigma.Shape.Rank == 2 ? Critics.Repeat(lnSigma, count) : lnSigma);
    }

    /// <summary>Easy BCQ: of M samples of β at every s the one of the largest Q, [E, A].</summary>
    /// <param name="observations">s, [E, S].</param>
    /// <param name="noise">Standard normal, [E, M, A]: every row has its own.</param>
    public static Tensor Best(Config config, TensorGroup shared, Tensor observations, Tensor noise)
    {
        var (rows, count, size, s) = (noise.Shape[0], noise.Shape[1], noise.Shape[2], observations.Shape[1]);
        var (mean, logStd) = Distribution(config, shared.Part("behaviour"), observations);
        if (logStd.Shape.Rank == 2) logStd = Reshape(logStd, new(rows, 1, size));
        var bound = Scalar(config.SampleBound);
        var samples = Clip(GaussianPolicy.Sample(Reshape(mean, new(rows, 1, size)), logStd, noise), -bound, bound);
        var states = Broadcast(Reshape(observations, new(rows, 1, s)), new(rows, count, s));
        var all = Reshape(states, new(rows * count, s));
        var q = Reshape(Critics.Min(shared, all, Reshape(samples, new(rows * count, size))), new(rows, count));
        // Of several samples of exactly the largest Q, clipped ones that are equal, the mean is taken.
        var best = Equal(q, Max(q, 1));
        var share = Reshape(best / Sum(best, 1), new(rows, count, 1));
        return Reshape(Sum(share * samples, 1), new(rows, size));
    }

    /// <summary>μ(s), [B, A], and ln σ, [B, A] or [A], of β or π.</summary>
    static (Tensor Mean, Tensor LogStd) Distribution(Config config, TensorGroup parameters, Tensor observations)
    {
        var (min, max) = (Scalar(config.LogStdMin), Scalar(config.LogStdMax));
        return config.StateDependentStd
            ? SoftClampedPolicy.Of(parameters, observations, min, max)
            : (GaussianPolicy.Mean(parameters, observations, tanh: true), GaussianPolicy.LogStd(parameters, min, max));
    }

    /// <summary>Updates of the policies so far: this phase begins when the others are over.</summary>
    static Tensor PolicyUpdates(Config config) => Scalar("step") - config.Phases.Behaviour - config.Phases.Critic;
}
