using System.Collections.Immutable;
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
    /// <summary>Streams of the noise of β at s, of π at s, of π for the divergence, and of Easy BCQ's candidates.</summary>
    public const int BehaviourNoise = 0, PolicyNoise = 1, DivergenceNoise = 2, CandidateNoise = 3;

    /// <summary>The learner of configs, a policy each on one β and one Q. A policy is β until its own phase.</summary>
    /// <param name="members">Configs; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="draw">Where noise of the steps comes from; null draws it from seed and step.</param>
    public static Learner Learner(IReadOnlyList<OnestepConfig> members, int observationSize, int actionSize,
        Draw? draw = null)
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
            (shared, policies, batch) => Behaviour(config, shared, policies, batch),
            (shared, policies, batch) => Critic(config, shared, policies, batch, withTargets: false),
            (shared, policies, batch) => Critic(config, shared, policies, batch, withTargets: true),
            .. config.LearnsPolicy
                ? [(shared, policies, batch) => Improve(config, shared, policies, batch, draw ?? Draws.Normal)]
                    : Array.Empty<Phase>(),
        ];
        return Learners.Of("onestep", members, blocks,
            BatchLayout.Of(config.BatchSize, observationSize, actionSize, nextActions: true),
            Learners.Start(blocks, Shared, (seed, block) =>
                Initialisers.Network(config.Initialisation, seed.Split("behaviour"), block, "")),
            Act, phases) with
        {
            Value = StateValue.OfPolicy(blocks, Act),
            // A is measured from β's mean action: a look at the data draws nothing.
            Probe = config.Improvement != PolicyImprovement.ExponentialWeights ? null : rows =>
                Acting.Probe(blocks, observationSize, actionSize, rows, (shared, _, s, a) =>
                {
                    var value = Critics.Least(shared, s, Distribution(config, shared.Part("behaviour"), s).Mean);
                    var advantage = Critics.Least(shared, s, a) - value;
                    var weight =
                        AdvantageWeighted.Weight(advantage, Scalar(config.InverseTemperature),
                            Scalar(config.MaxAdvantageWeight));
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
            !config.LearnsPolicy
                ? Best(config, shared, s,
                    RandomNormal(Scalar("seed"), Scalar("decision"), CandidateNoise,
                        new(rows, config.Candidates, actionSize)))
            : config.StateDependentStd ? SoftClampedPolicy.Of(member, s, 0, 1).Mean
                : GaussianPolicy.Mean(member, s, tanh: true));
    }

    /// <summary>The first phase: β learns, and every policy is its copy.</summary>
    static (TensorGroup, IEnumerable<(TensorGroup, Metrics)>, Metrics) Behaviour(
        OnestepConfig config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch)
    {
        var (behaviour, metrics) = BehaviourStep(config, AdamState.In(shared, "behaviour"), batch);
        var copy = behaviour.Parameters.Part("behaviour").Entries().ToArray();
        return (shared.With(behaviour.Entries), policies.Select(policy => (policy.With(copy), Metrics.Empty)), metrics);
    }

    /// <summary>The second: Q learns.</summary>
    static (TensorGroup, IEnumerable<(TensorGroup, Metrics)>, Metrics) Critic(
        OnestepConfig config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch, bool withTargets)
    {
        var (critics, metrics) = CriticStep(config, shared, batch);
        var targets = withTargets ? Critics.TargetStep(shared, critics, Scalar(config.PolyakStep)) : [];
        return (shared.With([.. critics.Entries, .. targets]), policies.Select(policy => (policy, Metrics.Empty)),
            metrics);
    }

    /// <summary>The third: the policies learn.</summary>
    static (TensorGroup, IEnumerable<(TensorGroup, Metrics)>, Metrics) Improve(
        OnestepConfig config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch, Draw draw)
    {
        if (config.Improvement == PolicyImprovement.ReverseKL)
            return (shared, policies.Select((policy, i) => DivergenceStep(config, i, policy, shared, batch, draw)), []);
        var (advantage, baseline) = Advantage(config, shared, batch, draw);
        return (shared, policies.Select((policy, i) => WeightedStep(config, i, policy, advantage, batch)),
            [("baselineMean", Mean(baseline)), .. ImplicitQLearning.AdvantageMetrics(advantage)]);
    }

    /// <summary>β ← minimise −mean ln β(a|s).</summary>
    /// <param name="config">Kind of deviation.</param>
    /// <param name="behaviour">β, its tensors under "behaviour/…", with its moments.</param>
    /// <param name="batch">observations and actions.</param>
    /// <returns>β after, and its metrics.</returns>
    public static (AdamState Behaviour, Metrics Metrics) BehaviourStep(OnestepConfig config, AdamState behaviour,
        TensorGroup batch)
    {
        var density =
            LogDensity(config, behaviour.Parameters.Part("behaviour"), batch["observations"], batch["actions"]);
        var loss = Cloning.Likelihood(density);
        var (next, norm) = Adam.Descend(behaviour, loss, Scalar("step"), Scalar(config.BehaviourLearningRate));
        return (next, [("behaviourLoss", loss), ("behaviourGradientNorm", norm)]);
    }

    /// <summary>Q ← minimise mean (r + γ (1−d) Q̂(s′,a′) − Q(s,a))².</summary>
    /// <param name="config">γ and the learning rate.</param>
    /// <param name="shared">Critics, targets, moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations, nextActions.</param>
    /// <returns>Critics after, and their metrics.</returns>
    public static (AdamState Critics, Metrics Metrics) CriticStep(OnestepConfig config, TensorGroup shared,
        TensorGroup batch)
    {
        var next = Critics.LeastTarget(shared, batch["nextObservations"], batch["nextActions"]);
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        return Critics.Step(AdamState.In(shared, "critic1", "critic2"), target, batch["observations"], batch["actions"],
            Scalar("step") - config.Phases.Behaviour, Scalar(config.CriticLearningRate));
    }

    /// <summary>π ← minimise −mean(min(e^{T A}, cap) ln π(a|s)).</summary>
    /// <param name="config">Kind of deviation.</param>
    /// <param name="number">Which of the policies it is, from 0: T is its own.</param>
    /// <param name="policy">π with its moments, as a block has them.</param>
    /// <param name="advantage">A, [B].</param>
    /// <param name="batch">observations and actions; actions are not clipped.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (TensorGroup Policy, Metrics Metrics) WeightedStep(
        OnestepConfig config, int number, TensorGroup policy, Tensor advantage, TensorGroup batch)
    {
        var (s, a, cap) = (batch["observations"], batch["actions"], Scalar(config.MaxAdvantageWeight));
        var before = AdamState.In(policy);
        var weight = AdvantageWeighted.Weight(advantage, Scalar(config.InverseTemperature, number), cap);
        var (mean, logStd) = Distribution(config, before.Parameters, s);
        var density = GaussianPolicy.LogDensity(a, mean, logStd);
        var loss = AdvantageWeighted.Likelihood(weight, density);
        var (next, norm) = Adam.Descend(before, loss, PolicyUpdates(config), Scalar(config.PolicyLearningRate));
        return (policy.With(next.Entries),
            [("policyLoss", loss), .. Acting.Weights(weight, cap), .. Acting.Fit(mean, logStd, density, a),
                ("policyGradientNorm", norm)]);
    }

    /// <summary>A = Q(s,a) − mean over samples b ~ β of Q(s,b), each b clipped, and that baseline: [B] each.</summary>
    /// <param name="config">Number of samples.</param>
    /// <param name="shared">β and critics.</param>
    /// <param name="batch">observations and actions.</param>
    /// <param name="draw">Where noise comes from.</param>
    public static (Tensor Advantage, Tensor Baseline) Advantage(OnestepConfig config, TensorGroup shared,
        TensorGroup batch, Draw draw)
    {
        var (s, count) = (batch["observations"], config.BaselineSamples);
        var (mean, logStd) = Distribution(config, shared.Part("behaviour"), s);
        var noise = draw(BehaviourNoise, new(count, mean.Shape[0], mean.Shape[1]));
        var samples =
            Clip(GaussianPolicy.Sample(mean, logStd, noise), -Scalar(config.SampleBound), Scalar(config.SampleBound));
        var baseline = Reshape(Mean(Critics.LeastOfSamples(shared, s, samples), 0), new(s.Shape[0]));
        return (Critics.Least(shared, s, batch["actions"]) - baseline, baseline);
    }

    /// <summary>π ← minimise −mean Q(s,ã) + α KL(π ‖ β), ã ~ π as it falls, the divergence by samples of π.</summary>
    /// <param name="config">Kind of deviation and number of samples.</param>
    /// <param name="number">Which of the policies it is, from 0: α is its own.</param>
    /// <param name="policy">π with its moments, as a block has them.</param>
    /// <param name="shared">β and critics, constants here.</param>
    /// <param name="batch">observations and actions.</param>
    /// <param name="draw">Where noise comes from.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (TensorGroup Policy, Metrics Metrics) DivergenceStep(
        OnestepConfig config, int number, TensorGroup policy, TensorGroup shared, TensorGroup batch, Draw draw)
    {
        var (s, a, count) = (batch["observations"], batch["actions"], config.DivergenceSamples);
        var before = AdamState.In(policy);
        var (mean, logStd) = Distribution(config, before.Parameters, s);
        var q = Critics.Least(shared, s, GaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, mean.Shape)));

        var samples = Samples(mean, logStd, draw(DivergenceNoise, new(count, mean.Shape[0], mean.Shape[1])));
        var (behaviourMean, behaviourLogStd) = Distribution(config, shared.Part("behaviour"), s);
        var divergence = ReverseDivergence.Estimate(
            GaussianPolicy.LogDensity(samples, Repeat(mean, count), Spread(logStd, count)),
            GaussianPolicy.LogDensity(samples, Repeat(behaviourMean, count), Spread(behaviourLogStd, count)));
        var loss = ReverseDivergence.Loss(q, divergence, Scalar(config.DivergenceWeight, number));
        var (next, norm) = Adam.Descend(before, loss, PolicyUpdates(config), Scalar(config.PolicyLearningRate));
        return (policy.With(next.Entries),
        [
            ("policyLoss", loss), ("policyQMean", Mean(q)), ("divergence", divergence),
            .. Acting.Fit(mean, logStd, GaussianPolicy.LogDensity(a, mean, logStd), a), ("policyGradientNorm", norm),
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
        var bound = Scalar(config.SampleBound);
        var samples = Clip(GaussianPolicy.Sample(Reshape(mean, new(rows, 1, size)), logStd, noise), -bound, bound);
        var states =
            Broadcast(Reshape(observations, new(rows, 1, observations.Shape[1])),
                new(rows, count, observations.Shape[1]));
        var all = Reshape(states, new(rows * count, observations.Shape[1]));
        var q = Reshape(Critics.Least(shared, all, Reshape(samples, new(rows * count, size))), new(rows, count));
        // Of several samples of exactly the largest Q, clipped ones that are equal, the mean is taken.
        var best = Equal(q, Max(q, 1));
        var share = Reshape(best / Sum(best, 1), new(rows, count, 1));
        return Reshape(Sum(share * samples, 1), new(rows, size));
    }

    /// <summary>μ(s), [B, A], and ln σ, [B, A] or [A], of β or π.</summary>
    static (Tensor Mean, Tensor LogStd) Distribution(OnestepConfig config, TensorGroup parameters, Tensor observations)
    {
        var (min, max) = (Scalar(config.LogStdMin), Scalar(config.LogStdMax));
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
        Reshape(Broadcast(Reshape(x, new(1, x.Shape[0], x.Shape[1])), new(count, x.Shape[0], x.Shape[1])),
            new(count * x.Shape[0], x.Shape[1]));

    static Tensor Spread(Tensor logStd, int count) => logStd.Shape.Rank == 2 ? Repeat(logStd, count) : logStd;

    /// <summary>Updates of the policies so far: this phase begins when the others are over.</summary>
    static Tensor PolicyUpdates(OnestepConfig config) =>
        Scalar("step") - config.Phases.Behaviour - config.Phases.Critic;
}
