using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>How <see cref="Awac"/> makes weights of advantages.</summary>
public enum AdvantageWeighting
{
    /// <summary>min(e^{βA}, cap): CORL.</summary>
    Exponential,
    /// <summary>Softmax of βA over the batch: rlkit (the authors'), jaxrl.</summary>
    Softmax,
}

/// <summary>Whose value an advantage is measured from: V(s) ≈ min Q(s, b).</summary>
public enum AdvantageBaseline
{
    /// <summary>b ~ π(·|s), one sample: CORL, jaxrl, rlkit on locomotion.</summary>
    Sample,
    /// <summary>b = the mean action: rlkit on hand tasks (awr_use_mle_for_vf).</summary>
    Mean,
}

/// <summary>The hyperparameters of <see cref="Awac"/>; defaults: CORL, locomotion, where λ = 1/β is 1/3.</summary>
public sealed record AwacConfig : IAlgorithmConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter] public double InverseTemperature { get; init; } = 3;
    [Hyperparameter("Exponentials with a cap, or their softmax over the batch")]
    public AdvantageWeighting Weighting { get; init; } = AdvantageWeighting.Exponential;
    [Hyperparameter] public double MaxAdvantageWeight { get; init; } = 100;
    [Hyperparameter("The policy's action that advantages are measured from")]
    public AdvantageBaseline Baseline { get; init; } = AdvantageBaseline.Sample;
    [Hyperparameter("Whether the policy's actions are clipped to ±1 before a critic sees them")]
    public bool ClipActions { get; init; } = true;
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter] public double WeightDecay { get; init; }
    [Hyperparameter("Decay in the gradient, or beside Adam")]
    public WeightDecay WeightDecayKind { get; init; } = Optimizers.WeightDecay.Decoupled;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256, 256];
    [Hyperparameter("Widths of the policy's hidden layers where they differ from the critics'", Hint = "WIDTHS")]
    public Widths? PolicyHiddenSizes { get; init; }
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public bool MeanTanh { get; init; }
    [Hyperparameter] public double LogStdMin { get; init; } = -20;
    [Hyperparameter] public double LogStdMax { get; init; } = 2;
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Torch;
}
