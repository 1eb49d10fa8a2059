using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>Behaviour cloning: imitate all of the data alike.</summary>
public static class Cloning
{
    /// <summary>Squared error of a deterministic policy: mean of (π(s) − a)² over batch and dimensions.</summary>
    /// <param name="policyActions">π(s), [B, A].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <returns>A scalar, in units of action².</returns>
    /// <remarks>As CORL's any_percent_bc.py and sfujim/TD3_BC. Summed over dimensions it is
    /// <see cref="AdvantageWeighted.SquaredError"/> of weight 1.</remarks>
    public static Tensor SquaredError(Tensor policyActions, Tensor actions) => Mean(Square(policyActions - actions));

    /// <summary>The same over the steps of sequences: Σ over steps of mask · ‖π − a‖² / (A · Σ mask).</summary>
    /// <param name="policyActions">π, [B, K, A].</param>
    /// <param name="actions">a, [B, K, A].</param>
    /// <param name="mask">1 on steps, 0 on padding, [B, K].</param>
    /// <param name="countPadding">Divide by A · B · K, so that short pieces weigh less (CORL).</param>
    /// <returns>A scalar, in units of action².</returns>
    /// <remarks>kzl/decision-transformer, gym/decision_transformer/training/seq_trainer.py; CORL's dt.py.</remarks>
    public static Tensor SequenceError(Tensor policyActions, Tensor actions, Tensor mask, bool countPadding = false)
    {
        var size = actions.Shape[-1];
        var steps = countPadding ? Constant(mask.Shape.Count) : Sum(mask);
        var weight = Reshape(mask, new(mask.Shape[0], mask.Shape[1], 1));
        return Sum(Square(policyActions - actions) * weight) / (steps * size);
    }

    /// <summary>Log-likelihood of a stochastic policy: −mean ln π(a|s).</summary>
    /// <param name="logDensity">ln π(a|s), summed over action dimensions, [B].</param>
    /// <returns>A scalar, in nats.</returns>
    public static Tensor Likelihood(Tensor logDensity) => -Mean(logDensity);
}
