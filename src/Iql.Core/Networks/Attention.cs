using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>Self-attention over the tokens of sequences.</summary>
public static class Attention
{
    // Its exponential is 0 in single and double precision; unlike −∞ it makes no NaN on the way.
    const double Never = -1e9;

    /// <summary>Who may look at whom: a token at itself, and at earlier tokens that are not padding.</summary>
    /// <param name="mask">1 on tokens, 0 on padding, [B, T].</param>
    /// <returns><c>[B, 1, T, T]</c>: 1 where a token (second last axis) may look at another (last), else 0.</returns>
    public static Tensor Causal(Tensor mask)
    {
        var (batch, tokens) = (mask.Shape[0], mask.Shape[1]);
        var place = Range(tokens);
        Tensor from = Reshape(place, new(tokens, 1)), to = Reshape(place, new(1, tokens));
        var earlier = (to <= from) * Reshape(mask, new(batch, 1, 1, tokens));
        // A padded token looks at itself: with nothing to look at, softmax would divide by 0.
        return Maximum(earlier, Equal(to, from));
    }

    /// <summary>Heads side by side: softmax over allowed tokens of q kᵀ / √(E/H), times v.</summary>
    /// <param name="projected">Queries, keys and values side by side, [B · T, 3E]; each is cut into H slices.</param>
    /// <param name="allowed">Who may look at whom (<see cref="Causal"/>), [B, 1, T, T].</param>
    /// <param name="heads">H, a divisor of E.</param>
    /// <param name="drop">Applied to the weights [B, H, T, T] in training; null for nothing.</param>
    /// <returns><c>[B · T, E]</c>.</returns>
    /// <remarks>Vaswani et al. 2017, arXiv:1706.03762, section 3.2.</remarks>
    public static Tensor Apply(Tensor projected, Tensor allowed, int heads, Func<Tensor, Tensor>? drop = null)
    {
        var (batch, tokens, width) = (allowed.Shape[0], allowed.Shape[-1], projected.Shape[1] / 3);
        Tensor queries = Part(0), keys = Part(1), values = Part(2);
        var scores = MatMul(queries, keys, transposeSecond: true) * (1 / Math.Sqrt(width / heads));
        var weights = Softmax(Where(allowed, scores, Never), -1);
        if (drop != null) weights = drop(weights);
        return Rows(MatMul(weights, values));

        // With one head the axes are in order already.
        Tensor Part(int number)
        {
            var part = Slice(projected, 1, number * width, width);
            return heads == 1 ? Reshape(part, new(batch, 1, tokens, width))
                : Transpose(Reshape(part, new(batch, tokens, heads, width / heads)), 0, 2, 1, 3);
        }

        Tensor Rows(Tensor mixed) =>
            Reshape(heads == 1 ? mixed : Transpose(mixed, 0, 2, 1, 3), new(batch * tokens, width));
    }

    /// <summary>0, 1, …, count − 1, [count].</summary>
    public static Tensor Range(int count) =>
        Concat(0, [.. Enumerable.Range(0, count).Select(i => Broadcast(Constant(i), new(1)))]);
}
