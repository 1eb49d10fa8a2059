using System.Collections.Immutable;
using Iql.Graph;
using Iql.Networks;
using static Iql.Graph.Tensor;

namespace Iql.Optimizers;

/// <summary>
/// Adam (Kingma and Ba 2015, arXiv:1412.6980) with β₁ = 0.9, β₂ = 0.999, ε = 1e-8, and AdamW's decay (1711.05101):
/// <code>
/// m ← 0.9 m + 0.1 g      v ← 0.999 v + 0.001 g²      w ← w − λ (m / (1 − 0.9ᵗ)) / (√(v / (1 − 0.999ᵗ)) + ε)
/// </code>
/// </summary>
public static class Adam
{
    const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    /// <summary>One step on every tensor of a group.</summary>
    /// <param name="gradients">One a parameter, of its shape, in the group's order.</param>
    /// <param name="step">Steps already made, a scalar: 0 at the first.</param>
    /// <param name="learningRate">λ, a scalar.</param>
    /// <param name="weightDecay">Decoupled: w also loses λ·decay·w, with the w before the step; null for none.</param>
    public static AdamState Step(
        AdamState state, ImmutableArray<Tensor> gradients, Tensor step, Tensor learningRate, Tensor? weightDecay = null)
    {
        // The corrections are scalars, so exact in double for any t; ten operations a parameter are left.
        var t = step + 1;
        var rate = learningRate / (1 - Power(Beta1, t));
        var scale = 1 / Sqrt(1 - Power(Beta2, t));

        var count = gradients.Length;
        Check.That(count == state.Parameters.Tensors.Length,
            nameof(gradients), $"one for each of {state.Parameters.Tensors.Length} parameters", count);
        Tensor[] w = new Tensor[count], m = new Tensor[count], v = new Tensor[count];
        for (var i = 0; i < count; i++)
        {
            var (parameter, gradient) = (state.Parameters.Tensors[i], gradients[i]);
            m[i] = Beta1 * state.Mean.Tensors[i] + (1 - Beta1) * gradient;
            v[i] = Beta2 * state.Square.Tensors[i] + (1 - Beta2) * Square(gradient);
            w[i] = parameter - rate * m[i] / (Sqrt(v[i]) * scale + Epsilon);
            if (weightDecay is { } decay) w[i] -= learningRate * decay * parameter;
        }
        return new(new(state.Parameters.Layout, [.. w]), new(state.Mean.Layout, [.. m]),
            new(state.Square.Layout, [.. v]));
    }

    /// <summary>Differentiates a loss with respect to the parameters and makes one step.</summary>
    /// <param name="step">Steps already made, a scalar.</param>
    /// <param name="learningRate">λ, a scalar.</param>
    /// <param name="weightDecay">A scalar; null for none.</param>
    /// <param name="kind">What decay does.</param>
    /// <returns>The state after, and the Euclidean norm over all gradients of the loss, a scalar.</returns>
    public static (AdamState Next, Tensor GradientNorm) Descend(
        AdamState state, Tensor loss, Tensor step, Tensor learningRate,
        Tensor? weightDecay = null, WeightDecay kind = WeightDecay.Decoupled)
    {
        var gradients = Gradient.Of(loss, state.Parameters.Tensors);
        var pulled = gradients;
        if (weightDecay is { } decay && kind == WeightDecay.Coupled)
        {
            pulled = [.. gradients.Zip(state.Parameters.Tensors, (gradient, w) => gradient + decay * w)];
            weightDecay = null;
        }
        return (Step(state, pulled, step, learningRate, weightDecay), Norm(gradients));
    }

    /// <summary>√ Σ g² over all entries of all tensors, a scalar.</summary>
    public static Tensor Norm(ImmutableArray<Tensor> gradients) =>
        Sqrt(gradients.Select(gradient => Sum(Square(gradient))).Aggregate((sum, next) => sum + next));

    // xᵗ = e^(t ln x): within 1e-13 of the power for 1 − xᵗ, even at t = 1.
    static Tensor Power(double x, Tensor t) => Exp(t * Math.Log(x));
}
