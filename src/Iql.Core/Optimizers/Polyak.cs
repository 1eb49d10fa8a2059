using Iql.Graph;

namespace Iql.Optimizers;

/// <summary>The slow copy of a network.</summary>
public static class Polyak
{
    /// <summary>target ← α · online + (1 − α) · target, entry by entry.</summary>
    /// <param name="target">Before, any names.</param>
    /// <param name="online">After its own update; the same shapes in the same order.</param>
    /// <param name="polyakStep">α, a scalar in [0, 1].</param>
    /// <returns>The target after, under the target's names.</returns>
    public static TensorGroup Step(TensorGroup target, TensorGroup online, Tensor polyakStep) =>
        new(target.Layout,
            [.. target.Tensors.Zip(online.Tensors, (old, now) => polyakStep * now + (1 - polyakStep) * old)]);
}
