using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>A policy that climbs a critic and stays near the data's policy β, by KL(π ‖ β).</summary>
public static class ReverseDivergence
{
    /// <summary>KL(π ‖ β) by samples of π: mean over all of ln π(a|s) − ln β(a|s).</summary>
    /// <param name="logPolicy">ln π(a|s) of samples a ~ π(·|s), [K·B].</param>
    /// <param name="logBehaviour">ln β(a|s) of the same, [K·B].</param>
    /// <returns>A scalar, in nats; a noisy estimate may be below 0.</returns>
    public static Tensor Estimate(Tensor logPolicy, Tensor logBehaviour) => Mean(logPolicy - logBehaviour);

    /// <summary>−mean Q(s, ã) + α KL(π ‖ β).</summary>
    /// <param name="q">Q(s, ã) of samples ã ~ π(·|s), [B], in units of return.</param>
    /// <param name="divergence">KL, a scalar: <see cref="Estimate"/>.</param>
    /// <param name="weight">α, a scalar of at least 0, in units of return.</param>
    /// <remarks>Brandfonbrener et al. 2021, arXiv:2106.08909, section 4; davidbrandfonbrener/onestep-rl.</remarks>
    public static Tensor Loss(Tensor q, Tensor divergence, Tensor weight) => weight * divergence - Mean(q);
}
