using System.Collections.Immutable;
using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Optimizers;

/// <summary>Gradients held to a length.</summary>
public static class GradientNorm
{
    // From torch.nn.utils.clip_grad_norm_, so that a zero gradient is not divided by 0.
    const double Epsilon = 1e-6;

    /// <summary>g ← g · min(1, c / (‖g‖ + 10⁻⁶)), with ‖g‖ the Euclidean norm over all tensors together.</summary>
    /// <param name="gradients">One a parameter.</param>
    /// <param name="largest">c, a scalar above 0.</param>
    /// <returns>The gradients, the norm before and the factor, scalars.</returns>
    /// <remarks>Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063, algorithm 1.</remarks>
    public static (ImmutableArray<Tensor> Gradients, Tensor Norm, Tensor Scale) Clip(
        ImmutableArray<Tensor> gradients, Tensor largest)
    {
        var norm = Adam.Norm(gradients);
        var scale = Minimum(1, largest / (norm + Epsilon));
        return ([.. gradients.Select(gradient => gradient * scale)], norm, scale);
    }
}
