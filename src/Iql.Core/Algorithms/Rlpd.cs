using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>
/// RLPD, soft actor-critic with an ensemble of critics that are normalised (Ball, Smith, Kostrikov and Levine 2023,
/// arXiv:2302.02948), as traced functions:
/// <code>
/// critic step    Qᵢ ← minimise mean over critics and rows of ( y − Qᵢ(s,a) )²
///                y = r + γ (1−d) ( min over drawn j of Q̂ⱼ(s′,ã′) − α ln π(ã′|s′) ),  ã′ ~ π(·|s′)
/// targets        Q̂ ← ρ Q + (1−ρ) Q̂
/// policy step    π ← minimise mean( α ln π(ã|s) − mean over critics of Qᵢ(s,ã) ),  ã ~ π(·|s)
/// temperature    ln α ← minimise −α mean( ln π(ã|s) + H̄ )
/// </code>
/// The policy and the temperature move at every PolicyDelay-th step, after the critics: two programs.
/// </summary>
/// <remarks>As ikostrikov/rlpd @c90fd4b; docs/algorithms/rlpd.md has the differences. It is made to learn online: half
/// of each batch is from a data set, half from its own acting, with many updates a step. Nothing holds its policy to
/// the data. So on a data set alone, unlike IQL or CQL, it overestimates actions outside of it.</remarks>
public static class Rlpd
{
    /// <summary>Streams of noise: of ã and ã′, [B, A], and of the drawn critics, uniform [Ensemble].</summary>
    public const int PolicyNoise = 0, TargetNoise = 1, DrawnCritics = 2;

    const string TemperatureName = "temperature/log";

    /// <summary>The learner of a config: it trains one policy.</summary>
    /// <param name="draw">Normal numbers; null draws them from seed and step, as it does uniform ones.</param>
    public static Learner Learner(
        RlpdConfig config, int observationSize, int actionSize, Draw? draw = null, Draw? uniform = null)
    {
        RlpdConfig[] members = [config];
        members.Validate(observationSize, actionSize);
        var (critics, targets) = Critics.Shapes(
            config.Ensemble, observationSize, config.HiddenSizes, actionSize, layerNorm: config.LayerNorm);
        (string, Shape)[] policy =
            [.. TanhGaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize, learnedLogStd: false)];
        var blocks = Learners.Layouts([.. critics, (TemperatureName, new(1))], targets, policy, [], members: 1);
        return Learners.Of("rlpd", members, blocks, BatchLayout.Of(config.BatchSize, observationSize, actionSize),
            Shared, Learners.Network(config.Initialisation, "policy"), Act,
            Program(withPolicy: true), Program(withPolicy: false)) with
        {
            Explore = rows => Acting.Of(blocks, observationSize, actionSize, rows,
                (_, parameters, s) => Acting.Sample(Head(config, parameters, s))),
            LogProbability = Acting.LogProbability(blocks, observationSize, actionSize,
                (parameters, s, a) => Acting.LogDensity(Head(config, parameters, s), a, Scalar(config.ActionLimit))),
            Value = StateValue.OfPolicy(blocks, Act),
            Choose = step => (step + 1) % config.PolicyDelay == 0 ? 0 : 1,
        };

        Phase Program(bool withPolicy) => (shared, policies, batch) =>
            Step(config, shared, policies[0], batch, withPolicy, draw ?? Draws.Normal, uniform ?? Draws.Uniform);

        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows,
            (_, parameters, s) => Tanh(Head(config, parameters, s).Mean));

        void Shared(Seed seed, TensorBlock shared)
        {
            Critics.Initialise(config.Initialisation, seed, shared);
            shared.Write(TemperatureName, [(float)config.InitialLogTemperature]);
        }
    }

    static Traced Step(RlpdConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, bool withPolicy,
        Draw draw, Draw uniform)
    {
        var limit = Scalar(config.ActionLimit);
        var (s, a) = (batch["observations"], Clip(batch["actions"], -limit, limit));
        var temperature = AdamState.In(shared, "temperature");
        var alpha = StopGradient(Exp(Reshape(temperature.Parameters[TemperatureName], Shape.Scalar)));
        // A constant: the critics after the step, which the policy climbs, came of it.
        var next = StopGradient(NextValue(config, shared, policy, batch["nextObservations"], alpha, draw, uniform));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        var (critics, criticMetrics) = Critics.Step(
            AdamState.In(shared, [.. Enumerable.Range(1, config.Ensemble).Select(i => $"critic{i}")]), target, s, a,
            Learners.Updates(), Scalar(config.CriticLearningRate),
            (y, q) => TemporalDifference.Squared(y, q) / config.Ensemble);
        (string, Tensor)[] moved =
            [.. critics.Entries, .. Critics.TargetStep(shared, critics, Scalar(config.PolyakStep))];
        criticMetrics = [.. criticMetrics, ("temperature", alpha)];
        if (!withPolicy) return new(shared.With(moved), [(policy, [])], criticMetrics);

        var (updates, rate) = (Learners.Updates(config.PolicyDelay), Scalar(config.PolicyLearningRate));
        var actor = AdamState.In(policy);
        var (mean, logStd) = Head(config, actor.Parameters, s);
        var (action, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, a.Shape));
        var q = Critics.Average(critics.Parameters, s, action);
        var loss = SoftActorCritic.Policy(alpha, logDensity, q);
        var (after, norm) = Adam.Descend(actor, loss, updates, rate);
        var temperatureLoss = SoftActorCritic.ExactTemperature(
            temperature.Parameters[TemperatureName], logDensity, Scalar(config.TargetEntropy) * a.Shape[1]);
        var (warmer, _) = Adam.Descend(temperature, temperatureLoss, updates, rate);
        return new(shared.With([.. moved, .. warmer.Entries]),
        [
            (policy.With(after.Entries),
            [
                ("policyLoss", loss), ("policyQMean", Mean(q)), ("sampledLogProbabilityMean", Mean(logDensity)),
                ("logStdMean", Mean(logStd)), ("actionErrorMean", Mean(AdvantageWeighted.Error(Tanh(mean), a))),
                ("policyGradientNorm", norm),
            ]),
        ],
        [.. criticMetrics, ("temperatureLoss", temperatureLoss)]);
    }

    /// <summary>min over TargetCritics drawn critics of Q̂ⱼ(s′, ã′), [B]; less α ln π(ã′|s′), if it counts.</summary>
    static Tensor NextValue(RlpdConfig config, TensorGroup shared, TensorGroup policy, Tensor next, Tensor alpha,
        Draw draw, Draw uniform)
    {
        var (mean, logStd) = Head(config, policy, next);
        var (action, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(TargetNoise, mean.Shape));
        var values = Critics.EachTarget(shared, next, action);
        var least = config.TargetCritics == config.Ensemble ? values.Aggregate(Minimum)
            : Least(values, uniform(DrawnCritics, new(config.Ensemble)), config.TargetCritics);
        return config.EntropyInBackup ? least - alpha * logDensity : least;
    }

    /// <summary>The minimum over the values whose numbers in u are among the count smallest.</summary>
    static Tensor Least(Tensor[] values, Tensor u, int count)
    {
        const double left = 1e30; // larger than any value, and finite: 0 · left is 0
        return values.Select((value, i) =>
        {
            var smaller = Reshape(Sum(Slice(u, 0, i, 1) > u, 0), Shape.Scalar);
            return value + left * (smaller >= count);
        }).Aggregate(Minimum);
    }

    static (Tensor Mean, Tensor LogStd) Head(RlpdConfig config, TensorGroup policy, Tensor observations) =>
        TanhGaussianPolicy.Head(policy, observations, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
}
