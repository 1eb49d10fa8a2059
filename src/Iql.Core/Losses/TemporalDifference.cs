using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>One-step temporal differences.</summary>
public static class TemporalDifference
{
    /// <summary>Target y = r + γ (1 − d) · next.</summary>
    /// <param name="rewards">r, [B].</param>
    /// <param name="terminals">d, [B]: 1 where the episode really ended (not at a time-out), else 0.</param>
    /// <param name="discount">γ, a scalar in [0, 1].</param>
    /// <param name="next">Value of what follows, [B]: V(s′) in IQL, Q̂(s′, a′) in SARSA.</param>
    /// <returns><c>[B]</c>, in units of return.</returns>
    public static Tensor Target(Tensor rewards, Tensor terminals, Tensor discount, Tensor next) =>
        rewards + discount * (1 - terminals) * next;

    /// <summary>Squared error, mean over the batch: mean (y − Q)².</summary>
    /// <param name="target">y, [B].</param>
    /// <param name="prediction">Q(s, a), [B].</param>
    /// <param name="halved">Half of it: what a mean over both critics amounts to (CORL, unifloral).</param>
    /// <returns>A scalar, in units of return squared.</returns>
    /// <remarks>Kostrikov, Nair and Levine 2021, arXiv:2110.06169, eq. 6.</remarks>
    public static Tensor Squared(Tensor target, Tensor prediction, bool halved = false) =>
        Mean(Square(target - prediction)) * (halved ? 0.5 : 1);
}
