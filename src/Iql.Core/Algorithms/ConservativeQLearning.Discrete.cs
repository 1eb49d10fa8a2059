using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>
/// Of discrete actions there is no policy to learn: it is the largest Q. A step is double Q-learning (van Hasselt, Guez and Silver 2016,
/// arXiv:1509.06461) with the conservative term over all actions, exact:
/// <code>
/// critic step    Q₁, Q₂ ← minimise mean (y − Q(s,a))² + penalty,  y = r + γ(1 − d) min(Q̂₁, Q̂₂)(s′, argmax (Q₁ + Q₂)(s′, ·))
///                penalty = w mean(c ln Σₐ exp(Q(s, a) / c) − Q(s, a))
/// multiplier     ln α′ ← minimise −½ Σ penalties                                     where a gap is held
/// target step    Q̂  ← α Q + (1 − α) Q̂
/// </code>
/// </summary>
/// <remarks>
/// Kumar et al. 2020, arXiv:2006.04779, equation 4 and section 6 (Atari). takuseno/d3rlpy's DiscreteCQL and DoubleDQN, with differences that
/// docs/discrete-actions.md numbers.
/// </remarks>
public static partial class ConservativeQLearning
{
    static Learner Discrete(ConservativeQLearningConfig config, int observationSize, int actionSize)
    {
        var (online, targets) = Critics.Shapes(2, observationSize, config.CriticWidths, actionSize, ActionKind.Discrete);
        (string, Shape)[] scalars = config.Lagrange == Lagrange.Off ? [] : [(MultiplierName, new Shape(1))];
        ImmutableArray<Layout> blocks = [new("shared", [.. online, .. targets, .. scalars, .. AdamState.Moments([.. online, .. scalars])]), new("policy0", [])];
        var batch = BatchLayout.Of(config.BatchSize, observationSize, actionSize);
        (string Name, double Value)[] values =
        [
            ("conservativeWeight", config.ConservativeWeight), ("softmaxTemperature", config.SoftmaxTemperature),
            ("differenceMin", config.DifferenceMin), ("differenceMax", config.DifferenceMax), ("lagrangeGap", config.LagrangeGap),
            ("discount", config.Discount), ("polyakStep", config.PolyakStep), ("criticLearningRate", config.CriticLearningRate),
        ];
        var (shared, metrics) = DiscreteStep(config, blocks[0].Inputs(), batch.Inputs());
        return new("cql", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, blocks[1].Inputs()], metrics),
            [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            Act)
        { Value = StateValue.OfPolicy(blocks, Act, discrete: true) };

        GraphFunction Act(int rows) =>
            Acting.Of(blocks, observationSize, actionSize, rows, [], (critics, _, s) => CategoricalPolicy.Greedy(BothValues(critics, s)));
    }

    /// <summary>One whole step of discrete actions on symbols.</summary>
    /// <param name="config">Its switches; its numbers are scalars of the graph.</param>
    /// <param name="shared">critic1, critic2, their targets, multiplier/log where it learns, moments.</param>
    /// <param name="batch">observations, actions (one-hot), rewards, terminals, nextObservations.</param>
    /// <returns>The next group, and the metrics.</returns>
    public static (TensorGroup Shared, Metrics Metrics) DiscreteStep(ConservativeQLearningConfig config, TensorGroup shared, TensorGroup batch)
    {
        var critics = AdamState.In(shared, "critic1", "critic2");
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        // The action is chosen by the critics that learn, and valued by the targets; equal ones share.
        var best = StopGradient(CategoricalPolicy.Greedy(BothValues(critics.Parameters, next)));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar("discount"),
            Critics.LeastTarget(shared, next, best / Sum(best, 1)));
        string[] names = ["critic1", "critic2"];
        var all = names.Select(name => Mlp.Apply(critics.Parameters.Part(name), s)).ToArray();
        var q = all.Select(values => CategoricalPolicy.Of(values, a)).ToArray();
        var soft = all.Select(values => Conservative.SoftMaximum(Transpose(values, 1, 0), Scalar("softmaxTemperature"))).ToArray();
        var (after, multiplier, metrics) = Learn(config, shared, critics, target, q, soft);
        return (
            shared.With([.. after.Entries, .. multiplier?.Entries ?? [], .. Critics.TargetStep(shared, after, Scalar("polyakStep"))]),
            [.. metrics, ("0:actionAgreement", Mean(CategoricalPolicy.Of(CategoricalPolicy.Greedy(all[0] + all[1]), a)))]);
    }

    /// <summary>Q₁(s, ·) + Q₂(s, ·): [B, S] → [B, A]. The policy takes its largest.</summary>
    static Tensor BothValues(TensorGroup critics, Tensor observations) =>
        Mlp.Apply(critics.Part("critic1"), observations) + Mlp.Apply(critics.Part("critic2"), observations);
}
