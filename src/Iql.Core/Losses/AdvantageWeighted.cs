using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>Advantage-weighted regression: clone, good actions more (Peng et al. 2019, arXiv:1910.00177).</summary>
public static class AdvantageWeighted
{
    /// <summary>w = min(e^{βA}, cap), computed as e^{min(βA, ln cap)} to avoid infinities.</summary>
    /// <param name="advantage">A = Q(s, a) − V(s), [B], in units of return.</param>
    /// <param name="inverseTemperature">β, a scalar of at least 0; at 0 every weight is 1 (behaviour cloning).</param>
    /// <param name="maxWeight">cap, a positive scalar; 100 in every implementation read.</param>
    /// <returns><c>[B]</c>, in (0, cap].</returns>
    /// <remarks>Kostrikov, Nair and Levine 2021, arXiv:2110.06169, eq. 7; the cap is only in the code.</remarks>
    public static Tensor Weight(Tensor advantage, Tensor inverseTemperature, Tensor maxWeight) =>
        Exp(Minimum(inverseTemperature * advantage, Log(maxWeight)));

    /// <summary>w = softmax over the batch of βA: e^{βA} over its sum, which needs no cap.</summary>
    /// <param name="advantage">A, [B], in units of return.</param>
    /// <param name="inverseTemperature">β, a scalar of at least 0; at 0 every weight is 1/B.</param>
    /// <returns><c>[B]</c>, each in (0, 1), of sum 1.</returns>
    /// <remarks>Nair, Gupta, Dalal and Levine 2020, arXiv:2006.09359, whose normaliser Z(s) rail-berkeley/rlkit and
    /// ikostrikov/jaxrl estimate over the batch.</remarks>
    public static Tensor Normalised(Tensor advantage, Tensor inverseTemperature) =>
        Softmax(inverseTemperature * advantage, 0);

    /// <summary>Weighted log-likelihood, mean over the batch: −mean(w ln π(a|s)).</summary>
    /// <param name="weight">w, [B].</param>
    /// <param name="logDensity">ln π(a|s), summed over action dimensions, [B].</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor Likelihood(Tensor weight, Tensor logDensity) => -Mean(weight * logDensity);

    /// <summary>Log-likelihood by weights of sum 1: −Σ over the batch of w ln π(a|s).</summary>
    /// <param name="weight">w, [B]: <see cref="Normalised"/>.</param>
    /// <param name="logDensity">ln π(a|s), summed over action dimensions, [B].</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor NormalisedLikelihood(Tensor weight, Tensor logDensity) => -Sum(weight * logDensity);

    /// <summary>Weighted squared error of a deterministic policy: mean(w · Σ over dimensions of (π(s) − a)²).</summary>
    /// <param name="weight">w, [B].</param>
    /// <param name="policyActions">π(s), [B, A].</param>
    /// <param name="actions">a, [B, A].</param>
    public static Tensor SquaredError(Tensor weight, Tensor policyActions, Tensor actions) =>
        Mean(weight * Error(policyActions, actions));

    /// <summary>Σ over action dimensions of (π(s) − a)²: [B, A] → [B].</summary>
    public static Tensor Error(Tensor policyActions, Tensor actions) =>
        Reshape(Sum(Square(policyActions - actions), -1), new(actions.Shape[0]));
}
