using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>The hyperparameters of <see cref="FittedQEvaluation"/>.</summary>
public sealed record FittedQEvaluationConfig : IAlgorithmConfig
{
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256];
    // On mazes, normalised layers valued policies that get stuck 0.65 to 0.95 too high, plain ones 0.02 to 0.3.
    [Hyperparameter("Whether the critic normalises its hidden layers")]
    public bool LayerNorm { get; init; }
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Orthogonal;
    [Hyperparameter("The least value that the data's rewards allow", SetByRun = true)]
    public double LeastValue { get; init; } = -1e15;
    [Hyperparameter("The greatest value that the data's rewards allow", SetByRun = true)]
    public double GreatestValue { get; init; } = 1e15;
    [Hyperparameter] public ActionKind Actions { get; init; } = ActionKind.Continuous;

    /// <summary>The same for rewards in a range: |Q| is at most that of endless rewards at its ends. A discount of 1
    /// bounds nothing.</summary>
    public FittedQEvaluationConfig Bounded(double leastReward, double greatestReward)
    {
        if (Discount >= 1) return this;
        var horizon = 1 / (1 - Discount);
        return this with
        {
            LeastValue = Math.Min(leastReward, leastReward * horizon),
            GreatestValue = Math.Max(greatestReward, greatestReward * horizon),
        };
    }
}
