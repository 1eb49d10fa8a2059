using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>π(a|s) = softmax(head)ₐ over A discrete actions, each a one-hot row.</summary>
public static class CategoricalPolicy
{
    /// <summary>The network alone: its outputs are the logits.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Shapes(
        int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize) =>
        Mlp.Shapes(observationSize, hiddenSizes, actionSize);

    /// <summary>ln π(·|s) = head − ln Σ e^head: [B, S] → [B, A], in nats.</summary>
    public static Tensor LogProbabilities(TensorGroup parameters, Tensor observations, Dropout? dropout = null)
    {
        var logits = Mlp.Apply(parameters, observations, dropout);
        return logits - LogSumExp(logits, 1);
    }

    /// <summary>The entry that each row's action chooses: Σ one-hot · values.</summary>
    /// <param name="values">Of every action, [B, A]: ln π(·|s), Q(s, ·).</param>
    /// <param name="actions">a, one-hot, [B, A].</param>
    /// <returns><c>[B]</c>.</returns>
    public static Tensor Of(Tensor values, Tensor actions) => Reshape(Sum(values * actions, 1), new(actions.Shape[0]));

    /// <summary>Entropy −Σ π ln π of each row, in nats: [B, A] → [B].</summary>
    public static Tensor Entropy(Tensor logProbabilities) =>
        Reshape(-Sum(Exp(logProbabilities) * logProbabilities, 1), new(logProbabilities.Shape[0]));

    /// <summary>1 at the largest value of each row, else 0; ties have a 1 each. [B, A] → [B, A].</summary>
    public static Tensor Greedy(Tensor values) => Equal(values, Max(values, 1));

    /// <summary>A draw from the logits' softmax as one-hot rows: the largest logit − ln(−ln u) (Gumbel).</summary>
    /// <param name="logits"><c>[B, A]</c>, up to a constant a row.</param>
    /// <param name="uniform">u, uniform on [0, 1), [B, A].</param>
    public static Tensor Sample(Tensor logits, Tensor uniform) => Greedy(logits - Log(-Log(uniform)));
}
