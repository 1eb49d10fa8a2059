using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>The multilayer perceptron: x W₀ + b₀, ReLU, …, x W_L + b_L, nothing after the last layer. Parameters are
/// named w0, b0, w1, b1, …; weights have shape [in, out]. With gain0, offset0, … hidden layer k is normalised over its
/// width before its ReLU (Ba, Kiros and Hinton 2016, arXiv:1607.06450).</summary>
public static class Mlp
{
    const double LayerNormEpsilon = 1e-6; // flax's

    /// <summary>Names and shapes of the parameters.</summary>
    /// <param name="hiddenSizes">Widths between; none makes it linear.</param>
    /// <param name="layerNorm">Whether hidden layers are normalised.</param>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int inputs, IReadOnlyList<int> hiddenSizes, int outputs, bool layerNorm = false)
    {
        int[] sizes = [inputs, .. hiddenSizes, outputs];
        for (var k = 0; k + 1 < sizes.Length; k++)
        {
            yield return ($"w{k}", new(sizes[k], sizes[k + 1]));
            yield return ($"b{k}", new(sizes[k + 1]));
            if (!layerNorm || k == hiddenSizes.Count) continue;
            yield return ($"gain{k}", new(sizes[k + 1]));
            yield return ($"offset{k}", new(sizes[k + 1]));
        }
    }

    /// <summary>Runs the network on a batch of rows.</summary>
    /// <param name="parameters">w0, b0, w1, …; other entries (a policy's logStd) are not used.</param>
    /// <param name="x">Inputs, [B, in].</param>
    /// <param name="dropout">Applied after every ReLU; null for none.</param>
    /// <returns>Outputs, [B, out].</returns>
    public static Tensor Apply(TensorGroup parameters, Tensor x, Dropout? dropout = null)
    {
        for (var k = 0; parameters.Layout.Contains($"w{k}"); k++)
        {
            if (k > 0 && parameters.Layout.Contains($"gain{k - 1}"))
                x = LayerNorm(x, parameters[$"gain{k - 1}"], parameters[$"offset{k - 1}"], LayerNormEpsilon);
            if (k > 0) x = Relu(x);
            if (k > 0 && dropout != null) x = dropout.Apply(x, k - 1);
            x = MatMul(x, parameters[$"w{k}"]) + parameters[$"b{k}"];
        }
        return x;
    }

    /// <summary>A network of one output as a function of its rows: [B, in] → [B].</summary>
    public static Tensor Scalar(TensorGroup parameters, Tensor x) => Reshape(Apply(parameters, x), new(x.Shape[0]));
}
