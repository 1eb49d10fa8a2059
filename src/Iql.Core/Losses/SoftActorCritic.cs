using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>A stochastic policy that climbs Q and keeps its entropy (Haarnoja et al. 2018, arXiv:1812.05905).</summary>
public static class SoftActorCritic
{
    /// <summary>mean(α ln π(ã|s) − Q(s, ã)), with a reparameterised sample ã of the policy.</summary>
    /// <param name="temperature">α, a scalar of at least 0, a constant here.</param>
    /// <param name="logDensity">ln π(ã|s), [B], in nats.</param>
    /// <param name="q">Q(s, ã), [B], in units of return.</param>
    /// <remarks>Equation 7 of the paper, sign turned.</remarks>
    public static Tensor Policy(Tensor temperature, Tensor logDensity, Tensor q) => Mean(temperature * logDensity - q);

    /// <summary>mean(α ln π(ã|s) − ln π(a|s)): the warm-up, which clones the data and keeps the entropy.</summary>
    /// <param name="temperature">α, a scalar of at least 0, a constant here.</param>
    /// <param name="logDensity">ln π(ã|s) of the policy's own sample, [B].</param>
    /// <param name="dataLogDensity">ln π(a|s) of the data's action, [B].</param>
    /// <returns>A scalar, in nats.</returns>
    /// <remarks>aviralkumar2907/CQL, for its first 40,000 steps.</remarks>
    public static Tensor Cloning(Tensor temperature, Tensor logDensity, Tensor dataLogDensity) =>
        Mean(temperature * logDensity - dataLogDensity);

    /// <summary>−mean(ln α · (ln π(ã|s) + H̄)), densities constant: α rises while the entropy is below H̄.</summary>
    /// <param name="logTemperature">ln α.</param>
    /// <param name="logDensity">ln π(ã|s), [B].</param>
    /// <param name="targetEntropy">H̄, a scalar, in nats; −A as a rule.</param>
    /// <remarks>ln α and not α, as in every implementation read; the paper's equation 18 has α.</remarks>
    public static Tensor Temperature(Tensor logTemperature, Tensor logDensity, Tensor targetEntropy) =>
        -Mean(logTemperature * StopGradient(logDensity + targetEntropy));

    /// <summary>−α mean(ln π(ã|s) + H̄), densities constant: equation 18 of the paper, as RLPD has it.</summary>
    public static Tensor ExactTemperature(Tensor logTemperature, Tensor logDensity, Tensor targetEntropy) =>
        -Mean(Exp(logTemperature) * StopGradient(logDensity + targetEntropy));
}
