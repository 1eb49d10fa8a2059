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
/// TD3+BC (Fujimoto and Gu 2021, arXiv:2106.06860), as traced functions:
/// <code>
/// critic step    Q  ← minimise mean ( r + γ (1−d) min Q̂(s′, ã′) − Q(s,a) )², for both critics
///                ã′ = clip( π̂(s′) + clip(noise, ±c), ±1 )                                   target smoothing
/// policy step    π  ← minimise −λ mean Q₁(s,π(s)) + mean (π(s) − a)²,  λ = α / mean |Q₁(s,π(s))|
/// targets        Q̂ ← α Q + (1−α) Q̂,  π̂ ← α π + (1−α) π̂
/// </code>
/// The policy step and the targets come at every second step (PolicyDelay), after the critics: two programs.
/// </summary>
/// <remarks>As in sfujim/TD3_BC. Observations are to be normalised before (<see cref="Normalization"/>), as there.</remarks>
public static class TD3BC
{
    /// <summary>Stream of the noise on the target policy's action.</summary>
    public const int TargetNoise = 0;

    static readonly StepCache<TD3BCConfig> Steps = new(
        (config, observationSize, actionSize, _) => Learner(config, observationSize, actionSize), config => config.Structure);

    /// <summary>The learner of a config.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="draw">Where noise comes from; null draws it from seed and step.</param>
    public static Learner Learner(TD3BCConfig config, int observationSize, int actionSize, Draw? draw = null)
    {
        config.Validate();
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        var (online, targets) = Critics.Shapes(2, observationSize, config.HiddenSizes, actionSize);
        (string, Shape)[] policy = [.. DeterministicPolicy.Shapes(observationSize, config.HiddenSizes, actionSize)];
        ImmutableArray<Layout> blocks =
        [
            new("shared", [.. online, .. targets, .. AdamState.Moments(online)]),
            new("policy0", [.. policy, .. policy.Under("target"), .. AdamState.Moments(policy)]),
        ];
        var batch = BatchLayout.Of(config.BatchSize, observationSize, actionSize);
        (string Name, double Value)[] values =
        [
            ("alpha", config.Alpha), ("discount", config.Discount), ("polyakStep", config.PolyakStep), ("policyNoise", config.PolicyNoise),
            ("noiseClip", config.NoiseClip), ("policyDelay", config.PolicyDelay), ("maxAction", config.MaxAction),
            ("criticLearningRate", config.CriticLearningRate), ("policyLearningRate", config.PolicyLearningRate),
        ];
        ImmutableArray<GraphFunction> programs = [Program(withPolicy: true), Program(withPolicy: false)];
        return new("td3bc", blocks, batch, programs[0], [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            Act)
        {
            Value = StateValue.OfPolicy(blocks, Act),
            Programs = programs,
            Choose = step => (step + 1) % config.PolicyDelay == 0 ? 0 : 1,
        };

        GraphFunction Act(int rows) =>
            Acting.Of(blocks, observationSize, actionSize, rows, (parameters, s) => config.MaxAction * DeterministicPolicy.Action(parameters, s));

        GraphFunction Program(bool withPolicy)
        {
            var (shared, member, metrics) = Trace(blocks[0].Inputs(), blocks[1].Inputs(), batch.Inputs(), withPolicy, draw ?? Draws.Normal);
            return new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, member], metrics);
        }
    }

    /// <summary>One whole step on symbols, of a policy that learns or one that waits.</summary>
    /// <param name="shared">critic1, critic2, their targets, moments.</param>
    /// <param name="policy">The policy, "target/…", moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations.</param>
    /// <param name="withPolicy">Whether the policy and the targets learn in this step.</param>
    /// <param name="draw">Where noise comes from.</param>
    /// <returns>The next groups, and the metrics.</returns>
    public static (TensorGroup Shared, TensorGroup Policy, Metrics Metrics) Trace(
        TensorGroup shared, TensorGroup policy, TensorGroup batch, bool withPolicy, Draw draw)
    {
        var (s, a, step) = (batch["observations"], batch["actions"], Scalar("step"));
        var (smoothed, noiseMetrics) = Smoothed(policy, batch["nextObservations"], draw);
        var next = Critics.LeastTarget(shared, batch["nextObservations"], smoothed);
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar("discount"), next);
        var (critics, criticMetrics) = Critics.Step(AdamState.In(shared, "critic1", "critic2"), target, s, a, step, Scalar("criticLearningRate"));
        if (!withPolicy) return (shared.With(critics.Entries), policy, [.. criticMetrics, .. noiseMetrics]);

        var (after, policyMetrics) = PolicyStep(AdamState.In(policy), critics.Parameters, s, a);
        var alpha = Scalar("polyakStep");
        return (
            shared.With([.. critics.Entries, .. Critics.TargetStep(shared, critics, alpha)]),
            policy.With([.. after.Entries, .. Polyak.Step(policy.Part("target"), after.Parameters, alpha).Entries().Under("target")]),
            [.. criticMetrics, .. noiseMetrics, .. policyMetrics.Select(metric => ($"0:{metric.Name}", metric.Value))]);
    }

    /// <summary>π ← minimise −λ mean Q₁(s, π(s)) + mean (π(s) − a)².</summary>
    /// <param name="policy">π with its moments.</param>
    /// <param name="critics">critic1, after its own update.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(AdamState policy, TensorGroup critics, Tensor observations, Tensor actions)
    {
        var action = Scalar("maxAction") * DeterministicPolicy.Action(policy.Parameters, observations);
        var q = Critics.Q(critics, "critic1", observations, action);
        var scale = RegularisedPolicy.Scale(q, Scalar("alpha"));
        var loss = RegularisedPolicy.Loss(scale, q, action, actions);
        // Updates of the policy so far: this one is number (step + 1) / delay, a whole number.
        var updates = (Scalar("step") + 1) / Scalar("policyDelay") - 1;
        var (next, norm) = Adam.Descend(policy, loss, updates, Scalar("policyLearningRate"));
        return (next,
        [
            ("policyLoss", loss), ("policyQMean", Mean(q)), ("criticScale", scale), ("cloningLoss", Cloning.SquaredError(action, actions)),
            ("actionErrorMean", Mean(AdvantageWeighted.Error(action, actions))), ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>ã′ = clip(π̂(s′) + clip(σ M n, ±c M), ±M) with n standard normal: Q̂ is asked about a neighbourhood, not about one peak of its own errors.</summary>
    /// <param name="policy">The policy's group with its "target/…".</param>
    /// <param name="nextObservations">s′, [B, S].</param>
    /// <param name="draw">Where n comes from.</param>
    /// <returns>ã′, [B, A], and metrics of the noise.</returns>
    /// <remarks>Fujimoto, van Hoof and Meger 2018, arXiv:1802.09477, section 5.3.</remarks>
    public static (Tensor Action, Metrics Metrics) Smoothed(TensorGroup policy, Tensor nextObservations, Draw draw)
    {
        var largest = Scalar("maxAction");
        var action = largest * DeterministicPolicy.Action(policy.Part("target"), nextObservations);
        var bound = Scalar("noiseClip") * largest;
        var noise = Clip(Scalar("policyNoise") * largest * draw(TargetNoise, action.Shape), -bound, bound);
        var moved = Clip(action + noise, -largest, largest);
        return (moved,
        [
            ("targetNoiseAbsMean", Mean(Abs(noise))), ("targetNoiseClipped", Mean(Abs(noise) >= bound)), ("targetActionClipped", Mean(Abs(moved) >= largest)),
        ]);
    }

    /// <summary>The next state, in fresh memory, and the metrics by name. The state handed over stays as it is.</summary>
    /// <param name="config">Hyperparameters, validated. Their numbers may change from call to call.</param>
    /// <param name="state">Before: blocks of <see cref="Learner"/>; its number of steps says whether the policy learns.</param>
    /// <param name="batch">A minibatch of the config's size in the layout of Data's BatchLayout.</param>
    /// <exception cref="ArgumentException">A hyperparameter is out of its range, or a block is laid out otherwise.</exception>
    public static (LearnerState Next, IReadOnlyDictionary<string, double> Metrics) Step(TD3BCConfig config, LearnerState state, TensorBlock batch) =>
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
        TD3BCConfig config, LearnerState state, TensorBlock batch, ReadOnlySpan<TensorBlock> destination,
        Span<double> metrics = default, WorkerTeam? team = null) => Steps.StepInto(config, state, batch, destination, metrics, team);

    static ImmutableArray<TensorBlock> Initialise(TD3BCConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var parameters = seed.Split("initial parameters");
        TensorBlock shared = new(layouts[0]), policy = new(layouts[1]);
        Critics.Initialise(config.Initialisation, parameters, shared);
        Initialisers.Network(config.Initialisation, parameters.Split("policy"), policy, "");
        foreach (var entry in layouts[1].Entries.Where(entry => entry.Name.StartsWith("target/", StringComparison.Ordinal)))
            policy.Write(entry.Name, policy.Read(entry.Name["target/".Length..]));
        return [shared, policy];
    }
}
