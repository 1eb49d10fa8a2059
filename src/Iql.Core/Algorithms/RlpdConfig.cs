using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>The hyperparameters of <see cref="Rlpd"/>, which is made to learn online; they start as
/// ikostrikov/rlpd @c90fd4b has them for locomotion.</summary>
public sealed record RlpdConfig : IAlgorithmConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("Critics in the ensemble", Range = "[1, 100]", Hint = "N")]
    public int Ensemble { get; init; } = 10;
    [Hyperparameter("Critics drawn for a step, whose minimum is its target", Range = "[1, 100]", Hint = "N")]
    public int TargetCritics { get; init; } = 2;
    [Hyperparameter("Whether critics normalise their hidden layers")]
    public bool LayerNorm { get; init; } = true;
    [Hyperparameter] public int PolicyDelay { get; init; } = 20;
    [Hyperparameter] public double InitialLogTemperature { get; init; }
    [Hyperparameter] public double TargetEntropy { get; init; } = -0.5;
    [Hyperparameter] public bool EntropyInBackup { get; init; } = true;
    [Hyperparameter] public double ActionLimit { get; init; } = 1 - 1e-5;
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256];
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public double LogStdMin { get; init; } = -20;
    [Hyperparameter] public double LogStdMax { get; init; } = 2;
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Xavier;

    void IAlgorithmConfig.CheckTogether() => Check.That(TargetCritics <= Ensemble, "targetCritics",
        $"at most the {Ensemble} critics of ensemble", TargetCritics);

    IEnumerable<string> IAlgorithmConfig.Remarks(int steps) => steps == 0 ? [] :
    [
        $"RLPD is made to learn online, beside data. In {steps} steps from data alone, nothing holds its policy to " +
        "them: Q may grow without bound.",
    ];
}
