using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>π(a|s) = N(μ(s), σ(s)²), diagonal: one network for mean and log standard deviation, both bounded by tanh,
/// so no gradient vanishes at a bound. Densities: <see cref="GaussianPolicy"/>.</summary>
/// <remarks>As in davidbrandfonbrener/onestep-rl: μ in (−1, 1), ln σ in (−5, 0).</remarks>
public static class SoftClampedPolicy
{
    /// <summary>The network, of 2A outputs: means first.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize) =>
        Mlp.Shapes(observationSize, hiddenSizes, 2 * actionSize);

    /// <summary>μ = tanh(first half), ln σ = min + (max − min)(tanh(second half) + 1)/2: each [B, A].</summary>
    /// <param name="parameters">The network.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="min">Lower bound of ln σ, a scalar.</param>
    /// <param name="max">Upper bound of ln σ, a scalar.</param>
    public static (Tensor Mean, Tensor LogStd) Of(TensorGroup parameters, Tensor observations, Tensor min, Tensor max)
    {
        var head = Tanh(Mlp.Apply(parameters, observations));
        var actionSize = head.Shape[-1] / 2;
        var (mean, spread) = (Slice(head, 1, 0, actionSize), Slice(head, 1, actionSize, actionSize));
        return (mean, min + (max - min) * ((spread + 1) * 0.5));
    }
}
