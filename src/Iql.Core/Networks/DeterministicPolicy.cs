using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>π(s) = tanh(head): one action a state. CORL's variant for Hopper (its iql_deterministic).</summary>
public static class DeterministicPolicy
{
    /// <summary>The network alone.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize) =>
        Mlp.Shapes(observationSize, hiddenSizes, actionSize);

    /// <summary>π(s), [B, S] → [B, A], within ±1.</summary>
    public static Tensor Action(TensorGroup parameters, Tensor observations, Dropout? dropout = null) =>
        Tanh(Mlp.Apply(parameters, observations, dropout));
}
