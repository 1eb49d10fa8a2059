using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>Actions that a maximum is taken over: s′, [B, S], to actions [N, B, A].</summary>
public delegate Tensor Candidates(Tensor nextObservations);

/// <summary>
/// The objectives IQL is derived from, as traced functions (Kostrikov, Nair and Levine 2021, arXiv:2110.06169, sections 3 and 4), with
/// IQL's policy extraction.
/// <code>
/// critic step    Q  ← minimise mean f( r + γ (1−d) Q̂(s′,a′) − Q(s,a) )
///                     a′ the best of N actions drawn from all                       f = square   Q-learning
///                     a′ the data's next action                                     f = square   SARSA
///                     a′ the best of N samples of β                                 f = square   maximum over the support
///                     a′ the data's next action                                     f = L^τ      expectile on one network
/// behaviour step β  ← minimise −mean ln β(a|s)                                      where its samples are asked for
/// value step     V  ← minimise mean ½ ( min Q̂(s,a) − V(s) )²                        V(s) = mean of Q̂ over the data's actions at s
/// policy step    π  ← minimise −mean( exp(β (min Q̂(s,a) − V(s))) ln π(a|s) )
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// V is only the baseline of the policy's weights; the critics never look at it. It is the mean (expectile 0.5) whatever τ the
/// objective has, so that A compares an action with the data's other actions at the same state.
/// </summary>
public static class TemporalDifferenceLearning
{
    /// <summary>Stream of the draws of candidates.</summary>
    public const int CandidateNoise = 0;

    /// <summary>Expectile of the baseline: half the squared error.</summary>
    const double Baseline = 0.5;

    /// <summary>Where the model of the data's policy lies in the shared block.</summary>
    const string BehaviourPart = "behaviour";

