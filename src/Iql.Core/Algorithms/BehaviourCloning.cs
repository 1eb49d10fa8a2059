using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>
/// Behaviour cloning, as traced functions, of all data or of the best share of them (10%BC):
/// <code>
/// policy step    π  ← minimise mean over batch and dimensions of (π(s) − a)²      deterministic
///                π  ← minimise −mean ln π(a|s)                                    Gaussian, categorical
/// </code>
/// Nothing is shared: block 0 of the state is empty.
/// </summary>
/// <remarks>CORL's any_percent_bc.py (deterministic, by trajectories); kzl/decision-transformer's %BC (by time steps).</remarks>
public static class BehaviourCloning
{
    /// <summary>The learner of a config. It clones all rows that it gets: the config's <c>Selection</c>.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    public static Learner Learner(BehaviourCloningConfig config, int observationSize, int actionSize)
    {
        BehaviourCloningConfig[] members = [config];
        members.Validate(observationSize, actionSize);
        var policy = Acting.Shapes(config.Actions, config.PolicyKind, observationSize, config.HiddenSizes, actionSize);
        var blocks = Learners.Layouts([], [], [.. policy], [], members: 1);
        Layout batch =
            new("batch",
                [("observations", new(config.BatchSize, observationSize)),
                    ("actions", new(config.BatchSize, actionSize))]);
        return Learners.Of("bc", members, blocks, batch,
            Learners.Start(blocks, (_, _) => { }, (seed, block) =>
                Initialisers.Network(config.Initialisation, seed.Split("policy"), block, "")),
            rows => Acting.Of(blocks, observationSize, actionSize, rows, config.Actions, config.PolicyKind,
                config.MeanTanh,
                config.ActionChoice, Scalar(config.LogStdMin), Scalar(config.LogStdMax)),
            (shared, policies, columns) =>
            {
                var (next, metrics) =
                    PolicyStep(config, AdamState.In(policies[0]), columns["observations"], columns["actions"]);
                return (shared, [(policies[0].With(next.Entries), metrics)], []);
            });
    }

    /// <summary>π ← minimise its squared error, or −mean ln π(a|s).</summary>
    /// <param name="config">Kind of actions and of policy, tanh, dropout and schedule.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A]; one-hot where discrete.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(BehaviourCloningConfig config, AdamState policy,
        Tensor observations, Tensor actions)
    {
        var step = Scalar("step");
        var dropout = config.Dropout > 0 ? new Dropout(Scalar(config.Dropout), Scalar("seed"), step) : null;
        Tensor loss;
        Metrics fit;
        if (config.Actions == ActionKind.Discrete)
        {
            var logProbabilities = CategoricalPolicy.LogProbabilities(policy.Parameters, observations, dropout);
            loss = Cloning.Likelihood(CategoricalPolicy.Of(logProbabilities, actions));
            fit = Acting.Fit(logProbabilities, actions);
        }
        else
        {
            var action = config.PolicyKind == PolicyKind.Gaussian
                ? GaussianPolicy.Mean(policy.Parameters, observations, config.MeanTanh, dropout)
                : DeterministicPolicy.Action(policy.Parameters, observations, dropout);
            if (config.PolicyKind == PolicyKind.Gaussian)
            {
                var logStd =
                    GaussianPolicy.LogStd(policy.Parameters, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
                var logDensity = GaussianPolicy.LogDensity(actions, action, logStd);
                loss = Cloning.Likelihood(logDensity);
                fit = Acting.Fit(action, logStd, logDensity, actions);
            }
            else
            {
                loss = Cloning.SquaredError(action, actions);
                fit = [("actionErrorMean", Mean(AdvantageWeighted.Error(action, actions)))];
            }
        }
        var rate = Scalar(config.PolicyLearningRate);
        if (config.PolicySchedule == LearningRateSchedule.Cosine) rate =
            LearningRate.Cosine(rate, step, Scalar(config.CosineSteps));
        var (next, norm) = Adam.Descend(policy, loss, step, rate);
        return (next, [("policyLoss", loss), .. fit, ("policyGradientNorm", norm), ("policyLearningRate", rate)]);
    }
}
