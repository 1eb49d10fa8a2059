using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Losses;

/// <summary>Expectile regression: a mean that leans to one side.</summary>
public static class Expectile
{
    /// <summary>Expectile loss, mean over the batch: L(u) = |τ − 1(u &lt; 0)| u².</summary>
    /// <param name="residual">u = Q(s, a) − V(s), [B], in units of return.</param>
    /// <param name="expectile">τ, a scalar in (0, 1). 0.5: half the squared error; near 1: V nears the best Q.</param>
    /// <returns>A scalar, in units of return squared.</returns>
    /// <remarks>Kostrikov, Nair and Levine 2021, arXiv:2110.06169, section 4.1, eq. 5; Newey and Powell 1987.</remarks>
    public static Tensor Loss(Tensor residual, Tensor expectile) =>
        Mean(Where(residual < 0, 1 - expectile, expectile) * Square(residual));
}
