using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>What the policy is.</summary>
public enum PolicyKind
{
    /// <summary>Diagonal Gaussian with a state-independent standard deviation.</summary>
    Gaussian,
    /// <summary>tanh(head), trained by squared error (CORL's hopper-medium).</summary>
    Deterministic,
}

/// <summary>How a stochastic policy acts when it is evaluated.</summary>
public enum ActionChoice
{
    /// <summary>The mean of a Gaussian, the most likely of discrete actions.</summary>
    Greedy,
    /// <summary>A draw of the policy, anew at each decision.</summary>
    Sampled,
}

/// <summary>The hyperparameters of a policy that learns the data's actions.</summary>
interface IClonedPolicyConfig : IAlgorithmConfig
{
    ActionKind Actions { get; }
    PolicyKind PolicyKind { get; }
    ActionChoice ActionChoice { get; }
    Widths HiddenSizes { get; }
    bool MeanTanh { get; }
    double LogStdMin { get; }
    double LogStdMax { get; }
    double Dropout { get; }
    double PolicyLearningRate { get; }
    LearningRateSchedule PolicySchedule { get; }
    double CosineSteps { get; }
}

/// <summary>A policy that learns the data's actions, weighted or not: categorical, Gaussian or deterministic.</summary>
static class ClonedPolicy
{
    /// <summary>Only a stochastic policy can be sampled.</summary>
    internal static void Check(IClonedPolicyConfig config) => Iql.Check.That(
        config.ActionChoice == ActionChoice.Greedy || config.Actions == ActionKind.Discrete
            || config.PolicyKind == PolicyKind.Gaussian,
        "actionChoice", "greedy for a deterministic policy", "sampled", "Only a stochastic policy can be sampled.");

