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

    /// <summary>The same over the steps of sequences: Σ over steps of mask · ‖π − a‖² / (A · Σ mask).</summary>
    /// <param name="policyActions">π, [B, K, A].</param>
    /// <param name="actions">a, [B, K, A].</param>
    /// <param name="mask">1 on steps, 0 on padding, [B, K].</param>
    /// <param name="countPadding">Whether the sum is divided by A · B · K, so that short pieces weigh less (CORL).</param>
    /// <returns>A scalar, in units of action².</returns>
    /// <remarks>kzl/decision-transformer, gym/decision_transformer/training/seq_trainer.py; CORL's dt.py.</remarks>
    public static Tensor SequenceError(Tensor policyActions, Tensor actions, Tensor mask, bool countPadding = false)
    {
        var size = actions.Shape[-1];
        var steps = countPadding ? Constant(mask.Shape.Count) : Sum(mask);
        return Sum(Square(policyActions - actions) * Reshape(mask, new(mask.Shape[0], mask.Shape[1], 1))) / (steps * size);
    }

    /// <summary>Log-likelihood of a stochastic policy: −mean ln π(a|s).</summary>
    /// <param name="logDensity">ln π(a|s), summed over action dimensions, [B].</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor Likelihood(Tensor logDensity) => -Mean(logDensity);
}
