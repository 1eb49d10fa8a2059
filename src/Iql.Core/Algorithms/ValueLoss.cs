using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using static Iql.Algorithms.Hyperparameters;

namespace Iql.Algorithms;

/// <summary>What V minimises in implicit Q-learning, under a name.</summary>
/// <param name="Name">"expectile": the word of the command line and of config.json.</param>
/// <param name="Loss">Residual u = min Q̂(s, a) − V(s), [B], V(s), [B], and the config, whose numbers are inputs by
/// <see cref="Hyperparameters.Scalar"/>, to a scalar.</param>
public sealed record ValueLoss(string Name, Func<Tensor, Tensor, ImplicitQLearningConfig, Tensor> Loss)
    : IHyperparameterValue<ValueLoss>
{
    /// <summary>A loss of one's own, of the residual, [B], and the expectile, a scalar.</summary>
    public ValueLoss(string name, Func<Tensor, Tensor, Tensor> loss)
        : this(name, (residual, _, config) => loss(residual, Scalar(config.Expectile))) { }

    /// <summary>The built-in ones, the paper's first.</summary>
    public static ImmutableArray<ValueLoss> All { get; } =
    [
        new("expectile", Losses.Expectile.Loss),
        new("sparse", (residual, value, config) => SparseQ.ValueLoss(residual, value, Scalar(config.Sparsity))),
    ];

    /// <summary>The paper's: mean L^τ(u).</summary>
    public static ValueLoss Expectile => All[0];
    /// <summary>Sparse Q-learning's: mean 1(z &gt; 0) z² + v/λ.</summary>
    public static ValueLoss Sparse => All[1];

    public static string Expected => "one of " + string.Join(", ", All.Select(each => each.Name));
    public static bool TryParse(string word, out ValueLoss value) =>
        (value = All.FirstOrDefault(each => each.Name == word)!) is not null;

    /// <remarks>A loss of somebody's own is code. A policy that it made acts without it.</remarks>
    public static object? StandIn(string word) => Expectile with { Name = word };
    public override string ToString() => Name;
}

/// <summary>How implicit Q-learning's policy weighs the data's actions, under a name.</summary>
/// <param name="Name">"exponential".</param>
/// <param name="Weight">Advantage A, [B], inverse temperature β and largest weight, scalars, to weights [B].</param>
public sealed record PolicyWeight(string Name, Func<Tensor, Tensor, Tensor, Tensor> Weight)
    : IHyperparameterValue<PolicyWeight>
{
    /// <summary>The built-in ones, the paper's first.</summary>
    public static ImmutableArray<PolicyWeight> All { get; } =
    [
        new("exponential", AdvantageWeighted.Weight),
        new("sparse", (advantage, _, maxWeight) => SparseQ.Weight(advantage, maxWeight)),
    ];

    /// <summary>The paper's: min(e^{βA}, cap).</summary>
    public static PolicyWeight Exponential => All[0];
    /// <summary>Sparse Q-learning's: min(max(A, 0), cap).</summary>
    public static PolicyWeight Sparse => All[1];

    public static string Expected => "one of " + string.Join(", ", All.Select(each => each.Name));
    public static bool TryParse(string word, out PolicyWeight value) =>
        (value = All.FirstOrDefault(each => each.Name == word)!) is not null;
    public static object? StandIn(string word) => Exponential with { Name = word };
    public override string ToString() => Name;
}
