using Iql.Graph;

namespace Iql.Export;

/// <summary>The Gaussian that a policy's graph draws from: every algorithm's draw is mean + exp(logStd) · noise.
/// </summary>
/// <param name="Squashed">Whether the action is the draw's tanh.</param>
readonly record struct GaussianDraw(Tensor Mean, Tensor LogStd, bool Squashed)
{
    /// <summary>The draw of a traced policy; null where it draws no normal numbers.</summary>
    internal static GaussianDraw? In(IReadOnlyList<Tensor> results)
    {
        var nodes = Order.Of(results);
        foreach (var sum in nodes.Where(node => node.Op == Op.Add))
            if (sum.Sources[1] is { Op: Op.Multiply } spread && spread.Sources[0].Op == Op.Exp
                && spread.Sources[1].Op == Op.RandomNormal)
                return new(sum.Sources[0], spread.Sources[0].Sources[0],
                    nodes.Any(node => node.Op == Op.Tanh && node.Sources[0] == sum));
        return null;
    }
}
