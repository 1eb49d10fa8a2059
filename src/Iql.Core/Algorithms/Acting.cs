using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>Policies of the observation alone: their networks, and <see cref="Learner.Act"/> in the plain case.</summary>
static class Acting
{
    /// <summary>What a policy does for a number of rows, clipped to ±1.</summary>
    /// <param name="blocks">The learner's blocks.</param>
    /// <param name="observationSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="rows">E, at least 1.</param>
    /// <param name="action">The shared block, the member's and observations [E, S] to actions [E, A].</param>
    internal static GraphFunction Of(
        ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows,
        Func<TensorGroup, TensorGroup, Tensor, Tensor> action)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout observations = new("observations", [("observations", new(rows, observationSize))]);
        Layout actions = new("actions", [("actions", new(rows, actionSize))]);
        var chosen = action(blocks[0].Inputs(), blocks[1].Inputs(), observations.Inputs()["observations"]);
        return GraphFunction.Of([blocks[0], blocks[1], observations], [new(actions, [Clip(chosen, -1, 1)])]);
    }

    /// <summary>The categorical, Gaussian or deterministic policy of a member's block, greedy or drawn.</summary>
    internal static GraphFunction Of(
        ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows, ActionKind actions,
            PolicyKind kind,
        bool meanTanh, ActionChoice choice, Tensor logStdMin, Tensor logStdMax)
    {
        var (seed, decision, shape) = (Scalar("seed"), Scalar("decision"), new Shape(rows, actionSize));
        var sampled = choice == ActionChoice.Sampled;
        return Of(blocks, observationSize, actionSize, rows, (_, policy, s) => (actions, kind) switch
        {
            (ActionKind.Discrete, _) when sampled =>
                CategoricalPolicy.Sample(Mlp.Apply(policy, s), RandomUniform(seed, decision, 0, shape)),
            (ActionKind.Discrete, _) => CategoricalPolicy.Greedy(Mlp.Apply(policy, s)),
            (_, PolicyKind.Gaussian) when sampled => GaussianPolicy.Sample(GaussianPolicy.Mean(policy, s, meanTanh),
                GaussianPolicy.LogStd(policy, logStdMin, logStdMax), RandomNormal(seed, decision, 0, shape)),
            (_, PolicyKind.Gaussian) => GaussianPolicy.Mean(policy, s, meanTanh),
            _ => DeterministicPolicy.Action(policy, s),
        });
    }

    /// <summary><see cref="Learner.Probe"/> in the plain case.</summary>
    /// <param name="blocks">The learner's blocks.</param>
    /// <param name="observationSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="rows">E, at least 1.</param>
    /// <param name="look">Shared block, member's block, observations, actions to weights, advantages, values, [E].</param>
    internal static GraphFunction Probe(
        ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows,
        Func<TensorGroup, TensorGroup, Tensor, Tensor, (Tensor Weight, Tensor Advantage, Tensor Value)> look)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout batch = new("batch", [("observations", new(rows, observationSize)), ("actions", new(rows, actionSize))]);
        Layout probe = new("probe", [("weights", new(rows)), ("advantages", new(rows)), ("values", new(rows))]);
        var columns = batch.Inputs();
        var (weight, advantage, value) =
            look(blocks[0].Inputs(), blocks[1].Inputs(), columns["observations"], columns["actions"]);
        return GraphFunction.Of([blocks[0], blocks[1], batch], [new(probe, [weight, advantage, value])]);
    }

    /// <summary>Names and shapes of such a policy's parameters.</summary>
    internal static IEnumerable<(string Name, Shape Shape)> Shapes(
        ActionKind actions, PolicyKind kind, int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize) =>
        actions == ActionKind.Discrete ? CategoricalPolicy.Shapes(observationSize, hiddenSizes, actionSize)
        : kind == PolicyKind.Gaussian ? GaussianPolicy.Shapes(observationSize, hiddenSizes, actionSize)
        : DeterministicPolicy.Shapes(observationSize, hiddenSizes, actionSize);

    /// <summary>How a categorical policy fits the data's actions.</summary>
    /// <param name="logProbabilities">ln π(·|s), [B, A].</param>
    /// <param name="actions">a, one-hot, [B, A].</param>
    internal static Metrics Fit(Tensor logProbabilities, Tensor actions) =>
    [
        ("logProbabilityMean", Mean(CategoricalPolicy.Of(logProbabilities, actions))),
        ("policyEntropy", Mean(CategoricalPolicy.Entropy(logProbabilities))),
        ("actionAgreement", Mean(CategoricalPolicy.Of(CategoricalPolicy.Greedy(logProbabilities), actions))),
    ];

    /// <summary>How a Gaussian policy fits the data's actions.</summary>
    /// <param name="mean">μ(s), [B, A].</param>
    /// <param name="logStd">ln σ, [A], or [B, A], of which the entropy is a row's mean.</param>
    /// <param name="logDensity">ln π(a|s), [B].</param>
    /// <param name="actions">a, [B, A].</param>
    internal static Metrics Fit(Tensor mean, Tensor logStd, Tensor logDensity, Tensor actions) =>
    [
        ("logProbabilityMean", Mean(logDensity)),
        ("policyEntropy", GaussianPolicy.Entropy(logStd) * (logStd.Shape.Rank == 2 ? 1.0 / logStd.Shape[0] : 1)),
        ("logStdMean", Mean(logStd)), ("actionErrorMean", Mean(AdvantageWeighted.Error(mean, actions))),
    ];

    /// <summary>Weights w, [B], and how many of them are at their cap, a scalar.</summary>
    internal static Metrics Weights(Tensor w, Tensor cap) =>
        [("weightMean", Mean(w)), ("weightMax", Max(w)), ("weightCapped", Mean(w > (1 - 1e-5) * cap))];
}
