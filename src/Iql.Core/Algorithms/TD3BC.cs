using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>
/// TD3+BC (Fujimoto and Gu 2021, arXiv:2106.06860), as traced functions:
/// <code>
/// critic step    Q  ← minimise mean ( r + γ (1−d) min Q̂(s′, ã′) − Q(s,a) )², for both critics
///                ã′ = clip( π̂(s′) + clip(noise, ±c), ±1 )                                   target smoothing
/// policy step    π  ← minimise −λ mean Q₁(s,π(s)) + mean (π(s) − a)²,  λ = α / mean |Q₁(s,π(s))|
/// targets        Q̂ ← α Q + (1−α) Q̂,  π̂ ← α π + (1−α) π̂
/// </code>
/// The policy step and the targets come at every second step (PolicyDelay), after the critics: two programs.
/// </summary>
/// <remarks>As in sfujim/TD3_BC. There, observations are normalised before (<see cref="Normalization"/>).</remarks>
public static class TD3BC
{
    /// <summary>Stream of the noise on the target policy's action.</summary>
    public const int TargetNoise = 0;

    /// <summary>The learner of a config: it trains one policy.</summary>
    /// <param name="draw">Where noise comes from; null draws it from seed and step.</param>
    public static Learner Learner(TD3BCConfig config, int observationSize, int actionSize, Draw? draw = null)
    {
        TD3BCConfig[] members = [config];
        members.Validate(observationSize, actionSize);
        var (critics, targets) = Critics.Shapes(2, observationSize, config.HiddenSizes, actionSize);
        (string, Shape)[] policy = [.. DeterministicPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)];
        var blocks = Learners.Layouts(critics, targets, policy, policy.Under("target"), members: 1);
        return Learners.Of("td3bc", members, blocks, BatchLayout.Of(config.BatchSize, observationSize, actionSize),
            (seed, shared) => Critics.Initialise(config.Initialisation, seed, shared), Policy, Act,
            Program(withPolicy: true), Program(withPolicy: false)) with
        {
            Value = StateValue.OfPolicy(blocks, Act),
            Choose = step => (step + 1) % config.PolicyDelay == 0 ? 0 : 1,
        };

        Phase Program(bool withPolicy) => (shared, policies, batch) =>
            Step(config, shared, policies[0], batch, withPolicy, draw ?? Draws.Normal);

        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows,
            (_, parameters, s) => Scalar(config.MaxAction) * DeterministicPolicy.Action(parameters, s));

        void Policy(Seed seed, TensorBlock block)
        {
            Initialisers.Network(config.Initialisation, seed.Split("policy"), block, "");
            foreach (var (name, _) in policy) block.Write($"target/{name}", block.Read(name));
        }
    }

    /// <summary>One whole step on symbols, of a policy that learns or one that waits; targets wait with it.</summary>
    static Traced Step(
        TD3BCConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, bool withPolicy, Draw draw)
    {
        var (s, a) = (batch["observations"], batch["actions"]);
        var (smoothed, noiseMetrics) = Smoothed(config, policy, batch["nextObservations"], draw);
        var next = Critics.MinTarget(shared, batch["nextObservations"], smoothed);
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        var (critics, criticMetrics) = Critics.Step(AdamState.In(shared, "critic1", "critic2"), target, s, a,
            Learners.Updates(), Scalar(config.CriticLearningRate));
        if (!withPolicy) return new(shared.With(critics.Entries), [(policy, [])], [.. criticMetrics, .. noiseMetrics]);

        var (after, policyMetrics) = PolicyStep(config, AdamState.In(policy), critics.Parameters, s, a);
        var alpha = Scalar(config.PolyakStep);
        var moved = Polyak.Step(policy.Part("target"), after.Parameters, alpha).Entries().Under("target");
        return new(
            shared.With([.. critics.Entries, .. Critics.TargetStep(shared, critics, alpha)]),
            [(policy.With([.. after.Entries, .. moved]), policyMetrics)],
            [.. criticMetrics, .. noiseMetrics]);
    }

    /// <summary>π ← minimise −λ mean Q₁(s, π(s)) + mean (π(s) − a)².</summary>
    static (AdamState Policy, Metrics Metrics) PolicyStep(
        TD3BCConfig config, AdamState policy, TensorGroup critics, Tensor s, Tensor a)
    {
        var action = Scalar(config.MaxAction) * DeterministicPolicy.Action(policy.Parameters, s);
        var q = Critics.Q(critics, "critic1", s, action);
        var scale = RegularisedPolicy.Scale(q, Scalar(config.Alpha));
        var loss = RegularisedPolicy.Loss(scale, q, action, a);
        var (next, norm) = Adam.Descend(
            policy, loss, Learners.Updates(config.PolicyDelay), Scalar(config.PolicyLearningRate));
        return (next,
        [
            ("policyLoss", loss), ("policyQMean", Mean(q)), ("criticScale", scale),
            ("cloningLoss", Cloning.SquaredError(action, a)),
            ("actionErrorMean", Mean(AdvantageWeighted.Error(action, a))), ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>ã′ = clip(π̂(s′) + clip(σ M n, ±c M), ±M), n standard normal: target smoothing.</summary>
    /// <remarks>Fujimoto, van Hoof and Meger 2018, arXiv:1802.09477, section 5.3.</remarks>
    static (Tensor Action, Metrics Metrics) Smoothed(TD3BCConfig config, TensorGroup policy, Tensor next, Draw draw)
    {
        var largest = Scalar(config.MaxAction);
        var action = largest * DeterministicPolicy.Action(policy.Part("target"), next);
        var bound = Scalar(config.NoiseClip) * largest;
        var noise = Clip(Scalar(config.PolicyNoise) * largest * draw(TargetNoise, action.Shape), -bound, bound);
        var moved = Clip(action + noise, -largest, largest);
        return (moved,
        [
            ("targetNoiseAbsMean", Mean(Abs(noise))), ("targetNoiseClipped", Mean(Abs(noise) >= bound)),
            ("targetActionClipped", Mean(Abs(moved) >= largest)),
        ]);
    }
}
