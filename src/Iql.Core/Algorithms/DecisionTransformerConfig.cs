using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>
/// Every hyperparameter of <see cref="DecisionTransformer"/>. Defaults are those of kzl/decision-transformer ([DT]) for hopper. Immutable;
/// <see cref="Validate"/> names what is out of range.
/// </summary>
public sealed record DecisionTransformerConfig
{
    /// <summary>The return asked for when acting, finite, in units of the rewards trained on. Training never looks at it. [DT]: hopper 3600.</summary>
    public double TargetReturn { get; init; } = 3600;

    /// <summary>Returns are divided by this before they are embedded, above 0. [DT]: 1000.</summary>
    public double ReturnScale { get; init; } = 1000;

    /// <summary>K, steps the policy looks back, this one counted, at least 1. [DT]: 20.</summary>
    public int Context { get; init; } = 20;

    /// <summary>Blocks of the transformer, at least 1. [DT]: 3.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>Heads of attention, a divisor of EmbeddingSize. [DT]: 1.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>E, numbers a token, at least 1. [DT]: 128.</summary>
    public int EmbeddingSize { get; init; } = 128;

    /// <summary>Steps of an episode that have an embedding, at least the longest episode of the data; later decisions share the last. [DT]: 1000.</summary>
    public int MaxTimesteps { get; init; } = 1000;

    /// <summary>Inside the blocks' perceptrons. [DT]: rectifier; CORL: GELU.</summary>
    public TransformerActivation Activation { get; init; } = TransformerActivation.Rectifier;

    /// <summary>Share of embeddings, of attention's weights and of what the blocks' parts add that is dropped in training, in [0, 1). [DT]: 0.1.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Whether the loss is divided by all B · K steps, padding too (CORL), not by those of the data alone.</summary>
    public bool CountPadding { get; init; }

    /// <summary>AdamW's λ after the warm-up, at least 0. [DT]: 1e-4.</summary>
    public double PolicyLearningRate { get; init; } = 1e-4;

    /// <summary>Steps over which λ climbs linearly, at least 1: 1 is no warm-up. [DT]: 10,000.</summary>
    public double WarmUpSteps { get; init; } = 10_000;

    /// <summary>AdamW's decoupled decay of every parameter, at least 0. [DT]: 1e-4.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Gradients are held to this Euclidean norm, above 0. [DT]: 0.25.</summary>
    public double MaxGradientNorm { get; init; } = 0.25;

    /// <summary>B, pieces of trajectories a step, at least 1. [DT]: 64.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#.</summary>
    public DecisionTransformerConfig With(
        double? targetReturn = null, double? returnScale = null, int? context = null, int? layers = null, int? heads = null,
        int? embeddingSize = null, int? maxTimesteps = null, TransformerActivation? activation = null, double? dropout = null,
        bool? countPadding = null, double? policyLearningRate = null, double? warmUpSteps = null, double? weightDecay = null,
        double? maxGradientNorm = null, int? batchSize = null) => this with
        {
            TargetReturn = targetReturn ?? TargetReturn,
            ReturnScale = returnScale ?? ReturnScale,
            Context = context ?? Context,
            Layers = layers ?? Layers,
            Heads = heads ?? Heads,
            EmbeddingSize = embeddingSize ?? EmbeddingSize,
            MaxTimesteps = maxTimesteps ?? MaxTimesteps,
            Activation = activation ?? Activation,
            Dropout = dropout ?? Dropout,
            CountPadding = countPadding ?? CountPadding,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            WarmUpSteps = warmUpSteps ?? WarmUpSteps,
            WeightDecay = weightDecay ?? WeightDecay,
            MaxGradientNorm = maxGradientNorm ?? MaxGradientNorm,
            BatchSize = batchSize ?? BatchSize,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public DecisionTransformerConfig Validate()
    {
        Check.That(double.IsFinite(TargetReturn), nameof(TargetReturn), "a finite number", TargetReturn, "It is the return to ask for: a good one of the data's.");
        Check.Positive(ReturnScale, nameof(ReturnScale));
        Check.AtLeast(Context, 1, nameof(Context), "The paper looks back 20 steps.");
        Check.AtLeast(Layers, 1, nameof(Layers));
        Check.AtLeast(EmbeddingSize, 1, nameof(EmbeddingSize));
        Check.That(Heads >= 1 && EmbeddingSize % Heads == 0, nameof(Heads), $"a divisor of EmbeddingSize = {EmbeddingSize}", Heads);
        Check.AtLeast(MaxTimesteps, 1, nameof(MaxTimesteps));
        Check.Known(Activation);
        Check.Dropout(Dropout, nameof(Dropout));
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.That(double.IsFinite(WarmUpSteps) && WarmUpSteps >= 1, nameof(WarmUpSteps), "a finite number of at least 1", WarmUpSteps, "1 is no warm-up.");
        Check.NotNegative(WeightDecay, nameof(WeightDecay));
        Check.Positive(MaxGradientNorm, nameof(MaxGradientNorm), "A large number, such as 1e9, never clips.");
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        return this;
    }

    /// <summary>What of it shapes the graphs.</summary>
    internal object Structure => (BatchSize, Context, Layers, Heads, EmbeddingSize, MaxTimesteps, (Activation, CountPadding, Dropout > 0));
}
