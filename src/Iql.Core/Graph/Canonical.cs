using static Iql.Graph.Tensor;

namespace Iql.Graph;

/// <summary>Rewrites degenerate products into forms that have a good kernel: a contraction of length 1 is an outer
/// product (elementwise), a product with one output column is a row sum. Every other node stays as it is.</summary>
static class Canonical
{
    /// <summary>The same results from canonical nodes.</summary>
    public static Tensor[] Apply(IReadOnlyList<Tensor> results)
    {
        var done = new Dictionary<Tensor, Tensor>();
        foreach (var node in Order.Of(results))
        {
            var rebuilt = node.On([.. node.Sources.Select(source => done[source])]);
            done[node] = node.Op == Op.MatMul ? Product(rebuilt) : rebuilt;
        }
        return [.. results.Select(result => done[result])];
    }

    static Tensor Product(Tensor node)
    {
        var (x, y) = (node.Sources[0], node.Sources[1]);
        var (transposeX, transposeY) = (node.Integers[0] == 1, node.Integers[1] == 1);
        var (m, n, k) = (node.Shape[-2], node.Shape[-1], x.Shape[transposeX ? -2 : -1]);
        Tensor Rows(Tensor t, int rows, int columns) =>
            Reshape(t, new([.. t.Shape.Extents.AsSpan()[..^2], rows, columns]));

        // [M, 1] × [1, N]
        if (k == 1) return Rows(x, m, 1) * Rows(y, 1, n);

        // [M, K] × [K, 1]: each row of x against the one column of y
        if (n == 1 && !transposeX) return Sum(x * Rows(y, 1, k), -1);

        // [K, M]ᵀ × [K, 1]: weighted column sums, as a product with one row, [1, K] × [K, M]
        if (n == 1 && m > 1) return Rows(MatMul(Rows(y, 1, k), x), m, 1);
        if (n == 1) return Sum(Rows(x, 1, k) * Rows(y, 1, k), -1);
        return node;
    }
}