    /// <summary>The learner of a config, with one policy for each inverse temperature; its batch has nextActions too, unless a maximum replaces them.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="inverseTemperatures">β of each policy, each at least 0; null is the config's one.</param>
    /// <param name="candidates">Actions that a maximum is taken over; null draws them as the objective says.</param>
    public static Learner Learner(
        TemporalDifferenceConfig config, int observationSize, int actionSize, IReadOnlyList<double>? inverseTemperatures = null, Candidates? candidates = null)
    {
        var common = config.Validate().Common;
        var betas = ImplicitQLearning.Betas(common, inverseTemperatures);
        var blocks = Blocks(config, observationSize, actionSize, betas.Length);
        var batch = BatchLayout.Of(common.BatchSize, observationSize, actionSize, nextActions: !TakesMaximum(config));

        var groups = blocks.Select(block => block.Inputs()).ToArray();
        var (shared, policies, metrics) = Trace(config, groups[0], groups[1..], batch.Inputs(), new(betas.Length), candidates);
        var values = ImplicitQLearningInputs.Values(common, betas);
        if (LearnsBehaviour(config)) values = values.Add(("supportRadius", config.SupportRadius));
        return new("td", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, .. policies], metrics),
            [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            rows => ImplicitQLearning.Act(common, blocks, observationSize, actionSize, rows),
            rows => ImplicitQLearning.Probe(blocks, observationSize, actionSize, rows))
        { Value = StateValue.Of(blocks, observationSize, ImplicitQLearning.V) };
    }

    static bool TakesMaximum(TemporalDifferenceConfig config) =>
        config.Objective is TemporalDifferenceObjective.Maximum or TemporalDifferenceObjective.SupportedMaximum;

    static bool LearnsBehaviour(TemporalDifferenceConfig config) => config.Objective == TemporalDifferenceObjective.SupportedMaximum;

    /// <summary>IQL's blocks, with β and its moments behind the shared one where β is learned.</summary>
    static ImmutableArray<Layout> Blocks(TemporalDifferenceConfig config, int observationSize, int actionSize, int members)
    {
        var blocks = ImplicitQLearning.Blocks(config.Common, observationSize, actionSize, config.Critics, members);
        if (!LearnsBehaviour(config)) return blocks;
        (string, Shape)[] behaviour = [.. SoftClampedPolicy.Shapes(observationSize, config.Common.HiddenSizes, actionSize).Under(BehaviourPart)];
        var shared = blocks[0].Entries.Select(entry => (entry.Name, entry.Shape));
        return blocks.SetItem(0, new("shared", [.. shared, .. behaviour, .. AdamState.Moments(behaviour)]));
    }

    static ImmutableArray<TensorBlock> Initialise(TemporalDifferenceConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var blocks = ImplicitQLearning.Initialise(config.Common, layouts, seed);
        if (LearnsBehaviour(config))
            Initialisers.Network(config.Common.Initialisation, seed.Split("initial parameters").Split(BehaviourPart), blocks[0], BehaviourPart);
        return blocks;
    }

    /// <summary>β ← minimise −mean ln β(a|s).</summary>
    /// <param name="behaviour">β, its tensors under "behaviour/…", with its moments.</param>
    /// <param name="batch">observations and actions.</param>
    /// <param name="inputs">The step's scalars.</param>
    /// <returns>β after, and its metrics.</returns>
    public static (AdamState Behaviour, Metrics Metrics) BehaviourStep(AdamState behaviour, TensorGroup batch, ImplicitQLearningInputs inputs)
    {
        var (mean, logStd) = Distribution(behaviour.Parameters, batch["observations"], inputs);
        var loss = Cloning.Likelihood(GaussianPolicy.LogDensity(batch["actions"], mean, logStd));
        var (next, norm) = Adam.Descend(behaviour, loss, inputs.Step, inputs.PolicyLearningRate);
        return (next, [("behaviourLoss", loss), ("behaviourGradientNorm", norm)]);
    }

    /// <summary>Samples of β within its support, clipped to ±1: μ(s′) + σ(s′) n · min(1, r/‖n‖), [N, B, A].</summary>
    /// <param name="shared">β under "behaviour/…".</param>
    /// <param name="nextObservations">s′, [B, S].</param>
    /// <param name="noise">n, standard normal, [N, B, A].</param>
    /// <param name="radius">r, a scalar: <see cref="TemporalDifferenceConfig.SupportRadius"/>.</param>
    /// <param name="inputs">The step's scalars: bounds of ln σ.</param>
    public static Tensor Supported(TensorGroup shared, Tensor nextObservations, Tensor noise, Tensor radius, ImplicitQLearningInputs inputs)
    {
        var (mean, logStd) = Distribution(shared, nextObservations, inputs);
        return Clip(GaussianPolicy.Sample(mean, logStd, GaussianPolicy.Within(noise, radius)), -1, 1);
    }

    /// <summary>Q ← minimise mean f(r + γ (1−d) Q̂(s′,a′) − Q(s,a)), summed over the critics.</summary>
    /// <param name="config">f, a′ and the number of critics.</param>
    /// <param name="shared">Critics, targets, moments.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations; nextActions, unless a maximum replaces them.</param>
    /// <param name="inputs">The step's scalars.</param>
    /// <param name="candidates">Actions that a maximum is taken over, [N, B, A]; not looked at by the other objectives.</param>
    /// <returns>Critics after, and their metrics.</returns>
    public static (AdamState Critics, Metrics Metrics) CriticStep(
        TemporalDifferenceConfig config, TensorGroup shared, TensorGroup batch, ImplicitQLearningInputs inputs, Tensor? candidates = null)
    {
        Tensor next;
        Metrics measured = [];
        if (TakesMaximum(config))
        {
            Check.That(candidates != null, nameof(candidates), "actions to take the maximum over", "none");
            var values = Critics.LeastTargetOfSamples(shared, batch["nextObservations"], candidates!);
            next = Reshape(Max(values, 0), new(values.Shape[1]));
            measured = [("maximumGain", Mean(next) - Mean(values))];
        }
        else
        {
            next = Critics.LeastTarget(shared, batch["nextObservations"], batch["nextActions"]);
        }
        string[] names = config.Critics == 1 ? ["critic1"] : ["critic1", "critic2"];
        var (critics, metrics) = ImplicitQLearning.CriticStep(config.Common, AdamState.In(shared, names), next, batch, inputs,
            config.Objective == TemporalDifferenceObjective.Expectile
                ? (target, prediction) => Expectile.Loss(target - prediction, inputs.Expectile) : null);
        return (critics, [.. metrics, .. measured]);
    }

    /// <summary>One whole step on symbols.</summary>
    /// <param name="config">Structure of the step; its numbers enter as <paramref name="inputs"/>.</param>
    /// <param name="shared">value, critics, targets and moments.</param>
    /// <param name="policies">A policy and its moments each.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations; nextActions, unless a maximum replaces them.</param>
    /// <param name="inputs">The step's scalars; as many inverse temperatures as policies.</param>
    /// <param name="candidates">Actions that a maximum is taken over; null draws them as the objective says.</param>
    /// <returns>The next groups and the metrics; those of policy i are named "i:name".</returns>
    public static (TensorGroup Shared, IReadOnlyList<TensorGroup> Policies, Metrics Metrics) Trace(
        TemporalDifferenceConfig config, TensorGroup shared, IReadOnlyList<TensorGroup> policies, TensorGroup batch, ImplicitQLearningInputs inputs,
        Candidates? candidates = null)
    {
        var (s, a) = (batch["observations"], batch["actions"]);
        var targetQ = Critics.LeastTarget(shared, s, a);
        var (value, valueMetrics) = ImplicitQLearning.ValueStep(AdamState.In(shared, "value"), targetQ, s, inputs with { Expectile = Baseline });

        var advantage = targetQ - ImplicitQLearning.V(value.Parameters, s);
        var steps = policies.Select((policy, i) => ImplicitQLearning.PolicyStep(
            config.Common, AdamState.In(policy), advantage, s, a, inputs.InverseTemperatures[i], inputs)).ToArray();

        // As BCQ has it: β first, and the maximum over samples of the new one.
        (AdamState State, Metrics Metrics)? behaviour = LearnsBehaviour(config) ? BehaviourStep(AdamState.In(shared, BehaviourPart), batch, inputs) : null;
        var next = batch["nextObservations"];
        Shape drawn = new(config.Candidates, a.Shape[0], a.Shape[1]);
        var choices = candidates?.Invoke(next) ?? config.Objective switch
        {
            TemporalDifferenceObjective.Maximum => Draws.Uniform(CandidateNoise, drawn),
            TemporalDifferenceObjective.SupportedMaximum =>
                Supported(behaviour!.Value.State.Parameters, next, Draws.Normal(CandidateNoise, drawn), Scalar("supportRadius"), inputs),
            _ => null,
        };
        var (critics, criticMetrics) = CriticStep(config, shared, batch, inputs, choices);

        return (
            shared.With([.. value.Entries, .. behaviour?.State.Entries ?? [], .. critics.Entries, .. Critics.TargetStep(shared, critics, inputs.PolyakStep)]),
            [.. policies.Zip(steps, (policy, step) => policy.With(step.Policy.Entries))],
            [
                .. valueMetrics, ("valueMeanAfter", Mean(targetQ - advantage)), .. ImplicitQLearning.AdvantageMetrics(advantage),
                .. behaviour?.Metrics ?? [], .. criticMetrics,
                .. steps.SelectMany((step, i) => step.Metrics.Select(metric => ($"{i}:{metric.Name}", metric.Value))),
            ]);
    }

    /// <summary>μ(s) and ln σ(s) of β, [B, A] each.</summary>
    static (Tensor Mean, Tensor LogStd) Distribution(TensorGroup shared, Tensor observations, ImplicitQLearningInputs inputs) =>
        SoftClampedPolicy.Of(shared.Part(BehaviourPart), observations, inputs.LogStdMin, inputs.LogStdMax);
}
