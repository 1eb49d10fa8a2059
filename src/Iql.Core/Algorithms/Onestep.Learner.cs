using System.Collections.Immutable;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

public static partial class Onestep
{
    static readonly StepCache<OnestepConfig> Steps = new(
        (config, observationSize, actionSize, members) =>
            Learner(config, observationSize, actionSize, [.. Enumerable.Repeat(config.Strength, members)]), config => config.Structure);

    /// <summary>
    /// The learner of a config, with one policy for each strength of the improvement on one β and one Q; its batch has nextActions too.
    /// Until its own phase a policy is β.
    /// </summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="strengths">T, or α of the divergence, of each policy; null is the config's one (<see cref="OnestepConfig.Strength"/>).</param>
    /// <param name="draw">Where noise of the steps comes from; null draws it from seed and step.</param>
    public static Learner Learner(
        OnestepConfig config, int observationSize, int actionSize, IReadOnlyList<double>? strengths = null, Draw? draw = null)
    {
        config.Validate();
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        ImmutableArray<double> each = strengths == null ? [config.Strength] : [.. strengths];
        Check.That(each.Length > 0, nameof(strengths), "at least one", "none", "Leave it out to take the config's.");
        foreach (var strength in each) config.WithStrength(strength).Validate();

        var blocks = Blocks(config, observationSize, actionSize, each.Length);
        var batch = BatchLayout.Of(config.BatchSize, observationSize, actionSize, nextActions: true);
        var strengthName = config.Improvement == PolicyImprovement.ReverseKL ? "divergenceWeight" : "inverseTemperature";
        (string Name, double Value)[] values =
        [
            ("maxAdvantageWeight", config.MaxAdvantageWeight), ("sampleBound", config.SampleBound), ("behaviourSteps", config.BehaviourSteps),
            ("criticSteps", config.CriticSteps), ("discount", config.Discount), ("polyakStep", config.PolyakStep),
            ("behaviourLearningRate", config.BehaviourLearningRate), ("criticLearningRate", config.CriticLearningRate),
            ("policyLearningRate", config.PolicyLearningRate), ("logStdMin", config.LogStdMin), ("logStdMax", config.LogStdMax),
            .. config.Improvement == PolicyImprovement.EasyBCQ ? [] : each.Select((strength, i) => ($"{i}:{strengthName}", strength)),
        ];
        var learnsPolicy = config.Improvement != PolicyImprovement.EasyBCQ;
        ImmutableArray<GraphFunction> programs =
        [
            Program(Behaviour), Program((shared, policies, columns) => Critic(shared, policies, columns, withTargets: false)),
            Program((shared, policies, columns) => Critic(shared, policies, columns, withTargets: true)), .. learnsPolicy ? [Program(Improve)] : Array.Empty<GraphFunction>(),
        ];
        return new("onestep", blocks, batch, programs[0], [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            rows => Act(config, blocks, observationSize, actionSize, rows),
            config.Improvement == PolicyImprovement.ExponentialWeights ? rows => Probe(config, blocks, observationSize, actionSize, rows) : null)
        {
            Value = StateValue.OfPolicy(blocks, rows => Act(config, blocks, observationSize, actionSize, rows)),
            Programs = programs,
            Choose = step =>
                step < config.BehaviourSteps ? 0
                : learnsPolicy && step >= (long)config.BehaviourSteps + config.CriticSteps ? 3
                : (step - config.BehaviourSteps + 1) % config.PolyakEvery == 0 ? 2 : 1,
        };

        GraphFunction Program(Func<TensorGroup, TensorGroup[], TensorGroup, (TensorGroup, IEnumerable<TensorGroup>, IEnumerable<(string, Tensor)>)> phase)
        {
            var groups = blocks.Select(block => block.Inputs()).ToArray();
            var (shared, policies, metrics) = phase(groups[0], groups[1..], batch.Inputs());
            return new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, .. policies], [.. metrics]);
        }

        (TensorGroup, IEnumerable<TensorGroup>, IEnumerable<(string, Tensor)>) Behaviour(TensorGroup shared, TensorGroup[] policies, TensorGroup columns)
        {
            var (behaviour, metrics) = BehaviourStep(config, AdamState.In(shared, "behaviour"), columns);
            var copy = behaviour.Parameters.Part("behaviour").Entries().ToArray();
            return (shared.With(behaviour.Entries), policies.Select(policy => policy.With(copy)), metrics);
        }

        (TensorGroup, IEnumerable<TensorGroup>, IEnumerable<(string, Tensor)>) Critic(
            TensorGroup shared, TensorGroup[] policies, TensorGroup columns, bool withTargets)
        {
            var (critics, metrics) = CriticStep(shared, columns);
            var targets = withTargets ? Critics.TargetStep(shared, critics, Scalar("polyakStep")) : [];
            return (shared.With([.. critics.Entries, .. targets]), policies, metrics);
        }

