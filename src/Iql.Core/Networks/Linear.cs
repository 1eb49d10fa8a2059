using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>A linear layer x W + b of a larger network: parameters "name/w" [in, out] and "name/b" [out].</summary>
public static class Linear
{
    /// <summary>Names and shapes of the parameters.</summary>
    /// <param name="name">The layer's name in its group.</param>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(string name, int inputs, int outputs) =>
        [($"{name}/w", new(inputs, outputs)), ($"{name}/b", new(outputs))];

    /// <summary>x W + b, [R, in] → [R, out].</summary>
    public static Tensor Apply(TensorGroup parameters, string name, Tensor x) =>
        MatMul(x, parameters[$"{name}/w"]) + parameters[$"{name}/b"];
}
