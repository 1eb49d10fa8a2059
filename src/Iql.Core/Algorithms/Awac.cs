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
/// Advantage-weighted actor-critic (Nair, Gupta, Dalal and Levine 2020, arXiv:2006.09359), as traced functions:
/// <code>
/// critic step    Q  ← minimise mean ( r + γ (1−d) min Q̂(s′, a′) − Q(s,a) )², for both critics,  a′ ~ π(·|s′)
/// policy step    π  ← minimise −mean( w ln π(a|s) ),  w = min(e^{A/λ}, cap);  or −Σ w ln π(a|s),  w = softmax over the batch of A/λ
///                A  = min Q(s,a) − min Q(s,b),  the new critics,  b ~ π(·|s) or the mean action
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// </summary>
/// <remarks>CORL's awac.py (clipped exponential), rail-berkeley/rlkit and ikostrikov/jaxrl (softmax).</remarks>
public static class Awac
{
    /// <summary>Streams of the noise on the policy's actions at s′ and at s.</summary>
    public const int TargetNoise = 0, BaselineNoise = 1;

    static readonly StepCache<AwacConfig> Steps = new(
        (config, observationSize, actionSize, _) => Learner(config, observationSize, actionSize), config => config.Structure);

    /// <summary>The learner of a config. Its critics ask the policy, so every policy has critics of its own: one member.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="draw">Where noise comes from; null draws it from seed and step.</param>
    public static Learner Learner(AwacConfig config, int observationSize, int actionSize, Draw? draw = null)
    {
        config.Validate();
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        var (online, targets) = Critics.Shapes(2, observationSize, config.HiddenSizes, actionSize);
        (string, Shape)[] policy = [.. GaussianPolicy.Shapes(observationSize, config.PolicySizes, actionSize)];
        ImmutableArray<Layout> blocks =
        [
            new("shared", [.. online, .. targets, .. AdamState.Moments(online)]),
            new("policy0", [.. policy, .. AdamState.Moments(policy)]),
        ];
        var batch = BatchLayout.Of(config.BatchSize, observationSize, actionSize);
        (string Name, double Value)[] values =
        [
            ("temperature", config.Temperature), ("maxAdvantageWeight", config.MaxAdvantageWeight), ("discount", config.Discount),
            ("polyakStep", config.PolyakStep), ("criticLearningRate", config.CriticLearningRate), ("policyLearningRate", config.PolicyLearningRate),
            ("weightDecay", config.WeightDecay), ("logStdMin", config.LogStdMin), ("logStdMax", config.LogStdMax),
        ];
        var (shared, member, metrics) = Trace(config, blocks[0].Inputs(), blocks[1].Inputs(), batch.Inputs(), draw ?? Draws.Normal);
        return new("awac", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, member], metrics),
            [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            Act,
            rows => Probe(config, blocks, observationSize, actionSize, rows))
        { Value = StateValue.OfPolicy(blocks, Act) };

