namespace Iql.Graph;

/// <summary>The nodes of a graph, every node after its sources.</summary>
public static class Order
{
    /// <summary>Every node that the results need, once, sources first. The same graph always gives the same order. No
    /// recursion, so a chain may have any length.</summary>
    public static IReadOnlyList<Tensor> Of(IEnumerable<Tensor> results)
    {
        var order = new List<Tensor>();
        var seen = new HashSet<Tensor>();
        var path = new Stack<(Tensor Node, int Next)>();
        foreach (var result in results)
        {
            if (seen.Add(result)) path.Push((result, 0));
            while (path.TryPop(out var top))
            {
                if (top.Next == top.Node.Sources.Length)
                {
                    order.Add(top.Node);
                    continue;
                }
                path.Push((top.Node, top.Next + 1));
                var source = top.Node.Sources[top.Next];
                if (seen.Add(source)) path.Push((source, 0));
            }
        }
        return order;
    }
}
