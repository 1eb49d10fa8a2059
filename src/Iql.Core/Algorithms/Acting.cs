using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>Policies of the observation alone: <see cref="Learner.Act"/> in the plain case.</summary>
static class Acting
{
    /// <summary>For E rows, clipped to ±1: shared block, member's block and observations to actions, [E, A].</summary>
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

    /// <summary>A draw of a squashed Gaussian for <see cref="Learner.Explore"/>: μ and ln σ, [E, A].</summary>
    internal static Tensor Sample((Tensor Mean, Tensor LogStd) head) => Tanh(
        head.Mean + Exp(head.LogStd) * RandomNormal(Scalar("seed"), Scalar("decision"), 0, head.Mean.Shape));

    /// <summary>ln π(a|s) of a squashed Gaussian, [E]: μ, ln σ, [E, A]. Actions are clipped as in training.</summary>
    internal static Tensor LogDensity((Tensor Mean, Tensor LogStd) head, Tensor actions, Tensor limit) =>
        TanhGaussianPolicy.LogDensity(Clip(actions, -limit, limit), head.Mean, head.LogStd);

    /// <summary><see cref="Learner.Probe"/> in the plain case: weights, advantages and values are [E] each.</summary>
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

    /// <summary>A number of every state and action: shared block, member's block, s and a to [E], named.</summary>
    internal static GraphFunction OfActions(ImmutableArray<Layout> blocks, int observationSize, int actionSize,
        int rows, string name, Func<TensorGroup, TensorGroup, Tensor, Tensor, Tensor> number)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout batch = new("batch", [("observations", new(rows, observationSize)), ("actions", new(rows, actionSize))]);
        var columns = batch.Inputs();
        var value = number(blocks[0].Inputs(), blocks[1].Inputs(), columns["observations"], columns["actions"]);
        return GraphFunction.Of([blocks[0], blocks[1], batch], [new(new(name, [(name, new(rows))]), [value])]);
    }

    /// <summary><see cref="Learner.LogProbability"/> in the plain case: member's block, s and a to [E].</summary>
    internal static Func<int, GraphFunction> LogProbability(ImmutableArray<Layout> blocks, int observationSize,
        int actionSize, Func<TensorGroup, Tensor, Tensor, Tensor> density) =>
        rows => OfActions(blocks, observationSize, actionSize, rows, "logProbabilities",
            (_, policy, s, a) => density(policy, s, a));

    /// <summary>How a categorical policy fits the data's actions, one-hot.</summary>
    internal static Metrics Fit(Tensor logProbabilities, Tensor actions) =>
    [
        ("logProbabilityMean", Mean(CategoricalPolicy.Of(logProbabilities, actions))),
        ("policyEntropy", Mean(CategoricalPolicy.Entropy(logProbabilities))),
        ("actionAgreement", Mean(CategoricalPolicy.Of(CategoricalPolicy.Greedy(logProbabilities), actions))),
    ];

    /// <summary>How a Gaussian policy fits the data's actions: ln σ is [A], or [B, A], a row's own.</summary>
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
