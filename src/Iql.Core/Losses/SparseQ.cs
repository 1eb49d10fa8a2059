using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>Sparse Q-learning: a value that only actions near the best or above support (Xu et al. 2023).</summary>
/// <remarks>Xu et al. 2023, arXiv:2303.15810, section 4; ryanxhr/IVR, critic.py and actor.py.</remarks>
public static class SparseQ
{
    /// <summary>Loss of V, mean over the batch: 1(z &gt; 0) z² + v/λ with z = u/(2λ) + 1. Its gradient vanishes where
    /// mean max(0, z) = 1.</summary>
    /// <param name="residual">u = Q(s, a) − V(s), [B], in units of return.</param>
    /// <param name="value">v = V(s), [B], in units of return.</param>
    /// <param name="sparsity">λ, a scalar above 0, in units of return: large λ values the data's policy.</param>
    /// <returns>A scalar without units.</returns>
    public static Tensor ValueLoss(Tensor residual, Tensor value, Tensor sparsity) =>
        Mean(Square(Relu(residual / (2 * sparsity) + 1)) + value / sparsity);

    /// <summary>w = min(max(A, 0), cap): the policy never sees an action below its state's value.</summary>
    /// <param name="advantage">A = Q(s, a) − V(s), [B], in units of return.</param>
    /// <param name="maxWeight">cap, a positive scalar; 100 in the authors' code.</param>
    /// <returns><c>[B]</c>, in [0, cap].</returns>
    public static Tensor Weight(Tensor advantage, Tensor maxWeight) => Minimum(Relu(advantage), maxWeight);
}
