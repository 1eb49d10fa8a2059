using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>Q(s, a): a network of one output on the observation followed by the action. For discrete actions: a network
/// on the observation with one output an action.</summary>
public static class Critic
{
    /// <summary>Names and shapes of the parameters.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize,
        ActionKind actions = ActionKind.Continuous, bool layerNorm = false) =>
        actions == ActionKind.Discrete ? Mlp.Shapes(observationSize, hiddenSizes, actionSize, layerNorm)
            : Mlp.Shapes(observationSize + actionSize, hiddenSizes, 1, layerNorm);

    /// <summary>Q(s, a): [B, S] and [B, A] → [B], in units of return.</summary>
    public static Tensor Apply(TensorGroup parameters, Tensor observations, Tensor actions) =>
        parameters["w0"].Shape[0] == observations.Shape[1]
            ? CategoricalPolicy.Of(Mlp.Apply(parameters, observations), actions)
            : Mlp.Scalar(parameters, Concat(1, observations, actions));
}
