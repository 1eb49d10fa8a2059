using System.Collections.Immutable;
using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>Every hyperparameter of <see cref="TD3BC"/>. Defaults are those of sfujim/TD3_BC ([TB]). Immutable; <see cref="Validate"/> names what is out of range.</summary>
public sealed record TD3BCConfig
{
    /// <summary>α of λ = α / mean |Q|, at least 0: 0 is behaviour cloning, larger trusts the critic more. [TB]: 2.5.</summary>
    public double Alpha { get; init; } = 2.5;

    /// <summary>γ, in [0, 1]. 0.99 everywhere.</summary>
    public double Discount { get; init; } = 0.99;

    /// <summary>α of target ← α · online + (1 − α) · target, for critics and policy, in (0, 1]. 0.005.</summary>
    public double PolyakStep { get; init; } = 0.005;

    /// <summary>Deviation of the noise on the target policy's action, in units of MaxAction, at least 0. [TB]: 0.2.</summary>
    public double PolicyNoise { get; init; } = 0.2;

    /// <summary>The noise is held within ± this, in units of MaxAction, at least 0. [TB]: 0.5.</summary>
    public double NoiseClip { get; init; } = 0.5;

    /// <summary>The policy and all targets learn at every so many-th step, at least 1. [TB]: 2.</summary>
    public int PolicyDelay { get; init; } = 2;

    /// <summary>Largest number of an action, above 0: π(s) = MaxAction · tanh(head). 1 in every task here.</summary>
    public double MaxAction { get; init; } = 1;

    /// <summary>Adam's λ for both critics, at least 0. [TB]: 3e-4.</summary>
    public double CriticLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's λ for the policy, at least 0. [TB]: 3e-4.</summary>
    public double PolicyLearningRate { get; init; } = 3e-4;

    /// <summary>Widths of the hidden layers of every network, each at least 1; none makes all networks linear. [256, 256].</summary>
    public ImmutableArray<int> HiddenSizes { get; init; } = [256, 256];

    /// <summary>B, transitions a step, at least 1. 256.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>How weights start. [TB]: torch.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.Torch;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#.</summary>
    public TD3BCConfig With(
        double? alpha = null, double? discount = null, double? polyakStep = null, double? policyNoise = null, double? noiseClip = null,
        int? policyDelay = null, double? maxAction = null, double? criticLearningRate = null, double? policyLearningRate = null,
        IEnumerable<int>? hiddenSizes = null, int? batchSize = null, Initialisation? initialisation = null) => this with
        {
            Alpha = alpha ?? Alpha,
            Discount = discount ?? Discount,
            PolyakStep = polyakStep ?? PolyakStep,
            PolicyNoise = policyNoise ?? PolicyNoise,
            NoiseClip = noiseClip ?? NoiseClip,
            PolicyDelay = policyDelay ?? PolicyDelay,
            MaxAction = maxAction ?? MaxAction,
            CriticLearningRate = criticLearningRate ?? CriticLearningRate,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            HiddenSizes = hiddenSizes?.ToImmutableArray() ?? HiddenSizes,
            BatchSize = batchSize ?? BatchSize,
            Initialisation = initialisation ?? Initialisation,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public TD3BCConfig Validate()
    {
        Check.NotNegative(Alpha, nameof(Alpha), "0 is behaviour cloning; the paper takes 2.5.");
        Check.Share(Discount, nameof(Discount));
        Check.PolyakStep(PolyakStep, nameof(PolyakStep));
        Check.NotNegative(PolicyNoise, nameof(PolicyNoise));
        Check.NotNegative(NoiseClip, nameof(NoiseClip));
        Check.AtLeast(PolicyDelay, 1, nameof(PolicyDelay), "1 trains the policy at every step.");
        Check.Positive(MaxAction, nameof(MaxAction));
        Check.NotNegative(CriticLearningRate, nameof(CriticLearningRate));
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.Widths(HiddenSizes, nameof(HiddenSizes));
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        Check.Known(Initialisation);
        return this;
    }

    /// <summary>Same values; widths are compared one by one.</summary>
    public bool Equals(TD3BCConfig? other) => other != null
        && HiddenSizes.AsSpan().SequenceEqual(other.HiddenSizes.AsSpan()) && Fields.Equals(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.GetHashCode();

    object Fields => (Alpha, Discount, PolyakStep, PolicyNoise, NoiseClip, MaxAction, CriticLearningRate, PolicyLearningRate,
        (PolicyDelay, BatchSize, Initialisation));

    /// <summary>What of it shapes the graphs and their order.</summary>
    internal object Structure => (BatchSize, PolicyDelay, string.Join('x', HiddenSizes));
}
