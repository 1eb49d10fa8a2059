using System.Collections.Immutable;
using Iql.Graph;
using Iql.Networks;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

namespace Iql.Algorithms;

/// <summary>Policies that act on what they see alone: their networks, and <see cref="Learner.Act"/> in the plain case.</summary>
static class Acting
{
    /// <summary>What a policy does for a number of rows, clipped to ±1.</summary>
    /// <param name="blocks">The learner's blocks.</param>
    /// <param name="observationSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="rows">E, at least 1.</param>
    /// <param name="action">The member's block and observations [E, S] to actions [E, A].</param>
    internal static GraphFunction Of(ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows, Func<TensorGroup, Tensor, Tensor> action) =>
        Of(blocks, observationSize, actionSize, rows, [], (_, member, observations) => action(member, observations));

    /// <summary>The same for a policy that the shared block has a part in, or that draws by the scalars "seed" and "decision".</summary>
    internal static GraphFunction Of(
        ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows, ImmutableArray<string> scalars,
        Func<TensorGroup, TensorGroup, Tensor, Tensor> action)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout observations = new("observations", [("observations", new(rows, observationSize))]), actions = new("actions", [("actions", new(rows, actionSize))]);
        var chosen = action(blocks[0].Inputs(), blocks[1].Inputs(), observations.Inputs()["observations"]);
        return new([blocks[0], blocks[1], observations], scalars, [new(actions, [Clip(chosen, -1, 1)])], []);
    }

    /// <summary>The categorical, Gaussian or deterministic policy of a member's block, by its likeliest action or by draws.</summary>
    internal static GraphFunction Of(
        ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows, ActionKind actions, PolicyKind kind, bool meanTanh, ActionChoice choice)
    {
        var sampled = choice == ActionChoice.Sampled;
        Shape shape = new(rows, actionSize);
        ImmutableArray<string> scalars = !sampled ? [] : actions == ActionKind.Discrete ? ["seed", "decision"] : ["seed", "decision", "logStdMin", "logStdMax"];
        return Of(blocks, observationSize, actionSize, rows, scalars, (_, policy, s) => (actions, kind) switch
        {
            (ActionKind.Discrete, _) when sampled => CategoricalPolicy.Sample(Mlp.Apply(policy, s), RandomUniform(Scalar("seed"), Scalar("decision"), 0, shape)),
            (ActionKind.Discrete, _) => CategoricalPolicy.Greedy(Mlp.Apply(policy, s)),
            (_, PolicyKind.Gaussian) when sampled => GaussianPolicy.Sample(GaussianPolicy.Mean(policy, s, meanTanh),
                GaussianPolicy.LogStd(policy, Scalar("logStdMin"), Scalar("logStdMax")), RandomNormal(Scalar("seed"), Scalar("decision"), 0, shape)),
            (_, PolicyKind.Gaussian) => GaussianPolicy.Mean(policy, s, meanTanh),
            _ => DeterministicPolicy.Action(policy, s),
        });
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
        ("logProbabilityMean", Mean(CategoricalPolicy.Of(logProbabilities, actions))), ("policyEntropy", Mean(CategoricalPolicy.Entropy(logProbabilities))),
        ("actionAgreement", Mean(CategoricalPolicy.Of(CategoricalPolicy.Greedy(logProbabilities), actions))),
    ];
}
