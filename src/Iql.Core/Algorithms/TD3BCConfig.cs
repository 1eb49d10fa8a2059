using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>The hyperparameters of <see cref="TD3BC"/>; they start as sfujim/TD3_BC has them.</summary>
public sealed record TD3BCConfig : IAlgorithmConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("Weight α of the critic against cloning, in units of the mean |Q|: 0 is behaviour cloning",
        Range = "[0, ∞)", Hint = "ALPHA")]
    public double Alpha { get; init; } = 2.5;
    [Hyperparameter("Deviation of the noise on the target policy's action", Range = "[0, ∞)", Hint = "SIGMA")]
    public double PolicyNoise { get; init; } = 0.2;
    [Hyperparameter("Bound of that noise, plus and minus", Range = "[0, ∞)", Hint = "BOUND")]
    public double NoiseClip { get; init; } = 0.5;
    [Hyperparameter] public int PolicyDelay { get; init; } = 2;
    [Hyperparameter("Largest number of an action", Range = "(0, ∞)")]
    public double MaxAction { get; init; } = 1;
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256];
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Torch;
}
