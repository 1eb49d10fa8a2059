using System.Collections.Immutable;
using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>How <see cref="Awac"/> makes weights of advantages.</summary>
public enum AdvantageWeighting
{
    /// <summary>min(e^{A/λ}, cap): CORL.</summary>
    Exponential,

    /// <summary>Softmax of A/λ over the batch: rlkit (the authors'), jaxrl.</summary>
    BatchSoftmax,
}

/// <summary>Whose value an advantage is measured from: V(s) ≈ min Q(s, b).</summary>
public enum AdvantageBaseline
{
    /// <summary>b ~ π(·|s), one sample: CORL, jaxrl, rlkit on locomotion.</summary>
    SampledAction,

    /// <summary>b = the mean action: rlkit on hand tasks (awr_use_mle_for_vf).</summary>
    MeanAction,
}

/// <summary>Every hyperparameter of <see cref="Awac"/>. Defaults are those of CORL on locomotion ([CO]). Immutable; <see cref="Validate"/> names what is out of range.</summary>
public sealed record AwacConfig
{
    /// <summary>λ, above 0, in units of return: weights are e^{A/λ}. [CO]: 1/3, 0.1 beyond locomotion; jaxrl and rlkit 2, rlkit's hand tasks 0.5.</summary>
    public double Temperature { get; init; } = 1.0 / 3;

    /// <summary>Clipped exponential ([CO]) or batch softmax (rlkit, jaxrl).</summary>
    public AdvantageWeighting Weighting { get; init; } = AdvantageWeighting.Exponential;

    /// <summary>Cap on an exponential weight, above 0. [CO]: 100. A softmax has none.</summary>
    public double MaxAdvantageWeight { get; init; } = 100;

    /// <summary>A sampled action ([CO], jaxrl) or the mean one.</summary>
    public AdvantageBaseline Baseline { get; init; } = AdvantageBaseline.SampledAction;

    /// <summary>Whether the policy's actions are clipped to ±1 before a critic sees them. [CO]: yes; rlkit and jaxrl no.</summary>
    public bool ClipActions { get; init; } = true;

    /// <summary>γ, in [0, 1]. 0.99 everywhere.</summary>
    public double Discount { get; init; } = 0.99;

    /// <summary>α of target ← α · online + (1 − α) · target, in (0, 1]. 0.005.</summary>
    public double PolyakStep { get; init; } = 0.005;

    /// <summary>Adam's λ for both critics, at least 0. 3e-4 everywhere.</summary>
    public double CriticLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's λ for the policy, at least 0. 3e-4 everywhere.</summary>
    public double PolicyLearningRate { get; init; } = 3e-4;

    /// <summary>Decay of every number of the policy, at least 0. [CO]: 0; rlkit and jaxrl 1e-4.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Coupled, in the gradient (rlkit), or decoupled (jaxrl). Nothing when the decay is 0.</summary>
    public WeightDecay WeightDecayKind { get; init; } = Optimizers.WeightDecay.Decoupled;

    /// <summary>Widths of the hidden layers, each at least 1; none makes all networks linear. [CO]: [256, 256, 256].</summary>
    public ImmutableArray<int> HiddenSizes { get; init; } = [256, 256, 256];

    /// <summary>Those of the policy where they differ; null is <see cref="HiddenSizes"/>. rlkit and jaxrl: four of 256 beside critics of two.</summary>
    public ImmutableArray<int>? PolicyHiddenSizes { get; init; }

    /// <summary>B, transitions a step, at least 1. [CO]: 256; rlkit 1024.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Whether the mean is tanh(head) (rlkit, jaxrl) or the head itself ([CO]).</summary>
    public bool MeanTanh { get; init; }

    /// <summary>Lower clip of ln σ, below LogStdMax. [CO]: −20; jaxrl −10.</summary>
    public double LogStdMin { get; init; } = -20;