    internal static IEnumerable<(string Name, Shape Shape)> Shapes(
        IClonedPolicyConfig config, int observationSize, int actionSize) =>
        config.Actions == ActionKind.Discrete
            ? CategoricalPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)
        : config.PolicyKind == PolicyKind.Gaussian
            ? GaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)
        : DeterministicPolicy.Shapes(observationSize, config.HiddenSizes, actionSize);

    /// <summary><see cref="IAlgorithmConfig.EndsWithRun"/> of a schedule.</summary>
    internal static string? EndsWithRun(LearningRateSchedule schedule) =>
        schedule == LearningRateSchedule.Constant ? null : $"policySchedule {ValueText.Kebab($"{schedule}")}";

    /// <summary>π ← minimise −mean(w ln π(a|s)), or mean(w · Σ (π(s) − a)²) where it is deterministic.</summary>
    /// <param name="s">Observations, [B, S].</param>
    /// <param name="a">Actions, [B, A]; one-hot where discrete.</param>
    /// <param name="w">Weights, [B]; null weighs all alike, and errors are a mean over dimensions too.</param>
    /// <param name="weights">Metrics of the weights.</param>
    internal static (AdamState Policy, Metrics Metrics) Step(
        IClonedPolicyConfig config, AdamState policy, Tensor s, Tensor a, Tensor? w = null, Metrics? weights = null)
    {
        var step = Scalar("step");
        var dropout = config.Dropout > 0 ? new Dropout(Scalar(config.Dropout), Scalar("seed"), step) : null;
        var (loss, fit) = Loss(config, policy.Parameters, s, a, w, dropout);
        var rate = Scalar(config.PolicyLearningRate);
        if (config.PolicySchedule == LearningRateSchedule.Cosine)
            rate = LearningRate.Cosine(rate, step, Scalar(config.CosineSteps));
        var (next, norm) = Adam.Descend(policy, loss, Learners.Updates(), rate);
        return (next,
        [
            ("policyLoss", loss), .. weights ?? [], .. fit, ("policyGradientNorm", norm), ("policyLearningRate", rate),
        ]);
    }

    /// <summary>β ← minimise −mean ln β(a|s), given μ(s) and ln σ(s) of β.</summary>
    internal static (AdamState Behaviour, Metrics Metrics) BehaviourStep(
        AdamState behaviour, Tensor learningRate, (Tensor Mean, Tensor LogStd) distribution, Tensor actions)
    {
        var loss = Cloning.Likelihood(GaussianPolicy.LogDensity(actions, distribution.Mean, distribution.LogStd));
        var (next, norm) = Adam.Descend(behaviour, loss, Learners.Updates(), learningRate);
        return (next, [("behaviourLoss", loss), ("behaviourGradientNorm", norm)]);
    }

    static (Tensor Loss, Metrics Fit) Loss(
        IClonedPolicyConfig config, TensorGroup policy, Tensor s, Tensor a, Tensor? w, Dropout? dropout)
    {
        if (config.Actions == ActionKind.Discrete)
        {
            var logProbabilities = CategoricalPolicy.LogProbabilities(policy, s, dropout);
            return (Likelihood(CategoricalPolicy.Of(logProbabilities, a)), Acting.Fit(logProbabilities, a));
        }
        if (config.PolicyKind == PolicyKind.Gaussian)
        {
            var mean = GaussianPolicy.Mean(policy, s, config.MeanTanh, dropout);
            var logStd = GaussianPolicy.LogStd(policy, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
            var logDensity = GaussianPolicy.LogDensity(a, mean, logStd);
            return (Likelihood(logDensity), Acting.Fit(mean, logStd, logDensity, a));
        }
        var action = DeterministicPolicy.Action(policy, s, dropout);
        return (w is null ? Cloning.SquaredError(action, a) : AdvantageWeighted.SquaredError(w, action, a),
            [("actionErrorMean", Mean(AdvantageWeighted.Error(action, a)))]);

        Tensor Likelihood(Tensor logDensity) =>
            w is null ? Cloning.Likelihood(logDensity) : AdvantageWeighted.Likelihood(w, logDensity);
    }

    /// <summary><see cref="Learner.Explore"/>: always drawn. Null of a deterministic policy.</summary>
    internal static Func<int, GraphFunction>? Explore(
        IClonedPolicyConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize) =>
        config.Actions == ActionKind.Continuous && config.PolicyKind == PolicyKind.Deterministic ? null
            : rows => Act(config, blocks, observationSize, actionSize, rows, ActionChoice.Sampled);

    /// <summary><see cref="Learner.LogProbability"/>; null of a deterministic policy.</summary>
    internal static Func<int, GraphFunction>? LogProbability(
        IClonedPolicyConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize) =>
        config.Actions == ActionKind.Continuous && config.PolicyKind == PolicyKind.Deterministic ? null
            : Acting.LogProbability(blocks, observationSize, actionSize, (policy, s, a) =>
                config.Actions == ActionKind.Discrete
                    ? CategoricalPolicy.Of(CategoricalPolicy.LogProbabilities(policy, s), a)
                    : GaussianPolicy.LogDensity(a, GaussianPolicy.Mean(policy, s, config.MeanTanh),
                        GaussianPolicy.LogStd(policy, Scalar(config.LogStdMin), Scalar(config.LogStdMax))));

    /// <summary>What it does when it is evaluated, greedy or drawn.</summary>
    /// <param name="choice">Null takes the config's.</param>
    internal static GraphFunction Act(
        IClonedPolicyConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows,
        ActionChoice? choice = null)
    {
        var (seed, decision, shape) = (Scalar("seed"), Scalar("decision"), new Shape(rows, actionSize));
        var sampled = (choice ?? config.ActionChoice) == ActionChoice.Sampled;
        return Acting.Of(blocks, observationSize, actionSize, rows, (_, policy, s) =>
        {
            if (config.Actions == ActionKind.Discrete)
            {
                var logits = Mlp.Apply(policy, s);
                return sampled ? CategoricalPolicy.Sample(logits, RandomUniform(seed, decision, 0, shape))
                    : CategoricalPolicy.Greedy(logits);
            }
            if (config.PolicyKind == PolicyKind.Deterministic) return DeterministicPolicy.Action(policy, s);
            var mean = GaussianPolicy.Mean(policy, s, config.MeanTanh);
            if (!sampled) return mean;
            var logStd = GaussianPolicy.LogStd(policy, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
            return GaussianPolicy.Sample(mean, logStd, RandomNormal(seed, decision, 0, shape));
        });
    }
}
