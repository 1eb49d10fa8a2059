using System.Collections.Immutable;
using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>How <see cref="Onestep"/> improves upon the behaviour policy β, once.</summary>
public enum PolicyImprovement
{
    /// <summary>Climb Q, held near β by α KL(π ‖ β).</summary>
    ReverseKL,

    /// <summary>Clone by weights min(e^{T A}, cap).</summary>
    ExponentialWeights,

    /// <summary>Easy BCQ: of M samples of β do the one of the largest Q. Nothing is learned.</summary>
    EasyBCQ,
}

/// <summary>
/// Every hyperparameter of <see cref="Onestep"/>. Defaults are those of davidbrandfonbrener/onestep-rl ([OS]). Immutable;
/// <see cref="Validate"/> names what is out of range.
/// </summary>
public sealed record OnestepConfig
{
    /// <summary>The one improvement. [OS], config/train.yaml: reverse KL.</summary>
    public PolicyImprovement Improvement { get; init; } = PolicyImprovement.ReverseKL;

    /// <summary>T of the weights e^{T A}, at least 0; it multiplies, whatever [OS] calls it. [OS]: 0.01; the paper tries 0.1, 0.3, 1, 3, 10, 30.</summary>
    public double InverseTemperature { get; init; } = 0.01;

    /// <summary>α of the divergence, at least 0. [OS]: 1; the paper tries 0.03, 0.1, 0.3, 1, 3, 10.</summary>
    public double DivergenceWeight { get; init; } = 1;

    /// <summary>M, samples of β that Easy BCQ chooses from, at least 1 (which is β itself). [OS]: 10; the paper tries 2, 5, 10, 20, 50, 100.</summary>
    public int Candidates { get; init; } = 10;

    /// <summary>Cap on an exponential weight, above 0. [OS]: 100.</summary>
    public double MaxAdvantageWeight { get; init; } = 100;

    /// <summary>Samples of β whose mean Q is the baseline of A, at least 1. [OS]: 10.</summary>
    public int BaselineSamples { get; init; } = 10;

    /// <summary>Samples of π that the divergence is estimated by, at least 1. [OS]: 10.</summary>
    public int DivergenceSamples { get; init; } = 10;

    /// <summary>Samples of β are clipped to ± this before the critic sees them, above 0. [OS] clips those of Easy BCQ to ±1 and no others.</summary>
    public double SampleBound { get; init; } = 1 - 1e-4;

    /// <summary>Steps of the first phase, β, at least 1. [OS]: 5e5.</summary>
    public int BehaviourSteps { get; init; } = 500_000;

    /// <summary>Steps of the second phase, Q, at least 1. [OS]: 2e6.</summary>
    public int CriticSteps { get; init; } = 2_000_000;

    /// <summary>Steps of the third phase, π, at least 1. [OS]: 1e5. A longer run goes on with π; Easy BCQ has no such phase and goes on with Q.</summary>
    public int PolicySteps { get; init; } = 100_000;

    /// <summary>Number of critics, 1 or 2; of two the minimum is taken. [OS]: 1.</summary>
    public int Critics { get; init; } = 1;

    /// <summary>γ, in [0, 1]. 0.99.</summary>
    public double Discount { get; init; } = 0.99;

    /// <summary>α of target ← α · online + (1 − α) · target, in (0, 1]. 0.005.</summary>
    public double PolyakStep { get; init; } = 0.005;

    /// <summary>Targets move at every so many-th step of the second phase, at least 1. [OS]: 2.</summary>
    public int PolyakEvery { get; init; } = 2;

    /// <summary>Adam's λ for β, at least 0. [OS]: 1e-4.</summary>
    public double BehaviourLearningRate { get; init; } = 1e-4;

    /// <summary>Adam's λ for the critics, at least 0. [OS]: 1e-4.</summary>
    public double CriticLearningRate { get; init; } = 1e-4;

    /// <summary>Adam's λ for π, at least 0. [OS]: 1e-4.</summary>
    public double PolicyLearningRate { get; init; } = 1e-4;

    /// <summary>Widths of the hidden layers of every network, each at least 1; none makes all networks linear. [OS]: [1024, 1024].</summary>
    public ImmutableArray<int> HiddenSizes { get; init; } = [1024, 1024];

    /// <summary>B, transitions a step, at least 1. [OS]: 512.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>Whether σ is a function of the state, softly clamped ([OS]), or a free vector, clipped, beside a tanh mean.</summary>
    public bool StateDependentStd { get; init; } = true;

    /// <summary>Lower bound of ln σ, below LogStdMax. [OS]: −5.</summary>
    public double LogStdMin { get; init; } = -5;

    /// <summary>Upper bound of ln σ. [OS]: 0.</summary>
    public double LogStdMax { get; init; }