    /// <summary>Upper clip of ln σ. 2.</summary>
    public double LogStdMax { get; init; } = 2;

    /// <summary>How weights start. [CO]: torch.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.Torch;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#.</summary>
    public AwacConfig With(
        double? temperature = null, AdvantageWeighting? weighting = null, double? maxAdvantageWeight = null, AdvantageBaseline? baseline = null,
        bool? clipActions = null, double? discount = null, double? polyakStep = null, double? criticLearningRate = null,
        double? policyLearningRate = null, double? weightDecay = null, WeightDecay? weightDecayKind = null, IEnumerable<int>? hiddenSizes = null,
        IEnumerable<int>? policyHiddenSizes = null, int? batchSize = null, bool? meanTanh = null, double? logStdMin = null,
        double? logStdMax = null, Initialisation? initialisation = null) => this with
        {
            Temperature = temperature ?? Temperature,
            Weighting = weighting ?? Weighting,
            MaxAdvantageWeight = maxAdvantageWeight ?? MaxAdvantageWeight,
            Baseline = baseline ?? Baseline,
            ClipActions = clipActions ?? ClipActions,
            Discount = discount ?? Discount,
            PolyakStep = polyakStep ?? PolyakStep,
            CriticLearningRate = criticLearningRate ?? CriticLearningRate,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            WeightDecay = weightDecay ?? WeightDecay,
            WeightDecayKind = weightDecayKind ?? WeightDecayKind,
            HiddenSizes = hiddenSizes?.ToImmutableArray() ?? HiddenSizes,
            PolicyHiddenSizes = policyHiddenSizes?.ToImmutableArray() ?? PolicyHiddenSizes,
            BatchSize = batchSize ?? BatchSize,
            MeanTanh = meanTanh ?? MeanTanh,
            LogStdMin = logStdMin ?? LogStdMin,
            LogStdMax = logStdMax ?? LogStdMax,
            Initialisation = initialisation ?? Initialisation,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public AwacConfig Validate()
    {
        Check.Positive(Temperature, nameof(Temperature), "Weights are e^{A/λ}: large clones, small is greedy.");
        Check.Known(Weighting);
        Check.Positive(MaxAdvantageWeight, nameof(MaxAdvantageWeight));
        Check.Known(Baseline);
        Check.Share(Discount, nameof(Discount));
        Check.PolyakStep(PolyakStep, nameof(PolyakStep));
        Check.NotNegative(CriticLearningRate, nameof(CriticLearningRate));
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.NotNegative(WeightDecay, nameof(WeightDecay));
        Check.Known(WeightDecayKind);
        Check.Widths(HiddenSizes, nameof(HiddenSizes));
        Check.Widths(PolicySizes, nameof(PolicyHiddenSizes));
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        Check.That(double.IsFinite(LogStdMin) && double.IsFinite(LogStdMax) && LogStdMin < LogStdMax, nameof(LogStdMin), $"a finite number below LogStdMax = {LogStdMax}", LogStdMin);
        Check.Known(Initialisation);
        return this;
    }

    /// <summary>Widths the policy has.</summary>
    internal ImmutableArray<int> PolicySizes => PolicyHiddenSizes ?? HiddenSizes;

    /// <summary>Same values; widths are compared one by one, the policy's as it has them.</summary>
    public bool Equals(AwacConfig? other) => other != null && Fields.Equals(other.Fields) && Structure.Equals(other.Structure);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.GetHashCode();

    object Fields => (Temperature, MaxAdvantageWeight, Discount, PolyakStep, CriticLearningRate, PolicyLearningRate, WeightDecay,
        (LogStdMin, LogStdMax, WeightDecayKind, Initialisation));

    /// <summary>What of it shapes the graph.</summary>
    internal object Structure => (BatchSize, Weighting, Baseline, ClipActions, MeanTanh, WeightDecay > 0, WeightDecayKind,
        (string.Join('x', HiddenSizes), string.Join('x', PolicySizes)));
}
