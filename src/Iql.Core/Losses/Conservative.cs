using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>The conservative term: Q lower off the data, higher on them (Kumar 2020, arXiv:2006.04779).</summary>
public static class Conservative
{
    /// <summary>The upper bound of the multiplier α′.</summary>
    public const double LargestMultiplier = 1e6;

    /// <summary>c ln Σ exp(logit / c) over the samples of a state: a soft maximum.</summary>
    /// <param name="logits">Q of sampled actions, minus their log-densities for importance weights, [K, B].</param>
    /// <param name="temperature">c, a scalar above 0; towards 0 it is the maximum.</param>
    /// <returns><c>[B]</c>.</returns>
    /// <remarks>Equation 4 and appendix F of the paper.</remarks>
    public static Tensor SoftMaximum(Tensor logits, Tensor temperature) =>
        Reshape(temperature * LogSumExp(logits / temperature, 0), new(logits.Shape[1]));

    /// <summary>mean(clip(soft maximum − Q(s, a), min, max)); a row outside has no gradient.</summary>
    /// <param name="softMaximum"><see cref="SoftMaximum"/>, [B].</param>
    /// <param name="q">Q(s, a) of the data's action, [B].</param>
    /// <param name="min">A scalar, −∞ for none.</param>
    /// <param name="max">A scalar, ∞ for none.</param>
    /// <returns>A scalar, in units of return.</returns>
    public static Tensor Difference(Tensor softMaximum, Tensor q, Tensor min, Tensor max) =>
        Mean(Clip(softMaximum - q, min, max));

    /// <summary>The addition to a critic's loss: w d; α′ w (d − gap); or α′ (w d − gap).</summary>
    /// <param name="lagrange">The choice of the three.</param>
    /// <param name="difference">d, a scalar: <see cref="Difference"/>.</param>
    /// <param name="weight">w, a scalar of at least 0.</param>
    /// <param name="multiplier">α′, a scalar; unused when off.</param>
    /// <param name="gap">A scalar; unused when off.</param>
    /// <remarks>Equation 30 of the paper's appendix.</remarks>
    public static Tensor Penalty(Lagrange lagrange, Tensor difference, Tensor weight, Tensor multiplier, Tensor gap) =>
        lagrange switch
        {
            Lagrange.WeightOutside => multiplier * weight * (difference - gap),
            Lagrange.WeightInside => multiplier * (weight * difference - gap),
            _ => weight * difference,
        };

    /// <summary>α′ = min(exp(ln α′), 10⁶).</summary>
    public static Tensor Multiplier(Tensor logMultiplier) => Minimum(Exp(logMultiplier), LargestMultiplier);
    /// <summary>The multiplier's loss: −½ the sum of both critics' penalties; differences are constants.</summary>
    public static Tensor Dual(Tensor penalty1, Tensor penalty2) => -0.5 * (penalty1 + penalty2);
}

/// <summary>The weight of the conservative difference d: a number, or a multiplier that holds d at a gap.</summary>
public enum Lagrange
{
    /// <summary>w d.</summary>
    Off,
    /// <summary>α′ w (d − gap): young-geng/CQL, CORL.</summary>
    WeightOutside,
    /// <summary>α′ (w d − gap): aviralkumar2907/CQL.</summary>
    WeightInside,
}
