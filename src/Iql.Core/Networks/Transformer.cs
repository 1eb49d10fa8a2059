using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>The activation between the two layers of a transformer block's perceptron.</summary>
public enum TransformerActivation
{
    /// <summary>max(x, 0): kzl/decision-transformer.</summary>
    Rectifier,
    /// <summary>x (1 + erf(x/√2)) / 2: CORL, and GPT-2 but for its approximation by tanh.</summary>
    Gelu,
}

/// <summary>
/// GPT-2's stack without an embedding of its own, on tokens x [B · T, E]:
/// <code>
/// block    x ← x + project(attention(norm₁ x))      x ← x + narrow(f(widen(norm₂ x)))
/// end      norm x
/// </code>
/// </summary>
/// <remarks>Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".</remarks>
public static class Transformer
{
    /// <summary>Standard deviation of weights at the start.</summary>
    const double InitialDeviation = 0.02;

    /// <summary>Names and shapes of the parameters: "block0/norm1/gain", …, "finalNorm/bias".</summary>
    /// <param name="layers">Blocks, at least 1.</param>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(int layers, int width) =>
    [
        .. Enumerable.Range(0, layers).SelectMany(k => ((string, Shape)[])
        [
            .. NormShapes($"block{k}/norm1", width), .. Linear.Shapes($"block{k}/attention", width, 3 * width),
            .. Linear.Shapes($"block{k}/project", width, width),
            .. NormShapes($"block{k}/norm2", width), .. Linear.Shapes($"block{k}/widen", width, 4 * width),
            .. Linear.Shapes($"block{k}/narrow", 4 * width, width),
        ]),
        .. NormShapes("finalNorm", width),
    ];

    /// <summary>Runs the stack.</summary>
    /// <param name="parameters">A group that has <see cref="Shapes"/>' entries.</param>
    /// <param name="tokens"><c>[B · T, E]</c>.</param>
    /// <param name="allowed">Who may look at whom, [B, 1, T, T].</param>
    /// <param name="heads">H, a divisor of E.</param>
    /// <param name="dropout">Of attention's weights and both additions to x, as layers 1, 2, …; null for none.</param>
    /// <returns><c>[B · T, E]</c>.</returns>
    public static Tensor Apply(TensorGroup parameters, Tensor tokens, Tensor allowed, int heads,
        TransformerActivation activation, Dropout? dropout = null)
    {
        var x = tokens;
        for (var k = 0; parameters.Layout.Contains($"block{k}/norm1/gain"); k++)
        {
            var (block, layer) = ($"block{k}", 3 * k);
            var projected = Linear.Apply(parameters, $"{block}/attention", Norm(parameters, $"{block}/norm1", x));
            var mixed = Attention.Apply(
                projected, allowed, heads, dropout is null ? null : weights => dropout.Apply(weights, layer + 1));
            x += Drop(Linear.Apply(parameters, $"{block}/project", mixed), layer + 2);
            var wide = Linear.Apply(parameters, $"{block}/widen", Norm(parameters, $"{block}/norm2", x));
            x += Drop(Linear.Apply(parameters, $"{block}/narrow", Activate(wide, activation)), layer + 3);
        }
        return Norm(parameters, "finalNorm", x);

        Tensor Drop(Tensor added, int layer) => dropout?.Apply(added, layer) ?? added;
    }

    /// <summary>"name/gain" and "name/bias" of a layer norm.</summary>
    public static IEnumerable<(string Name, Shape Shape)> NormShapes(string name, int width) =>
        [($"{name}/gain", new(width)), ($"{name}/bias", new(width))];

    /// <summary>The layer norm of a name, over the last axis.</summary>
    public static Tensor Norm(TensorGroup parameters, string name, Tensor x) =>
        LayerNorm(x, parameters[$"{name}/gain"], parameters[$"{name}/bias"]);

    /// <summary>Sets starting values: weights and tables normal with deviation 0.02, gains 1, biases 0.</summary>
    /// <param name="names">The parameters' names in the block.</param>
    public static void Initialise(Seed seed, TensorBlock block, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            var own = seed.Split(name);
            var numbers = new float[block.Layout[name].Shape.Count];
            var kind = name[(name.LastIndexOf('/') + 1)..];
            if (kind == "gain") numbers.AsSpan().Fill(1);
            if (kind == "w")
                for (var i = 0; i < numbers.Length; i++) numbers[i] = (float)(InitialDeviation * own.Normal((ulong)i));
            block.Write(name, numbers);
        }
    }

    static Tensor Activate(Tensor x, TransformerActivation activation) =>
        activation == TransformerActivation.Rectifier ? Relu(x) : 0.5 * x * (1 + Erf(x * Math.Sqrt(0.5)));
}
