using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>A policy that climbs Q and clones the data (Fujimoto and Gu 2021, arXiv:2106.06860).</summary>
public static class RegularisedPolicy
{
    /// <summary>λ = α / mean |Q(s, π(s))|, a constant in gradients: α is independent of the rewards' scale.</summary>
    /// <param name="q">Q(s, π(s)), [B].</param>
    /// <param name="alpha">α, a scalar of at least 0: 0 clones, larger trusts the critic more.</param>
    /// <returns>A scalar; infinite where every Q is exactly 0.</returns>
    /// <remarks>Equation 5 of the paper.</remarks>
    public static Tensor Scale(Tensor q, Tensor alpha) => StopGradient(alpha / Mean(Abs(q)));

    /// <summary>−λ mean Q(s, π(s)) + mean over batch and action dimensions of (π(s) − a)².</summary>
    /// <param name="scale">λ, a scalar: <see cref="Scale"/>.</param>
    /// <param name="q">Q(s, π(s)), [B], in units of return.</param>
    /// <param name="policyActions">π(s), [B, A].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <remarks>Equation 3 of the paper, as sfujim/TD3_BC has it.</remarks>
    public static Tensor Loss(Tensor scale, Tensor q, Tensor policyActions, Tensor actions) =>
        Cloning.SquaredError(policyActions, actions) - scale * Mean(q);
}