        GraphFunction Act(int rows) =>
            Acting.Of(blocks, observationSize, actionSize, rows, (parameters, s) => GaussianPolicy.Mean(parameters, s, config.MeanTanh));
    }

    /// <summary>One whole step on symbols.</summary>
    /// <param name="config">Structure of the step; its numbers are scalars.</param>
    /// <param name="shared">critic1, critic2, their targets, moments.</param>
    /// <param name="policy">The policy and its moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations.</param>
    /// <param name="draw">Where noise comes from.</param>
    /// <returns>The next groups, and the metrics.</returns>
    public static (TensorGroup Shared, TensorGroup Policy, Metrics Metrics) Trace(
        AwacConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, Draw draw)
    {
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        var sampled = Action(config, policy, next, draw(TargetNoise, a.Shape));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar("discount"), Critics.LeastTarget(shared, next, sampled));
        var (critics, criticMetrics) = Critics.Step(AdamState.In(shared, "critic1", "critic2"), target, s, a, Scalar("step"), Scalar("criticLearningRate"));

        var other = Action(config, policy, s, config.Baseline == AdvantageBaseline.SampledAction ? draw(BaselineNoise, a.Shape) : null);
        var baseline = Critics.Least(critics.Parameters, s, other);
        var advantage = Critics.Least(critics.Parameters, s, a) - baseline;
        var (after, policyMetrics) = PolicyStep(config, AdamState.In(policy), advantage, s, a);

        return (
            shared.With([.. critics.Entries, .. Critics.TargetStep(shared, critics, Scalar("polyakStep"))]),
            policy.With(after.Entries),
            [
                .. criticMetrics, ("baselineMean", Mean(baseline)), .. ImplicitQLearning.AdvantageMetrics(advantage),
                .. policyMetrics.Select(metric => ($"0:{metric.Name}", metric.Value)),
            ]);
    }

    /// <summary>π ← minimise −mean(w ln π(a|s)), or −Σ w ln π(a|s) of weights that sum to 1, with weight decay if there is any.</summary>
    /// <param name="config">Weighting, tanh and the kind of decay.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="advantage">A, [B]: a constant here, whatever it was computed from.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(
        AwacConfig config, AdamState policy, Tensor advantage, Tensor observations, Tensor actions)
    {
        var weight = StopGradient(Weight(config, advantage));
        var mean = GaussianPolicy.Mean(policy.Parameters, observations, config.MeanTanh);
        var logStd = GaussianPolicy.LogStd(policy.Parameters, Scalar("logStdMin"), Scalar("logStdMax"));
        var logDensity = GaussianPolicy.LogDensity(actions, mean, logStd);
        var loss = config.Weighting == AdvantageWeighting.BatchSoftmax
            ? AdvantageWeighted.NormalisedLikelihood(weight, logDensity) : AdvantageWeighted.Likelihood(weight, logDensity);
        var (next, norm) = Adam.Descend(policy, loss, Scalar("step"), Scalar("policyLearningRate"),
            config.WeightDecay > 0 ? Scalar("weightDecay") : null, config.WeightDecayKind);
        return (next,
        [
            ("policyLoss", loss), ("weightMean", Mean(weight)), ("weightMax", Max(weight)),
            ("weightCapped", Mean(advantage / Scalar("temperature") > Log(Scalar("maxAdvantageWeight")))),
            ("logProbabilityMean", Mean(logDensity)), ("policyEntropy", GaussianPolicy.Entropy(logStd)), ("logStdMean", Mean(logStd)),
            ("actionErrorMean", Mean(AdvantageWeighted.Error(mean, actions))), ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>w of A, [B]: min(e^{A/λ}, cap), or softmax over the batch of A/λ.</summary>
    public static Tensor Weight(AwacConfig config, Tensor advantage) => config.Weighting == AdvantageWeighting.BatchSoftmax
        ? AdvantageWeighted.Normalised(advantage, 1 / Scalar("temperature"))
        : AdvantageWeighted.Weight(advantage, 1 / Scalar("temperature"), Scalar("maxAdvantageWeight"));

    /// <summary>A sample of π(·|s), or its mean where there is no noise; clipped to ±1 if the config says so.</summary>
    static Tensor Action(AwacConfig config, TensorGroup policy, Tensor observations, Tensor? noise)
    {
        var action = GaussianPolicy.Mean(policy, observations, config.MeanTanh);
        if (noise != null) action = GaussianPolicy.Sample(action, GaussianPolicy.LogStd(policy, Scalar("logStdMin"), Scalar("logStdMax")), noise);
        return config.ClipActions ? Clip(action, -1, 1) : action;
    }

    /// <summary>Weights of some transitions, the advantage measured from the mean action: a look at the data draws nothing. Those of a softmax are times E, of mean 1.</summary>
    static GraphFunction Probe(AwacConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout batch = new("batch", [("observations", new(rows, observationSize)), ("actions", new(rows, actionSize))]);
        Layout probe = new("probe", [("weights", new(rows)), ("advantages", new(rows)), ("values", new(rows))]);
        var (shared, columns) = (blocks[0].Inputs(), batch.Inputs());
        var s = columns["observations"];
        var value = Critics.Least(shared, s, Action(config, blocks[1].Inputs(), s, null));
        var advantage = Critics.Least(shared, s, columns["actions"]) - value;
        var softmax = config.Weighting == AdvantageWeighting.BatchSoftmax;
        var weight = Weight(config, advantage) * (softmax ? rows : 1.0);
        return new([blocks[0], blocks[1], batch], softmax ? ["temperature"] : ["temperature", "maxAdvantageWeight"],
            [new(probe, [weight, advantage, value])], []);
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>.</param>
    /// <param name="batch">A minibatch of the config's size in the layout of Data's BatchLayout.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(AwacConfig config, LearnerState state, TensorBlock batch) =>
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
        AwacConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);

    static ImmutableArray<TensorBlock> Initialise(AwacConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var parameters = seed.Split("initial parameters");
        TensorBlock shared = new(layouts[0]), policy = new(layouts[1]);
        Critics.Initialise(config.Initialisation, parameters, shared);
        Initialisers.Network(config.Initialisation, parameters.Split("policy"), policy, "");
        return [shared, policy];
    }
}
