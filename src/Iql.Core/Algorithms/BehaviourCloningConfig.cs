using System.Collections.Immutable;
using Iql.Data;
using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>
/// Every hyperparameter of <see cref="BehaviourCloning"/>. Defaults are those of CORL's any_percent_bc.py ([CO]); 10%BC is
/// <see cref="BestShare"/> 0.1. Immutable; <see cref="Validate"/> names what is out of range.
/// </summary>
public sealed record BehaviourCloningConfig
{
    /// <summary>Share of the data that is cloned, that of the highest returns, in (0, 1]; 1 is all of it. 10%BC: 0.1.</summary>
    public double BestShare { get; init; } = 1;

    /// <summary>What the share counts: trajectories ([CO], jaxrl) or time steps (the Decision Transformer paper). Unused when the share is 1.</summary>
    public ShareOf BestBy { get; init; } = ShareOf.Trajectories;

    /// <summary>Deterministic: squared error, mean over dimensions ([CO], jaxrl). Gaussian: log-likelihood.</summary>
    public PolicyKind PolicyKind { get; init; } = PolicyKind.Deterministic;

    /// <summary>
    /// What the data's actions are. Discrete: a categorical policy, softmax of the network's outputs; PolicyKind, MeanTanh and the
    /// clips of ln σ play no part then.
    /// </summary>
    public ActionKind Actions { get; init; } = ActionKind.Continuous;

    /// <summary>How a stochastic policy acts when it is evaluated.</summary>
    public ActionChoice ActionChoice { get; init; } = ActionChoice.Greedy;

    /// <summary>Adam's λ at step 0, at least 0. [CO]: 3e-4; jaxrl 1e-3.</summary>
    public double PolicyLearningRate { get; init; } = 3e-4;

    /// <summary>How it moves. [CO]: constant; jaxrl: cosine.</summary>
    public LearningRateSchedule PolicySchedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Steps the cosine takes to reach 0, at least 1: the run's number of steps. Unused when constant.</summary>
    public double CosineSteps { get; init; } = 1_000_000;

    /// <summary>Widths of the hidden layers, each at least 1; none makes it linear. [256, 256] in [CO] and jaxrl.</summary>
    public ImmutableArray<int> HiddenSizes { get; init; } = [256, 256];

    /// <summary>B, transitions a step, at least 1. 256 in [CO] and jaxrl.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Share of hidden activations dropped while training, in [0, 1). [CO]: 0; jaxrl 0.1.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether a Gaussian's mean is tanh(head) or the head itself. A deterministic policy always is.</summary>
    public bool MeanTanh { get; init; } = true;

    /// <summary>Lower clip of a Gaussian's ln σ, below LogStdMax.</summary>
    public double LogStdMin { get; init; } = -5;

    /// <summary>Upper clip of a Gaussian's ln σ.</summary>
    public double LogStdMax { get; init; } = 2;

    /// <summary>How weights start. [CO]: torch; jaxrl: orthogonal.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.Torch;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#.</summary>
    public BehaviourCloningConfig With(
        double? bestShare = null, ActionKind? actions = null, ActionChoice? actionChoice = null, ShareOf? bestBy = null, PolicyKind? policyKind = null, double? policyLearningRate = null,
        LearningRateSchedule? policySchedule = null, double? cosineSteps = null, IEnumerable<int>? hiddenSizes = null, int? batchSize = null,
        double? dropout = null, bool? meanTanh = null, double? logStdMin = null, double? logStdMax = null, Initialisation? initialisation = null) =>
        this with
        {
            BestShare = bestShare ?? BestShare,
            BestBy = bestBy ?? BestBy,
            PolicyKind = policyKind ?? PolicyKind,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            PolicySchedule = policySchedule ?? PolicySchedule,
            CosineSteps = cosineSteps ?? CosineSteps,
            HiddenSizes = hiddenSizes?.ToImmutableArray() ?? HiddenSizes,
            BatchSize = batchSize ?? BatchSize,
            Dropout = dropout ?? Dropout,
            MeanTanh = meanTanh ?? MeanTanh,
            LogStdMin = logStdMin ?? LogStdMin,
            LogStdMax = logStdMax ?? LogStdMax,
            Initialisation = initialisation ?? Initialisation,
            Actions = actions ?? Actions,
            ActionChoice = actionChoice ?? ActionChoice,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public BehaviourCloningConfig Validate()
    {
        Check.That(BestShare is > 0 and <= 1, nameof(BestShare), "a number in (0, 1]", BestShare, "1 clones all data, 0.1 is 10%BC.");
        Check.Known(BestBy);
        Check.Known(PolicyKind);
        Check.Known(Actions);
        Check.Known(ActionChoice);
        Check.That(ActionChoice == ActionChoice.Greedy || Actions == ActionKind.Discrete || PolicyKind == PolicyKind.Gaussian, nameof(ActionChoice),
            "Greedy for a deterministic policy", ActionChoice, "Only a stochastic policy can be sampled.");
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.Known(PolicySchedule);
        Check.That(double.IsFinite(CosineSteps) && CosineSteps >= 1, nameof(CosineSteps), "a finite number of at least 1", CosineSteps, "Set it to the run's number of steps.");
        Check.Widths(HiddenSizes, nameof(HiddenSizes));
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        Check.Dropout(Dropout, nameof(Dropout));
        Check.That(double.IsFinite(LogStdMin) && double.IsFinite(LogStdMax) && LogStdMin < LogStdMax, nameof(LogStdMin), $"a finite number below LogStdMax = {LogStdMax}", LogStdMin);
        Check.Known(Initialisation);
        return this;
    }

    /// <summary>Same values; widths are compared one by one.</summary>
    public bool Equals(BehaviourCloningConfig? other) => other != null
        && HiddenSizes.AsSpan().SequenceEqual(other.HiddenSizes.AsSpan()) && Fields.Equals(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.GetHashCode();

    object Fields => (BestShare, BestBy, PolicyLearningRate, CosineSteps, Dropout, LogStdMin, LogStdMax, Initialisation,
        (BatchSize, PolicyKind, PolicySchedule, MeanTanh, Actions, ActionChoice));

    /// <summary>What of it shapes the graph.</summary>
    internal object Structure => (BatchSize, Actions, PolicyKind, PolicySchedule, MeanTanh, Dropout > 0, string.Join('x', HiddenSizes));
}
