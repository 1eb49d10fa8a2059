using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Config = Iql.Algorithms.ImplicitQLearningConfig;

namespace Iql.Algorithms;

/// <summary>Actions that a maximum is taken over: s′, [B, S], to actions [N, B, A].</summary>
public delegate Tensor Candidates(Tensor nextObservations);

/// <summary>
/// The objectives IQL is derived from, as traced functions (Kostrikov, Nair and Levine 2021, arXiv:2110.06169, sections
/// 3 and 4), with IQL's policy extraction: <see cref="ImplicitQLearningConfig.Objective"/> chooses one.
/// <code>
/// critic step    Q  ← minimise mean f( r + γ (1−d) Q̂(s′,a′) − Q(s,a) )
///                     a′ the best of N actions drawn from all    f = square   Q-learning
///                     a′ the data's next action                  f = square   SARSA
///                     a′ the best of N samples of β              f = square   maximum over the support
///                     a′ the data's next action                  f = L^τ      expectile on one network
/// behaviour step β  ← minimise −mean ln β(a|s)                where an objective has samples of it
/// value step     V  ← minimise mean ½ ( min Q̂(s,a) − V(s) )²  the mean of Q̂ over the data's actions at s
/// policy step    π  ← minimise −mean( exp(β (min Q̂(s,a) − V(s))) ln π(a|s) )
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// V is only the baseline of the policy's weights; the critics never look at it. It is the mean (expectile 0.5)
/// whatever τ the objective has, so that A compares an action with the data's other actions at the same state. β learns
/// at the policy's rate, without its schedule, and its ln σ lies within the policy's bounds.
/// </summary>
public static class TemporalDifferenceLearning
{
    const int CandidateNoise = 0;
    const string BehaviourPart = "behaviour";

    /// <summary>Names and shapes of β, where an objective has one.</summary>
    internal static IEnumerable<(string Name, Shape Shape)> Shapes(
        Config config, int observationSize, int actionSize) => !LearnsBehaviour(config) ? []
        : SoftClampedPolicy.Shapes(observationSize, config.HiddenSizes, actionSize).Under(BehaviourPart);

    internal static void Initialise(Config config, Seed seed, TensorBlock shared)
    {
        if (LearnsBehaviour(config))
            Initialisers.Network(config.Initialisation, seed.Split(BehaviourPart), shared, BehaviourPart);
    }

    /// <summary>Whether an objective looks at what the data did at s′.</summary>
    internal static bool TakesNextActions(Config config) =>
        config.Objective is Objective.Sarsa or Objective.ExpectileTD;

    static bool LearnsBehaviour(Config config) => config.Objective == Objective.SupportedMaximumTD;

    internal static Traced Step(
        Config config, TensorGroup shared, TensorGroup[] policies, TensorGroup batch, Candidates? candidates)
    {
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        var targetQ = Critics.MinTarget(shared, s, a);
        var (value, valueMetrics) = ImplicitQLearning.ValueStep(config, AdamState.In(shared, "value"), targetQ, s,
            (residual, _, _) => Expectile.Loss(residual, 0.5));

        var advantage = targetQ - ImplicitQLearning.V(value.Parameters, s);
        var after = policies.Select((policy, i) => ImplicitQLearning.PolicyStep(config, i, policy, advantage, s, a));

        // As BCQ has it: β first, and the maximum over samples of the new one.
        (AdamState State, Metrics Metrics)? behaviour = !LearnsBehaviour(config) ? null : ClonedPolicy.BehaviourStep(
            AdamState.In(shared, BehaviourPart), Scalar(config.PolicyLearningRate), Distribution(config, shared, s), a);
        Shape drawn = new(config.Candidates, a.Shape[0], a.Shape[1]);
        var choices = TakesNextActions(config) ? null
            : candidates != null ? candidates(next)
            : behaviour is { } model
                ? Supported(config, model.State.Parameters, next, Draws.Normal(CandidateNoise, drawn))
                : Draws.Uniform(CandidateNoise, drawn);
        var (critics, criticMetrics) = CriticStep(config, shared, batch, choices);
        return new(
            shared.With(
            [
                .. value.Entries, .. behaviour?.State.Entries ?? [], .. critics.Entries,
                .. Critics.TargetStep(shared, critics, Scalar(config.PolyakStep)),
            ]),
            after,
            [
                .. valueMetrics, ("valueMeanAfter", Mean(targetQ - advantage)),
                .. ImplicitQLearning.AdvantageMetrics(advantage), .. behaviour?.Metrics ?? [], .. criticMetrics,
            ]);
    }

    /// <summary>Samples of β within its support, clipped to ±1: μ(s′) + σ(s′) n · min(1, r/‖n‖), [N, B, A].</summary>
    /// <param name="config">Bounds of ln σ, and ε: a sample outside the support moves to its edge.</param>
    /// <param name="nextObservations">s′, [B, S].</param>
    /// <param name="noise">n, standard normal, [N, B, A].</param>
    public static Tensor Supported(Config config, TensorGroup shared, Tensor nextObservations, Tensor noise)
    {
        var (mean, logStd) = Distribution(config, shared, nextObservations);
        var within = GaussianPolicy.Within(noise, Radius(Scalar(config.SupportThreshold)));
        return Clip(GaussianPolicy.Sample(mean, logStd, within), -1, 1);
    }

    /// <summary>r = √(−2 ln ε): a normal's density is ε of its largest at r deviations; ε = 0 gives 38.6.</summary>
    public static Tensor Radius(Tensor threshold) => Sqrt(-2 * Log(Maximum(threshold, double.Epsilon)));

    /// <summary>Q ← minimise mean f(y − Q(s,a)), a′ the best candidate or the data's next action.</summary>
    static (AdamState Critics, Metrics Metrics) CriticStep(
        Config config, TensorGroup shared, TensorGroup batch, Tensor? candidates)
    {
        var after = batch["nextObservations"];
        var values = candidates is null ? null : Critics.MinTargetOfSamples(shared, after, candidates);
        var next = values is null ? Critics.MinTarget(shared, after, batch["nextActions"])
            : Reshape(Max(values, 0), new(values.Shape[1]));
        var (critics, metrics) = ImplicitQLearning.CriticStep(config, shared, next, batch,
            config.Objective == Objective.ExpectileTD
                ? (y, prediction) => Expectile.Loss(y - prediction, Scalar(config.Expectile)) : null);
        return (critics, values is null ? metrics : [.. metrics, ("maximumGain", Mean(next) - Mean(values))]);
    }

    /// <summary>μ(s) and ln σ(s) of β, [B, A] each.</summary>
    static (Tensor Mean, Tensor LogStd) Distribution(Config config, TensorGroup shared, Tensor observations) =>
        SoftClampedPolicy.Of(
            shared.Part(BehaviourPart), observations, Scalar(config.LogStdMin), Scalar(config.LogStdMax));
}
