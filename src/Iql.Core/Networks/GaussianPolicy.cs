using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>π(a|s) = N(μ(s), σ²), diagonal: a network for the mean, and a log standard deviation that is the same in
/// every state. The density is neither truncated nor squashed to ±1.</summary>
/// <remarks>As in ikostrikov/implicit_q_learning: μ = tanh(head), ln σ a vector from 0, clipped to [−5, 2].</remarks>
public static class GaussianPolicy
{
    /// <summary>½ ln 2π</summary>
    internal const double HalfLog2Pi = 0.91893853320467274178;
    /// <summary>Added to the squared length of noise: keeps its reciprocal finite at 0.</summary>
    const double Tiny = 1e-30;

    /// <summary>The mean's network and logStd [A].</summary>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize) =>
        Mlp.Shapes(observationSize, hiddenSizes, actionSize).Append(("logStd", new(actionSize)));

    /// <summary>μ(s), [B, S] → [B, A]; within ±1 when <paramref name="tanh"/>.</summary>
    public static Tensor Mean(TensorGroup parameters, Tensor observations, bool tanh, Dropout? dropout = null)
    {
        var head = Mlp.Apply(parameters, observations, dropout);
        return tanh ? Tanh(head) : head;
    }

    /// <summary>ln σ = clip(logStd, min, max), [A]; outside the range its gradient is 0.</summary>
    public static Tensor LogStd(TensorGroup parameters, Tensor min, Tensor max) => Clip(parameters["logStd"], min, max);

    /// <summary>a = μ + σ n, a sample whose gradient reaches μ and σ.</summary>
    /// <param name="mean">μ, […, A].</param>
    /// <param name="logStd">ln σ, [A] or of the mean's shape.</param>
    /// <param name="noise">n, standard normal, of the sample's shape.</param>
    public static Tensor Sample(Tensor mean, Tensor logStd, Tensor noise) => mean + Exp(logStd) * noise;

    /// <summary>Noise in a ball: n · min(1, r/‖n‖), so the density is at least e^{−r²/2} of its maximum.</summary>
    /// <param name="noise">n, […, A].</param>
    /// <param name="radius">r, a scalar of at least 0, in standard deviations.</param>
    public static Tensor Within(Tensor noise, Tensor radius) =>
        noise * Minimum(1, radius * Reciprocal(Sqrt(Sum(Square(noise), -1) + Tiny)));

    /// <summary>ln π(a|s) = Σ over action dimensions of −½((a − μ)/σ)² − ln σ − ½ ln 2π.</summary>
    /// <param name="actions">a, [B, A].</param>
    /// <param name="mean">μ, [B, A].</param>
    /// <param name="logStd">ln σ, [A] or [B, A].</param>
    /// <returns><c>[B]</c>; a log-density, so it may be positive.</returns>
    public static Tensor LogDensity(Tensor actions, Tensor mean, Tensor logStd)
    {
        var standardised = (actions - mean) * Exp(-logStd);
        return Reshape(Sum(-0.5 * Square(standardised) - logStd - HalfLog2Pi, -1), new(actions.Shape[0]));
    }

    /// <summary>Entropy Σ over action dimensions of ln σ + ½ ln 2πe, in nats: [A] → scalar.</summary>
    public static Tensor Entropy(Tensor logStd) => Sum(logStd + (HalfLog2Pi + 0.5));
}