        (TensorGroup, IEnumerable<TensorGroup>, IEnumerable<(string, Tensor)>) Improve(TensorGroup shared, TensorGroup[] policies, TensorGroup columns)
        {
            var noise = draw ?? Draws.Normal;
            var own = policies.Select((policy, i) => (State: AdamState.In(policy), Strength: Scalar($"{i}:{strengthName}")));
            (AdamState Policy, ImmutableArray<(string Name, Tensor Value)> Metrics)[] steps;
            (string, Tensor)[] common = [];
            if (config.Improvement == PolicyImprovement.ReverseKL)
            {
                steps = [.. own.Select(each => DivergenceStep(config, each.State, shared, columns, each.Strength, noise))];
            }
            else
            {
                var (advantage, baseline) = Advantage(config, shared, columns, noise);
                common = [("baselineMean", Mean(baseline)), .. ImplicitQLearning.AdvantageMetrics(advantage)];
                steps = [.. own.Select(each => WeightedStep(config, each.State, advantage, columns, each.Strength))];
            }
            return (shared, policies.Zip(steps, (policy, step) => policy.With(step.Policy.Entries)),
                [.. common, .. steps.SelectMany((step, i) => step.Metrics.Select(metric => ($"{i}:{metric.Name}", metric.Value)))]);
        }
    }

    /// <summary>Block 0 "shared": behaviour, critics, targets and moments; blocks "policy0", …: a policy and its moments.</summary>
    static ImmutableArray<Layout> Blocks(OnestepConfig config, int observationSize, int actionSize, int members)
    {
        (string, Shape)[] policy = [.. config.StateDependentStd
            ? SoftClampedPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)
            : GaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)];
        var (critics, targets) = Critics.Shapes(config.Critics, observationSize, config.HiddenSizes, actionSize);
        (string, Shape)[] learned = [.. policy.Under("behaviour"), .. critics];
        return
        [
            new("shared", [.. learned, .. targets, .. AdamState.Moments(learned)]),
            .. Enumerable.Range(0, members).Select(i => new Layout($"policy{i}", [.. policy, .. AdamState.Moments(policy)])),
        ];
    }

    static ImmutableArray<TensorBlock> Initialise(OnestepConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var parameters = seed.Split("initial parameters");
        var shared = new TensorBlock(layouts[0]);
        Initialisers.Network(config.Initialisation, parameters.Split("behaviour"), shared, "behaviour");
        Critics.Initialise(config.Initialisation, parameters, shared);
        var policies = layouts.Skip(1).Select(layout => new TensorBlock(layout)).ToArray();
        foreach (var policy in policies) Initialisers.Network(config.Initialisation, parameters.Split("behaviour"), policy, "");
        return [shared, .. policies];
    }

    /// <summary>π's mean action, or Easy BCQ's best sample of β, clipped to ±1.</summary>
    static GraphFunction Act(OnestepConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows)
    {
        if (config.Improvement != PolicyImprovement.EasyBCQ)
        {
            return Acting.Of(blocks, observationSize, actionSize, rows, (policy, s) => config.StateDependentStd
                ? SoftClampedPolicy.Of(policy, s, 0, 1).Mean : GaussianPolicy.Mean(policy, s, tanh: true));
        }
        Check.AtLeast(rows, 1, nameof(rows));
        Layout observations = new("observations", [("observations", new(rows, observationSize))]), actions = new("actions", [("actions", new(rows, actionSize))]);
        var noise = RandomNormal(Scalar("seed"), Scalar("decision"), CandidateNoise, new(rows, config.Candidates, actionSize));
        var best = Best(config, blocks[0].Inputs(), observations.Inputs()["observations"], noise);
        return new([blocks[0], blocks[1], observations], ["seed", "decision", "sampleBound", "logStdMin", "logStdMax"], [new(actions, [Clip(best, -1, 1)])], []);
    }

    /// <summary>Weights of some transitions, A measured from β's mean action: a look at the data draws nothing.</summary>
    static GraphFunction Probe(OnestepConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout batch = new("batch", [("observations", new(rows, observationSize)), ("actions", new(rows, actionSize))]);
        Layout probe = new("probe", [("weights", new(rows)), ("advantages", new(rows)), ("values", new(rows))]);
        var (shared, columns) = (blocks[0].Inputs(), batch.Inputs());
        var s = columns["observations"];
        var value = Critics.Least(shared, s, Distribution(config, shared.Part("behaviour"), s).Mean);
        var advantage = Critics.Least(shared, s, columns["actions"]) - value;
        var weight = Losses.AdvantageWeighted.Weight(advantage, Scalar("inverseTemperature"), Scalar("maxAdvantageWeight"));
        return new([blocks[0], blocks[1], batch], ["inverseTemperature", "maxAdvantageWeight", "logStdMin", "logStdMax"],
            [new(probe, [weight, advantage, value])], []);
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>; its number of steps says which phase it is in. Every policy has the config's strength.</param>
    /// <param name="batch">A minibatch of the config's size in the layout of Data's BatchLayout, with nextActions.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(OnestepConfig config, LearnerState state, TensorBlock batch) =>
        Steps.Step(config, state, batch);

    /// <summary>The same bits as <see cref="Step"/>, into the caller's memory. Allocates nothing when called again with the same config.</summary>
    /// <param name="config">Hyperparameters, validated.</param>
    /// <param name="state">Before.</param>
    /// <param name="batch">A minibatch.</param>
    /// <param name="destination">The blocks after, none of them a block of <paramref name="state"/>: let two sets alternate.</param>
    /// <param name="metrics">Room for the metrics of the program that makes this step; empty computes none.</param>
    /// <param name="team">Threads that share the step; the bits do not depend on it.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static void StepInto(
        OnestepConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);
}
