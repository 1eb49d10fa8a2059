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

public static partial class ConservativeQLearning
{
    static readonly StepCache<ConservativeQLearningConfig> Steps = new(
        (config, observationSize, actionSize, _) => Learner(config, observationSize, actionSize), config => config.Structure);

    /// <summary>The learner of a config: one program, two where the policy first clones.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="draw">Where normal numbers come from; null draws them from seed and step.</param>
    /// <param name="uniform">Where uniform actions come from; null draws them from seed and step.</param>
    public static Learner Learner(ConservativeQLearningConfig config, int observationSize, int actionSize, Draw? draw = null, Draw? uniform = null)
    {
        config.Validate();
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        if (config.Actions == ActionKind.Discrete) return Discrete(config, observationSize, actionSize);
        var (online, targets) = Critics.Shapes(2, observationSize, config.CriticWidths, actionSize);
        (string, Shape)[] scalars =
        [
            .. config.AutomaticTemperature ? [(TemperatureName, new Shape(1))] : Array.Empty<(string, Shape)>(),
            .. config.Lagrange == Lagrange.Off ? [] : new[] { (MultiplierName, new Shape(1)) },
        ];
        (string, Shape)[] policy = [.. TanhGaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize, config.LearnedLogStd)];
        ImmutableArray<Layout> blocks =
        [
            new("shared", [.. online, .. targets, .. scalars, .. AdamState.Moments([.. online, .. scalars])]),
            new("policy0", [.. policy, .. AdamState.Moments(policy)]),
        ];
        var batch = BatchLayout.Of(config.BatchSize, observationSize, actionSize);
        (string Name, double Value)[] values =
        [
            ("conservativeWeight", config.ConservativeWeight), ("softmaxTemperature", config.SoftmaxTemperature),
            ("differenceMin", config.DifferenceMin), ("differenceMax", config.DifferenceMax), ("lagrangeGap", config.LagrangeGap),
            ("entropyTemperature", config.EntropyTemperature), ("targetEntropy", config.TargetEntropy), ("actionLimit", config.ActionLimit),
            ("discount", config.Discount), ("polyakStep", config.PolyakStep), ("logStdMin", config.LogStdMin), ("logStdMax", config.LogStdMax),
            ("criticLearningRate", config.CriticLearningRate), ("policyLearningRate", config.PolicyLearningRate),
        ];
        ImmutableArray<GraphFunction> programs = config.CloningSteps > 0 ? [Program(cloning: false), Program(cloning: true)] : [Program(cloning: false)];
        return new("cql", blocks, batch, programs[0], [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            Act)
        {
            Value = StateValue.OfPolicy(blocks, Act),
            Programs = programs,
            Choose = step => step < config.CloningSteps ? 1 : 0,
        };

        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows,
            (parameters, s) => Tanh(Slice(Mlp.Apply(parameters, s), 1, 0, actionSize)));

        GraphFunction Program(bool cloning)
        {
            var (shared, member, metrics) = Trace(
                config, blocks[0].Inputs(), blocks[1].Inputs(), batch.Inputs(), cloning, draw ?? Draws.Normal, uniform ?? Draws.Uniform);
            return new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, member], metrics);
        }
    }

    /// <summary>One whole step on symbols.</summary>
    /// <param name="config">Its switches; its numbers are scalars of the graph.</param>
    /// <param name="shared">critic1, critic2, their targets, temperature/log and multiplier/log where they learn, moments.</param>
    /// <param name="policy">The policy, moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations.</param>
    /// <param name="cloning">Whether the policy clones in this step.</param>
    /// <param name="draw">Where normal numbers come from.</param>
    /// <param name="uniform">Where uniform actions come from.</param>
    /// <returns>The next groups, and the metrics.</returns>
    public static (TensorGroup Shared, TensorGroup Policy, Metrics Metrics) Trace(
        ConservativeQLearningConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, bool cloning, Draw draw, Draw uniform)
    {
        var limit = Scalar("actionLimit");
        batch = batch.With([("actions", Clip(batch["actions"], -limit, limit))]);
        var (s, a, actor) = (batch["observations"], batch["actions"], AdamState.In(policy));

        var (mean, logStd) = Head(policy, s);
        var (_, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, a.Shape));
        var (temperature, before, after, temperatureMetrics) = TemperatureStep(
            config.AutomaticTemperature ? AdamState.In(shared, "temperature") : null, logDensity, a.Shape[1]);
        var alpha = config.ConservativeOrder == ConservativeOrder.Simultaneous ? before : after;

        var (learned, policyMetrics) = PolicyStep(actor, shared, s, a, draw, alpha, cloning);
        var seen = config.ConservativeOrder == ConservativeOrder.Sequential ? learned.Parameters : actor.Parameters;
        var (critics, multiplier, criticMetrics) = CriticStep(config, shared, seen, batch, draw, uniform, alpha);
        return (
            shared.With(
            [
                .. critics.Entries, .. temperature?.Entries ?? [], .. multiplier?.Entries ?? [],
                .. Critics.TargetStep(shared, critics, Scalar("polyakStep")),
            ]),
            policy.With(learned.Entries),
            [.. criticMetrics, .. temperatureMetrics, .. policyMetrics.Select(metric => ($"0:{metric.Name}", metric.Value))]);
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>; its number of steps says whether the policy clones.</param>
    /// <param name="batch">A minibatch of the config's size in the layout of Data's BatchLayout.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(
        ConservativeQLearningConfig config, LearnerState state, TensorBlock batch) => Steps.Step(config, state, batch);

    /// <summary>The same bits as <see cref="Step"/>, into the caller's memory. Allocates nothing when called again with the same config.</summary>
    /// <param name="config">Hyperparameters, validated.</param>
    /// <param name="state">Before.</param>
    /// <param name="batch">A minibatch.</param>
    /// <param name="destination">The blocks after, none of them a block of <paramref name="state"/>: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics of the program that makes this step; empty computes none.</param>
    /// <param name="team">Threads that share the step; the bits do not depend on it.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static void StepInto(
        ConservativeQLearningConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);

    static ImmutableArray<TensorBlock> Initialise(ConservativeQLearningConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var parameters = seed.Split("initial parameters");
        TensorBlock shared = new(layouts[0]), policy = new(layouts[1]);
        Critics.Initialise(config.CriticInitialisation, parameters, shared);
        if (shared.Layout.Contains(TemperatureName)) shared.Write(TemperatureName, [(float)config.InitialLogTemperature]);
        if (config.Lagrange != Lagrange.Off) shared.Write(MultiplierName, [(float)config.InitialLogMultiplier]);
        Initialisers.Network(config.PolicyInitialisation, parameters.Split("policy"), policy, "");
        if (policy.Layout.Contains("logStdScale"))
        {
            policy.Write("logStdScale", [1f]);
            policy.Write("logStdOffset", [-1f]);
        }
        return [shared, policy];
    }
}
