using System.Collections.Immutable;
using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>
/// The scalars of a step, as symbols: hyperparameters are inputs of the graph and never constants in it, so one compilation
/// serves a whole sweep. Each is named as its field of <see cref="ImplicitQLearningConfig"/>, in camelCase.
/// </summary>
public sealed record ImplicitQLearningInputs
{
    /// <summary>Inputs for a number of policies; policy i's inverse temperature is "i:inverseTemperature".</summary>
    public ImplicitQLearningInputs(int members) =>
        InverseTemperatures = [.. Enumerable.Range(0, members).Select(i => Tensor.Scalar($"{i}:inverseTemperature"))];

    /// <summary>The run's seed.</summary>
    public Tensor Seed { get; init; } = Tensor.Scalar("seed");
    /// <summary>Steps already made.</summary>
    public Tensor Step { get; init; } = Tensor.Scalar("step");
    /// <summary>τ</summary>
    public Tensor Expectile { get; init; } = Tensor.Scalar("expectile");
    /// <summary>γ</summary>
    public Tensor Discount { get; init; } = Tensor.Scalar("discount");
    /// <summary>α</summary>
    public Tensor PolyakStep { get; init; } = Tensor.Scalar("polyakStep");
    /// <summary>Cap on the weights.</summary>
    public Tensor MaxAdvantageWeight { get; init; } = Tensor.Scalar("maxAdvantageWeight");
    /// <summary>λ of V</summary>
    public Tensor ValueLearningRate { get; init; } = Tensor.Scalar("valueLearningRate");
    /// <summary>λ of the critics</summary>
    public Tensor CriticLearningRate { get; init; } = Tensor.Scalar("criticLearningRate");
    /// <summary>λ of the policies, before the schedule</summary>
    public Tensor PolicyLearningRate { get; init; } = Tensor.Scalar("policyLearningRate");
    /// <summary>Length of the cosine.</summary>
    public Tensor CosineSteps { get; init; } = Tensor.Scalar("cosineSteps");
    /// <summary>Lower clip of ln σ.</summary>
    public Tensor LogStdMin { get; init; } = Tensor.Scalar("logStdMin");
    /// <summary>Upper clip of ln σ.</summary>
    public Tensor LogStdMax { get; init; } = Tensor.Scalar("logStdMax");
    /// <summary>Share of hidden activations dropped.</summary>
    public Tensor Dropout { get; init; } = Tensor.Scalar("dropout");
    /// <summary>β of each policy.</summary>
    public ImmutableArray<Tensor> InverseTemperatures { get; init; }

    /// <summary>Names and values of all scalars but seed and step, in the order a compiled step takes them.</summary>
    public static ImmutableArray<(string Name, double Value)> Values(ImplicitQLearningConfig config, IReadOnlyList<double> inverseTemperatures) =>
    [
        ("expectile", config.Expectile), ("discount", config.Discount), ("polyakStep", config.PolyakStep),
        ("maxAdvantageWeight", config.MaxAdvantageWeight), ("valueLearningRate", config.ValueLearningRate),
        ("criticLearningRate", config.CriticLearningRate), ("policyLearningRate", config.PolicyLearningRate),
        ("cosineSteps", config.CosineSteps), ("logStdMin", config.LogStdMin), ("logStdMax", config.LogStdMax), ("dropout", config.Dropout),
        .. inverseTemperatures.Select((beta, i) => ($"{i}:inverseTemperature", beta)),
    ];
}
