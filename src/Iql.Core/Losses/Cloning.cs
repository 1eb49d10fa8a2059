using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>Behaviour cloning: do what the data did, all of it alike.</summary>
public static class Cloning
{
    /// <summary>Squared error of a deterministic policy: mean over batch and action dimensions of (π(s) − a)².</summary>
    /// <param name="policyActions">π(s), [B, A].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <returns>A scalar, in units of action².</returns>
    /// <remarks>CORL's any_percent_bc.py and sfujim/TD3_BC take this mean; summed over dimensions it is <see cref="AdvantageWeighted.SquaredError"/> of weight 1.</remarks>
    public static Tensor SquaredError(Tensor policyActions, Tensor actions) => Mean(Square(policyActions - actions));

    /// <summary>Log-likelihood of a stochastic policy: −mean ln π(a|s).</summary>
    /// <param name="logDensity">ln π(a|s), summed over action dimensions, [B].</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor Likelihood(Tensor logDensity) => -Mean(logDensity);
}
