using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>π(a|s): a = tanh(x), x ~ N(μ(s), σ(s)²), diagonal. One network gives both, the A means first; ln σ = clip(k
/// · head + c, min, max), with k and c learned or 1 and 0. Every sample lies within ±1.</summary>
/// <remarks>Haarnoja et al. 2018, arXiv:1801.01290, appendix C. k = 1 and c = −1 at the start, as in CORL.</remarks>
public static class TanhGaussianPolicy
{
    /// <summary>tanh⁻¹(1 − 10⁻⁶): the bound of actions whose density is asked for (aviralkumar2907/CQL).</summary>
    static readonly double Edge = Math.Atanh(1 - 1e-6);
    /// <summary>The bound of the mean where the density of given actions is asked for (aviralkumar2907/CQL).</summary>
    const double MeanLimit = 9;

    /// <summary>The network, and logStdScale k and logStdOffset c [1] where they are learned.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize, bool learnedLogStd) =>
        [.. Mlp.Shapes(observationSize, hiddenSizes, 2 * actionSize),
            .. learnedLogStd ? [("logStdScale", new(1)), ("logStdOffset", new(1))] : Array.Empty<(string, Shape)>()];

    /// <summary>μ(s) before the tanh, and ln σ(s): [B, S] → two of [B, A].</summary>
    public static (Tensor Mean, Tensor LogStd) Head(TensorGroup parameters, Tensor observations, Tensor min, Tensor max)
    {
        var head = Mlp.Apply(parameters, observations);
        var size = head.Shape[1] / 2;
        var raw = Slice(head, 1, size, size);
        if (parameters.Layout.Contains("logStdScale"))
            raw = parameters["logStdScale"] * raw + parameters["logStdOffset"];
        return (Slice(head, 1, 0, size), Clip(raw, min, max));
    }

    /// <summary>Samples a = tanh(μ + σ n) and ln π(a|s).</summary>
    /// <param name="mean">μ, [B, A].</param>
    /// <param name="logStd">ln σ, [B, A].</param>
    /// <param name="noise">n, standard normal, [B, A] or [N, B, A]: N samples a row.</param>
    /// <returns>a, of the noise's shape, within ±1; ln π without the last axis.</returns>
    public static (Tensor Action, Tensor LogDensity) Sample(Tensor mean, Tensor logStd, Tensor noise)
    {
        var x = mean + Exp(logStd) * noise;
        return (Tanh(x), SumOfActions(-0.5 * Square(noise) - logStd - GaussianPolicy.HalfLog2Pi - LogSlope(x)));
    }

    /// <summary>ln π(a|s) of given actions: [B, A] → [B].</summary>
    /// <param name="actions">a, within ±1; nearer to ±1 than 1e-6 counts as 1e-6 away.</param>
    /// <param name="mean">μ, [B, A], held within ±9.</param>
    /// <param name="logStd">ln σ, [B, A].</param>
    public static Tensor LogDensity(Tensor actions, Tensor mean, Tensor logStd)
    {
        // 1 − 2⁻²³ is the largest float32 whose distance to 1 is exact and not 0; the edge is applied after the
        // logarithm.
        var inside = Clip(actions, Math.Pow(2, -23) - 1, 1 - Math.Pow(2, -23));
        var x = Clip(0.5 * Log((1 + inside) / (1 - inside)), -Edge, Edge);
        var standardised = (x - Clip(mean, -MeanLimit, MeanLimit)) * Exp(-logStd);
        return SumOfActions(-0.5 * Square(standardised) - logStd - GaussianPolicy.HalfLog2Pi - LogSlope(x));
    }

    /// <summary>ln(1 − tanh²x) = 2 (ln 2 − x − ln(1 + e⁻²ˣ)), right for any x.</summary>
    static Tensor LogSlope(Tensor x) => 2 * (Math.Log(2) - x - Softplus(-2 * x));

    static Tensor SumOfActions(Tensor x) => Reshape(Sum(x, -1), new(x.Shape.Extents.AsSpan()[..^1]));
}