    /// <summary>How weights start. [OS]: torch.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.Torch;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#.</summary>
    public OnestepConfig With(
        PolicyImprovement? improvement = null, double? inverseTemperature = null, double? divergenceWeight = null, int? candidates = null,
        double? maxAdvantageWeight = null, int? baselineSamples = null, int? divergenceSamples = null, double? sampleBound = null,
        int? behaviourSteps = null, int? criticSteps = null, int? policySteps = null, int? critics = null, double? discount = null,
        double? polyakStep = null, int? polyakEvery = null, double? behaviourLearningRate = null, double? criticLearningRate = null,
        double? policyLearningRate = null, IEnumerable<int>? hiddenSizes = null, int? batchSize = null, bool? stateDependentStd = null,
        double? logStdMin = null, double? logStdMax = null, Initialisation? initialisation = null) => this with
        {
            Improvement = improvement ?? Improvement,
            InverseTemperature = inverseTemperature ?? InverseTemperature,
            DivergenceWeight = divergenceWeight ?? DivergenceWeight,
            Candidates = candidates ?? Candidates,
            MaxAdvantageWeight = maxAdvantageWeight ?? MaxAdvantageWeight,
            BaselineSamples = baselineSamples ?? BaselineSamples,
            DivergenceSamples = divergenceSamples ?? DivergenceSamples,
            SampleBound = sampleBound ?? SampleBound,
            BehaviourSteps = behaviourSteps ?? BehaviourSteps,
            CriticSteps = criticSteps ?? CriticSteps,
            PolicySteps = policySteps ?? PolicySteps,
            Critics = critics ?? Critics,
            Discount = discount ?? Discount,
            PolyakStep = polyakStep ?? PolyakStep,
            PolyakEvery = polyakEvery ?? PolyakEvery,
            BehaviourLearningRate = behaviourLearningRate ?? BehaviourLearningRate,
            CriticLearningRate = criticLearningRate ?? CriticLearningRate,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            HiddenSizes = hiddenSizes?.ToImmutableArray() ?? HiddenSizes,
            BatchSize = batchSize ?? BatchSize,
            StateDependentStd = stateDependentStd ?? StateDependentStd,
            LogStdMin = logStdMin ?? LogStdMin,
            LogStdMax = logStdMax ?? LogStdMax,
            Initialisation = initialisation ?? Initialisation,
        };

    /// <summary>The phases of a run of so many steps, in the proportions they have now, each of at least one step.</summary>
    /// <param name="steps">Steps of the whole run, at least 1.</param>
    public OnestepConfig ForSteps(int steps)
    {
        Check.AtLeast(steps, 1, nameof(steps));
        var last = Improvement == PolicyImprovement.EasyBCQ ? 0 : PolicySteps;
        var scale = steps / ((double)BehaviourSteps + CriticSteps + last);
        var behaviour = Math.Max(1, (int)Math.Round(BehaviourSteps * scale));
        var policy = last == 0 ? 0 : Math.Max(1, (int)Math.Round(last * scale));
        return this with
        {
            BehaviourSteps = behaviour,
            CriticSteps = Math.Max(1, steps - behaviour - policy),
            PolicySteps = last == 0 ? PolicySteps : policy,
        };
    }

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public OnestepConfig Validate()
    {
        Check.Known(Improvement);
        Check.NotNegative(InverseTemperature, nameof(InverseTemperature), "0 is behaviour cloning.");
        Check.NotNegative(DivergenceWeight, nameof(DivergenceWeight), "Large is behaviour cloning, 0 trusts the critic alone.");
        Check.AtLeast(Candidates, 1, nameof(Candidates));
        Check.Positive(MaxAdvantageWeight, nameof(MaxAdvantageWeight));
        Check.AtLeast(BaselineSamples, 1, nameof(BaselineSamples));
        Check.AtLeast(DivergenceSamples, 1, nameof(DivergenceSamples));
        Check.Positive(SampleBound, nameof(SampleBound));
        Check.AtLeast(BehaviourSteps, 1, nameof(BehaviourSteps));
        Check.AtLeast(CriticSteps, 1, nameof(CriticSteps));
        Check.AtLeast(PolicySteps, 1, nameof(PolicySteps));
        Check.That(Critics is 1 or 2, nameof(Critics), "1 or 2", Critics);
        Check.Share(Discount, nameof(Discount));
        Check.PolyakStep(PolyakStep, nameof(PolyakStep));
        Check.AtLeast(PolyakEvery, 1, nameof(PolyakEvery));
        Check.NotNegative(BehaviourLearningRate, nameof(BehaviourLearningRate));
        Check.NotNegative(CriticLearningRate, nameof(CriticLearningRate));
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.Widths(HiddenSizes, nameof(HiddenSizes));
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        Check.That(double.IsFinite(LogStdMin) && double.IsFinite(LogStdMax) && LogStdMin < LogStdMax, nameof(LogStdMin), $"a finite number below LogStdMax = {LogStdMax}", LogStdMin);
        Check.Known(Initialisation);
        return this;
    }

    /// <summary>The number that says how far the improvement goes, in which members of one learner may differ: T, or α of the divergence; 0 for Easy BCQ.</summary>
    public double Strength => Improvement switch
    {
        PolicyImprovement.ExponentialWeights => InverseTemperature,
        PolicyImprovement.ReverseKL => DivergenceWeight,
        _ => 0,
    };

    /// <summary>This config with another <see cref="Strength"/>; Easy BCQ has none and stays.</summary>
    public OnestepConfig WithStrength(double strength) => Improvement switch
    {
        PolicyImprovement.ExponentialWeights => this with { InverseTemperature = strength },
        PolicyImprovement.ReverseKL => this with { DivergenceWeight = strength },
        _ => this,
    };

    /// <summary>Same values; widths are compared one by one.</summary>
    public bool Equals(OnestepConfig? other) => other != null && Fields.Equals(other.Fields) && Structure.Equals(other.Structure);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.GetHashCode();

    object Fields => (InverseTemperature, DivergenceWeight, MaxAdvantageWeight, SampleBound, Discount, PolyakStep, BehaviourLearningRate,
        (CriticLearningRate, PolicyLearningRate, LogStdMin, LogStdMax, PolicySteps, Initialisation));

    /// <summary>What of it shapes the graphs and their order.</summary>
    internal object Structure => (Improvement, BatchSize, Candidates, BaselineSamples, DivergenceSamples, Critics, StateDependentStd,
        (BehaviourSteps, CriticSteps, PolyakEvery, string.Join('x', HiddenSizes)));
}
