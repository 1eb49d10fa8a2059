using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>
/// The objectives IQL improves upon, as traced functions: SARSA, and the expectile loss on the temporal-difference error of one
/// network (Kostrikov, Nair and Levine 2021, arXiv:2110.06169, section 4), with IQL's policy extraction.
/// <code>
/// critic step    Q  ← minimise mean f( r + γ (1−d) Q̂(s′,a′) − Q(s,a) ),  f = square or L^τ,  a′ the data's next action
/// value step     V  ← minimise mean ½ ( min Q̂(s,a) − V(s) )²             V(s) = mean of Q̂ over the data's actions at s
/// policy step    π  ← minimise −mean( exp(β (min Q̂(s,a) − V(s))) ln π(a|s) )
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// V is only the baseline of the policy's weights; the critics never look at it. It is the mean (expectile 0.5) whatever τ the
/// objective has, so that A compares an action with the data's other actions at the same state.
/// </summary>
public static class TemporalDifferenceLearning
{
    /// <summary>Expectile of the baseline: half the squared error.</summary>
    const double Baseline = 0.5;

    /// <summary>The learner of a config, with one policy for each inverse temperature; its batch has nextActions too.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="inverseTemperatures">β of each policy, each at least 0; null is the config's one.</param>
    public static Learner Learner(TemporalDifferenceConfig config, int observationSize, int actionSize, IReadOnlyList<double>? inverseTemperatures = null)
    {
        var common = config.Validate().Common;
        var betas = ImplicitQLearning.Betas(common, inverseTemperatures);
        var blocks = ImplicitQLearning.Blocks(common, observationSize, actionSize, config.Critics, betas.Length);
        var batch = BatchLayout.Of(common.BatchSize, observationSize, actionSize, nextActions: true);

        var groups = blocks.Select(block => block.Inputs()).ToArray();
        var (shared, policies, metrics) = Trace(config, groups[0], groups[1..], batch.Inputs(), new(betas.Length));
        var values = ImplicitQLearningInputs.Values(common, betas);
        return new("td", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, .. policies], metrics),
            [.. values.Select(value => value.Value)],
            seed => ImplicitQLearning.Initialise(common, blocks, seed),
            rows => ImplicitQLearning.Act(common, blocks, observationSize, actionSize, rows),
            rows => ImplicitQLearning.Probe(blocks, observationSize, actionSize, rows));
    }

    /// <summary>Q ← minimise mean f(r + γ (1−d) Q̂(s′,a′) − Q(s,a)), summed over the critics.</summary>
    /// <param name="config">f and the number of critics.</param>
    /// <param name="shared">Critics, targets, moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations, nextActions.</param>
    /// <param name="inputs">The step's scalars.</param>
    /// <returns>Critics after, and their metrics.</returns>
    public static (AdamState Critics, Metrics Metrics) CriticStep(
        TemporalDifferenceConfig config, TensorGroup shared, TensorGroup batch, ImplicitQLearningInputs inputs)
    {
        var next = Critics.LeastTarget(shared, batch["nextObservations"], batch["nextActions"]);
        string[] names = config.Critics == 1 ? ["critic1"] : ["critic1", "critic2"];
        return ImplicitQLearning.CriticStep(config.Common, AdamState.In(shared, names), next, batch, inputs,
            config.Objective == TemporalDifferenceObjective.Expectile
                ? (target, prediction) => Expectile.Loss(target - prediction, inputs.Expectile) : null);
    }

    /// <summary>One whole step on symbols.</summary>
    /// <param name="config">Structure of the step; its numbers enter as <paramref name="inputs"/>.</param>
    /// <param name="shared">value, critics, targets and moments.</param>
    /// <param name="policies">A policy and its moments each.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations, nextActions.</param>
    /// <param name="inputs">The step's scalars; as many inverse temperatures as policies.</param>
    /// <returns>The next groups and the metrics; those of policy i are named "i:name".</returns>
    public static (TensorGroup Shared, IReadOnlyList<TensorGroup> Policies, Metrics Metrics) Trace(
        TemporalDifferenceConfig config, TensorGroup shared, IReadOnlyList<TensorGroup> policies, TensorGroup batch, ImplicitQLearningInputs inputs)
    {
        var (s, a) = (batch["observations"], batch["actions"]);
        var targetQ = Critics.LeastTarget(shared, s, a);
        var (value, valueMetrics) = ImplicitQLearning.ValueStep(AdamState.In(shared, "value"), targetQ, s, inputs with { Expectile = Baseline });

        var advantage = targetQ - ImplicitQLearning.V(value.Parameters, s);
        var steps = policies.Select((policy, i) => ImplicitQLearning.PolicyStep(
            config.Common, AdamState.In(policy), advantage, s, a, inputs.InverseTemperatures[i], inputs)).ToArray();

        var (critics, criticMetrics) = CriticStep(config, shared, batch, inputs);

        return (
            shared.With([.. value.Entries, .. critics.Entries, .. Critics.TargetStep(shared, critics, inputs.PolyakStep)]),
            [.. policies.Zip(steps, (policy, step) => policy.With(step.Policy.Entries))],
            [
                .. valueMetrics, ("valueMeanAfter", Mean(targetQ - advantage)), .. ImplicitQLearning.AdvantageMetrics(advantage), .. criticMetrics,
                .. steps.SelectMany((step, i) => step.Metrics.Select(metric => ($"{i}:{metric.Name}", metric.Value))),
            ]);
    }
}
