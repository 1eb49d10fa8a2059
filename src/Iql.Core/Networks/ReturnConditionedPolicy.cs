using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>Actions as the continuation of a sequence R̂₁, s₁, a₁, R̂₂, s₂, a₂, …: three tokens a step (return to go,
/// observation, action). Each token is a linear embedding plus the embedding of the step's number, layer-normed; then a
/// causal <see cref="Transformer"/>; the action is tanh(head) of the observation's token.</summary>
/// <remarks>Chen et al. 2021, arXiv:2106.01345, figure 1; kzl/decision-transformer,
/// gym/decision_transformer/models/decision_transformer.py.</remarks>
public static class ReturnConditionedPolicy
{
    /// <summary>Names and shapes of the parameters.</summary>
    /// <param name="observationSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <param name="layers">Blocks of the transformer.</param>
    /// <param name="width">E.</param>
    /// <param name="maxTimesteps">Steps of an episode that have an embedding.</param>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, int actionSize, int layers, int width, int maxTimesteps) =>
    [
        .. Linear.Shapes("embedReturn", 1, width), .. Linear.Shapes("embedObservation", observationSize, width),
        .. Linear.Shapes("embedAction", actionSize, width), ("embedTimestep/w", new(maxTimesteps, width)),
        .. Transformer.NormShapes("embedNorm", width), .. Transformer.Shapes(layers, width),
        .. Linear.Shapes("head", width, actionSize),
    ];

    /// <summary>The policy's action at every step, given everything up to the step's observation.</summary>
    /// <param name="parameters">As <see cref="Shapes"/> has them.</param>
    /// <param name="returnsToGo"><c>[B, K]</c>, scaled.</param>
    /// <param name="observations"><c>[B, K, S]</c>.</param>
    /// <param name="actions"><c>[B, K, A]</c>; later steps see a step's action.</param>
    /// <param name="timesteps">Whole numbers from 0, below the table's length, [B, K].</param>
    /// <param name="mask">1 on steps, 0 on padding, [B, K]. The contents of padding change nothing elsewhere.</param>
    /// <param name="heads">Heads of attention.</param>
    /// <param name="dropout">Of the embedding (layer 0) and the transformer; null for none.</param>
    /// <returns><c>[B, K, A]</c>, within ±1.</returns>
    public static Tensor Actions(
        TensorGroup parameters, Tensor returnsToGo, Tensor observations, Tensor actions, Tensor timesteps, Tensor mask,
        int heads, TransformerActivation activation, Dropout? dropout = null)
    {
        var (batch, context, steps) = (mask.Shape[0], mask.Shape[1], mask.Shape.Count);
        var time = Gather(parameters["embedTimestep/w"], Reshape(timesteps, new(steps)));
        var width = time.Shape[1];
        var parts = Concat(1, Token("embedReturn", returnsToGo), Token("embedObservation", observations),
            Token("embedAction", actions));
        var tokens = Reshape(parts, new(3 * steps, width));
        var x = Transformer.Norm(parameters, "embedNorm", tokens);
        if (dropout != null) x = dropout.Apply(x, 0);
        var allowed = Attention.Causal(
            Reshape(Broadcast(Reshape(mask, new(steps, 1)), new(steps, 3)), new(batch, 3 * context)));
        x = Transformer.Apply(parameters, x, allowed, heads, activation, dropout);
        var observed = Reshape(Slice(Reshape(x, new(steps, 3, width)), 1, 1, 1), new(steps, width));
        return Reshape(Tanh(Linear.Apply(parameters, "head", observed)), actions.Shape);

        Tensor Token(string name, Tensor column)
        {
            var rows = Reshape(column, new(steps, column.Shape.Count / steps));
            return Reshape(Linear.Apply(parameters, name, rows) + time, new(steps, 1, width));
        }
    }
}
