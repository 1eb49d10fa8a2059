using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>Hyperparameters of <see cref="DecisionTransformer"/>; defaults: kzl/decision-transformer, hopper.</summary>
public sealed record DecisionTransformerConfig : IAlgorithmConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("The return asked for when acting, in units of the rewards trained on; training does not use it",
        Hint = "RETURN", PerPolicy = true)]
    public double TargetReturn { get; init; } = 3600;
    [Hyperparameter("Returns are divided by this before they are embedded", Range = "(0, ∞)")]
    public double ReturnScale { get; init; } = 1000;
    [Hyperparameter("Steps the policy looks back, this one counted", Range = "[1, ∞)", Hint = "STEPS")]
    public int Context { get; init; } = 20;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [128, 128, 128];
    [Hyperparameter("Heads of attention, a divisor of the width", Range = "[1, ∞)")]
    public int Heads { get; init; } = 1;
    [Hyperparameter("Steps of an episode with an embedding, at least the longest episode; later ones share the last",
        Range = "[1, ∞)", Hint = "STEPS")]
    public int MaxTimesteps { get; init; } = 1000;
    [Hyperparameter("Inside the transformer's blocks")]
    public TransformerActivation Activation { get; init; } = TransformerActivation.Rectifier;
    [Hyperparameter] public double Dropout { get; init; } = 0.1;
    [Hyperparameter("Whether padding counts in the loss's denominator (CORL)")]
    public bool CountPadding { get; init; }
    [Hyperparameter] public int BatchSize { get; init; } = 64;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 1e-4;
    [Hyperparameter("Steps over which the learning rate climbs: 1 is no warm-up", Range = "[1, ∞)", Hint = "STEPS")]
    public double WarmUpSteps { get; init; } = 10_000;
    [Hyperparameter] public double WeightDecay { get; init; } = 1e-4;
    [Hyperparameter("Largest norm of the policy's gradient; 1e9 never clips", Range = "(0, ∞)", Hint = "NORM")]
    public double MaxGradientNorm { get; init; } = 0.25;

    /// <summary>E, numbers a token: the width that all blocks have.</summary>
    internal int EmbeddingSize => HiddenSizes[0];

    void IAlgorithmConfig.CheckTogether()
    {
        Check.That(HiddenSizes.Count > 0 && HiddenSizes.All(width => width == HiddenSizes[0]), "hiddenSizes",
            "one width for all blocks of the transformer, such as 128x128x128", HiddenSizes);
        Check.That(EmbeddingSize % Heads == 0, "heads", $"a divisor of the width {EmbeddingSize}", Heads);
    }
}
