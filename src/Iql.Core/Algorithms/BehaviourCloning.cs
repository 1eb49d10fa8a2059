using System.Collections.Immutable;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
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
/// <remarks>CORL's any_percent_bc.py (deterministic, by trajectories); kzl/decision-transformer's %BC (by time steps, on stacked states: here on one).</remarks>
public static class BehaviourCloning
{
    static readonly StepCache<BehaviourCloningConfig> Steps = new(
        (config, observationSize, actionSize, _) => Learner(config, observationSize, actionSize), config => config.Structure);

    /// <summary>The data a config clones: the best share of them. Choose before normalising, so that returns are the task's own.</summary>
    public static Transitions Select(BehaviourCloningConfig config, Transitions transitions) =>
        BestEpisodes.Of(transitions, config.Validate().BestShare, config.BestBy);

    /// <summary>The learner of a config. It clones all rows it is given: choose them by <see cref="Select"/>.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    public static Learner Learner(BehaviourCloningConfig config, int observationSize, int actionSize)
    {
        config.Validate();
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        (string, Shape)[] policy = [.. Acting.Shapes(config.Actions, config.PolicyKind, observationSize, config.HiddenSizes, actionSize)];
        ImmutableArray<Layout> blocks = [new("shared", []), new("policy0", [.. policy, .. AdamState.Moments(policy)])];
        Layout batch = new("batch", [("observations", new(config.BatchSize, observationSize)), ("actions", new(config.BatchSize, actionSize))]);

        var (state, columns) = (blocks[1].Inputs(), batch.Inputs());
        var (next, metrics) = PolicyStep(config, AdamState.In(state), columns["observations"], columns["actions"]);
        (string Name, double Value)[] values =
        [
            ("policyLearningRate", config.PolicyLearningRate), ("cosineSteps", config.CosineSteps), ("logStdMin", config.LogStdMin),
            ("logStdMax", config.LogStdMax), ("dropout", config.Dropout),
        ];
        return new("bc", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [blocks[0].Inputs(), state.With(next.Entries)],
                [.. metrics.Select(metric => ($"0:{metric.Name}", metric.Value))]),
            [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            rows => Acting.Of(blocks, observationSize, actionSize, rows, config.Actions, config.PolicyKind, config.MeanTanh, config.ActionChoice));
    }

    /// <summary>π ← minimise its squared error, or −mean ln π(a|s).</summary>
    /// <param name="config">Kind of actions and of policy, tanh, dropout and schedule.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A]; one-hot where discrete.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(BehaviourCloningConfig config, AdamState policy, Tensor observations, Tensor actions)
    {
        var step = Scalar("step");
        var dropout = config.Dropout > 0 ? new Dropout(Scalar("dropout"), Scalar("seed"), step) : null;
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
                ? GaussianPolicy.Mean(policy.Parameters, observations, config.MeanTanh, dropout) : DeterministicPolicy.Action(policy.Parameters, observations, dropout);
            loss = Cloning.SquaredError(action, actions);
            fit = [("actionErrorMean", Mean(AdvantageWeighted.Error(action, actions)))];
            if (config.PolicyKind == PolicyKind.Gaussian)
            {
                var logStd = GaussianPolicy.LogStd(policy.Parameters, Scalar("logStdMin"), Scalar("logStdMax"));
                var logDensity = GaussianPolicy.LogDensity(actions, action, logStd);
                loss = Cloning.Likelihood(logDensity);
                fit = [("logProbabilityMean", Mean(logDensity)), ("policyEntropy", GaussianPolicy.Entropy(logStd)), ("logStdMean", Mean(logStd)), .. fit];
            }
        }
        var rate = Scalar("policyLearningRate");
        if (config.PolicySchedule == LearningRateSchedule.Cosine) rate = LearningRate.Cosine(rate, step, Scalar("cosineSteps"));
        var (next, norm) = Adam.Descend(policy, loss, step, rate);
        return (next,
        [
            ("policyLoss", loss), .. fit, ("policyGradientNorm", norm), ("policyLearningRate", rate),
        ]);
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>.</param>
    /// <param name="batch">observations and actions, of the config's size.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(BehaviourCloningConfig config, LearnerState state, TensorBlock batch) =>
        Steps.Step(config, state, batch);

    /// <summary>The same bits as <see cref="Step"/>, into the caller's memory. Allocates nothing when called again with the same config.</summary>
    /// <param name="config">Hyperparameters, validated.</param>
    /// <param name="state">Before.</param>
    /// <param name="batch">A minibatch.</param>
    /// <param name="destination">The blocks after, none of them a block of <paramref name="state"/>: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics in the order of the learner's step; empty computes none.</param>
    /// <param name="team">Threads that share the step; the bits do not depend on it.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static void StepInto(
        BehaviourCloningConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);

    static ImmutableArray<TensorBlock> Initialise(BehaviourCloningConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var policy = new TensorBlock(layouts[1]);
        Initialisers.Network(config.Initialisation, seed.Split("initial parameters").Split("policy"), policy, "");
        return [new(layouts[0]), policy];
    }
}
