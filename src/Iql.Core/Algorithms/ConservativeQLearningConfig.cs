using System.Collections.Immutable;
using Iql.Losses;
using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>Which logits the conservative term has.</summary>
public enum ConservativeTerm
{
    /// <summary>Version 3, CQL(H): Q − ln density of every sample.</summary>
    ImportanceWeighted,

    /// <summary>Version 2, CQL(ρ): Q alone, and Q(s, a) of the data's action among them.</summary>
    Plain,
}

/// <summary>What follows in the critics' target.</summary>
public enum SampledBackup
{
    /// <summary>min Q̂(s′, ã′) of one sample.</summary>
    Sample,

    /// <summary>The largest, over N samples, of the lesser of both critics (young-geng/CQL, CORL).</summary>
    MaxOfLeast,

    /// <summary>The lesser of both critics' largest over N samples (aviralkumar2907/CQL).</summary>
    LeastOfMax,
}

/// <summary>Which networks each part of a step sees.</summary>
public enum ConservativeOrder
{
    /// <summary>Temperature, policy, critics: each sees what is new before it (CORL).</summary>
    Sequential,

    /// <summary>The temperature first; then policy and critics, both seeing the networks from before the step (what aviralkumar2907/CQL sets out to do).</summary>
    TemperatureFirst,

    /// <summary>Everything sees what was before the step (young-geng/CQL).</summary>
    Simultaneous,
}

/// <summary>
/// Every hyperparameter of <see cref="ConservativeQLearning"/>. Defaults are those of CORL for locomotion ([CO]); [AK] is aviralkumar2907/CQL, [YG]
/// young-geng/CQL. Immutable; <see cref="Validate"/> names what is out of range.
/// </summary>
public sealed record ConservativeQLearningConfig
{
    /// <summary>
    /// What the data's actions are. Discrete: Q-learning with an output an action and no policy but the largest Q, its conservative term exact
    /// over all actions. What is about samples, entropy or a policy plays no part then; the rest means the same.
    /// </summary>
    public ActionKind Actions { get; init; } = ActionKind.Continuous;

    /// <summary>w of the conservative term, at least 0: 0 is soft actor-critic. [CO]: 10 locomotion, 5 antmaze, 1 Adroit.</summary>
    public double ConservativeWeight { get; init; } = 10;

    /// <summary>Version 3 (importance weights) or 2. Importance-weighted in all three.</summary>
    public ConservativeTerm ConservativeTerm { get; init; } = ConservativeTerm.ImportanceWeighted;

    /// <summary>N: actions of each of three kinds a state in the conservative term, and in a maximum backup; at least 1. 10 in all three.</summary>
    public int ActionSamples { get; init; } = 10;

    /// <summary>c of the soft maximum, above 0. 1 in all three.</summary>
    public double SoftmaxTemperature { get; init; } = 1;

    /// <summary>Least (soft maximum − Q(s, a)) of a row, −∞ for none. [CO]: −200 in antmaze.</summary>
    public double DifferenceMin { get; init; } = double.NegativeInfinity;

    /// <summary>Largest (soft maximum − Q(s, a)) of a row, ∞ for none.</summary>
    public double DifferenceMax { get; init; } = double.PositiveInfinity;

    /// <summary>Whether a multiplier holds the difference at a gap (Lagrange), and where w stands. [CO]: in antmaze and maze2d, w outside.</summary>
    public Lagrange Lagrange { get; init; } = Lagrange.Off;

    /// <summary>The gap, at least 0. [CO]: 0.8 in antmaze, 5 in maze2d. Unused when Lagrange is off.</summary>
    public double LagrangeGap { get; init; } = 0.8;

    /// <summary>ln α′ at the start. [CO], [YG]: 1; [AK]: 0. Unused when Lagrange is off.</summary>
    public double InitialLogMultiplier { get; init; } = 1;

    /// <summary>Whether α learns to hold the policy's entropy. Yes in all three.</summary>
    public bool AutomaticTemperature { get; init; } = true;

    /// <summary>α when it does not learn, at least 0.</summary>
    public double EntropyTemperature { get; init; } = 0.2;

    /// <summary>ln α at the start when it learns. 0 in all three.</summary>
    public double InitialLogTemperature { get; init; }

    /// <summary>H̄ / A: entropy that α holds, in nats a dimension of an action. −1 in all three.</summary>
    public double TargetEntropy { get; init; } = -1;

    /// <summary>What follows in the target. [CO]: a sample; MaxOfLeast in antmaze.</summary>
    public SampledBackup Backup { get; init; } = SampledBackup.Sample;

    /// <summary>Whether the target loses α ln π(ã′|s′). No in all three. Not with LeastOfMax, where no one sample is chosen.</summary>
    public bool EntropyInBackup { get; init; }

    /// <summary>Steps at the start in which the policy clones the data (BC warm-up), at least 0. [AK]: 40,000; [CO]: 0.</summary>
    public int CloningSteps { get; init; }

    /// <summary>Which networks each part of a step sees.</summary>
    public ConservativeOrder ConservativeOrder { get; init; } = ConservativeOrder.Sequential;

    /// <summary>Whether ln σ = k · head + c with learned k and c ([CO], [YG]), or the head itself ([AK]).</summary>
    public bool LearnedLogStd { get; init; } = true;

    /// <summary>Lower clip of ln σ, below LogStdMax. [CO], [YG]: −20; [AK]: −5.</summary>
    public double LogStdMin { get; init; } = -20;

    /// <summary>Upper clip of ln σ. 2.</summary>
    public double LogStdMax { get; init; } = 2;

    /// <summary>The data's actions are held within ± this, in (0, 1]. [YG]: 0.999.</summary>
    public double ActionLimit { get; init; } = 1;

    /// <summary>γ, in [0, 1]. 0.99.</summary>
    public double Discount { get; init; } = 0.99;

    /// <summary>α of target ← α · online + (1 − α) · target, in (0, 1]. 0.005.</summary>
    public double PolyakStep { get; init; } = 0.005;

    /// <summary>Adam's λ for critics and multiplier, at least 0. 3e-4.</summary>
    public double CriticLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's λ for policy and temperature, at least 0. [CO]: 3e-5, antmaze and Adroit 1e-4; [AK]: 1e-4; [YG]: 3e-4.</summary>
    public double PolicyLearningRate { get; init; } = 3e-5;

    /// <summary>Widths of the hidden layers, each at least 1; none makes them linear. [256, 256, 256]; [YG]: two layers.</summary>
    public ImmutableArray<int> HiddenSizes { get; init; } = [256, 256, 256];

    /// <summary>Widths of the critics' hidden layers where they differ; empty: as HiddenSizes. [CO] antmaze: five layers.</summary>
    public ImmutableArray<int> CriticHiddenSizes { get; init; } = [];

    /// <summary>B, transitions a step, at least 1. 256.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>How the policy's weights start. [CO], [YG]: TorchSmallOutput.</summary>
    public Initialisation PolicyInitialisation { get; init; } = Initialisation.TorchSmallOutput;

    /// <summary>How the critics' weights start. [CO]: OrthogonalSmallOutput; [YG]: TorchSmallOutput.</summary>
    public Initialisation CriticInitialisation { get; init; } = Initialisation.OrthogonalSmallOutput;

    /// <summary>The critics' hidden widths, whichever names them.</summary>
    internal ImmutableArray<int> CriticWidths => CriticHiddenSizes.IsEmpty ? HiddenSizes : CriticHiddenSizes;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#.</summary>
    public ConservativeQLearningConfig With(
        ActionKind? actions = null, double? conservativeWeight = null, ConservativeTerm? conservativeTerm = null, int? actionSamples = null, double? softmaxTemperature = null,
        double? differenceMin = null, double? differenceMax = null, Lagrange? lagrange = null, double? lagrangeGap = null,
        double? initialLogMultiplier = null, bool? automaticTemperature = null, double? entropyTemperature = null, double? initialLogTemperature = null,
        double? targetEntropy = null, SampledBackup? backup = null, bool? entropyInBackup = null, int? cloningSteps = null,
        ConservativeOrder? conservativeOrder = null, bool? learnedLogStd = null, double? logStdMin = null, double? logStdMax = null, double? actionLimit = null,
        double? discount = null, double? polyakStep = null, double? criticLearningRate = null, double? policyLearningRate = null,
        IEnumerable<int>? hiddenSizes = null, IEnumerable<int>? criticHiddenSizes = null, int? batchSize = null,
        Initialisation? policyInitialisation = null, Initialisation? criticInitialisation = null) => this with
        {
            Actions = actions ?? Actions,
            ConservativeWeight = conservativeWeight ?? ConservativeWeight,
            ConservativeTerm = conservativeTerm ?? ConservativeTerm,
            ActionSamples = actionSamples ?? ActionSamples,
            SoftmaxTemperature = softmaxTemperature ?? SoftmaxTemperature,
            DifferenceMin = differenceMin ?? DifferenceMin,
            DifferenceMax = differenceMax ?? DifferenceMax,
            Lagrange = lagrange ?? Lagrange,
            LagrangeGap = lagrangeGap ?? LagrangeGap,
            InitialLogMultiplier = initialLogMultiplier ?? InitialLogMultiplier,
            AutomaticTemperature = automaticTemperature ?? AutomaticTemperature,
            EntropyTemperature = entropyTemperature ?? EntropyTemperature,
            InitialLogTemperature = initialLogTemperature ?? InitialLogTemperature,
            TargetEntropy = targetEntropy ?? TargetEntropy,
            Backup = backup ?? Backup,
            EntropyInBackup = entropyInBackup ?? EntropyInBackup,
            CloningSteps = cloningSteps ?? CloningSteps,
            ConservativeOrder = conservativeOrder ?? ConservativeOrder,
            LearnedLogStd = learnedLogStd ?? LearnedLogStd,
            LogStdMin = logStdMin ?? LogStdMin,
            LogStdMax = logStdMax ?? LogStdMax,
            ActionLimit = actionLimit ?? ActionLimit,
            Discount = discount ?? Discount,
            PolyakStep = polyakStep ?? PolyakStep,
            CriticLearningRate = criticLearningRate ?? CriticLearningRate,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            HiddenSizes = hiddenSizes?.ToImmutableArray() ?? HiddenSizes,
            CriticHiddenSizes = criticHiddenSizes?.ToImmutableArray() ?? CriticHiddenSizes,
            BatchSize = batchSize ?? BatchSize,
            PolicyInitialisation = policyInitialisation ?? PolicyInitialisation,
            CriticInitialisation = criticInitialisation ?? CriticInitialisation,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public ConservativeQLearningConfig Validate()
    {
        Check.Known(Actions);
        Check.NotNegative(ConservativeWeight, nameof(ConservativeWeight), "0 is soft actor-critic; 5 and 10 are usual.");
        Check.Known(ConservativeTerm);
        Check.AtLeast(ActionSamples, 1, nameof(ActionSamples));
        Check.Positive(SoftmaxTemperature, nameof(SoftmaxTemperature));
        Check.That(DifferenceMin < DifferenceMax, nameof(DifferenceMin), $"a number below DifferenceMax = {DifferenceMax}", DifferenceMin);
        Check.Known(Lagrange);
        Check.NotNegative(LagrangeGap, nameof(LagrangeGap));
        Check.That(double.IsFinite(InitialLogMultiplier), nameof(InitialLogMultiplier), "a finite number", InitialLogMultiplier);
        Check.NotNegative(EntropyTemperature, nameof(EntropyTemperature));
        Check.That(double.IsFinite(InitialLogTemperature), nameof(InitialLogTemperature), "a finite number", InitialLogTemperature);
        Check.That(double.IsFinite(TargetEntropy), nameof(TargetEntropy), "a finite number", TargetEntropy);
        Check.Known(Backup);
        Check.That(!EntropyInBackup || Backup != SampledBackup.LeastOfMax, nameof(EntropyInBackup), "false where Backup is LeastOfMax", EntropyInBackup,
            "Its critics may choose different samples, whose densities differ; MaxOfLeast chooses one.");
        Check.AtLeast(CloningSteps, 0, nameof(CloningSteps));
        Check.Known(ConservativeOrder);
        Check.That(double.IsFinite(LogStdMin) && double.IsFinite(LogStdMax) && LogStdMin < LogStdMax, nameof(LogStdMin), $"a finite number below LogStdMax = {LogStdMax}", LogStdMin);
        Check.That(ActionLimit is > 0 and <= 1, nameof(ActionLimit), "a number in (0, 1]", ActionLimit, "The policy's actions lie within ±1.");
        Check.Share(Discount, nameof(Discount));
        Check.PolyakStep(PolyakStep, nameof(PolyakStep));
        Check.NotNegative(CriticLearningRate, nameof(CriticLearningRate));
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.Widths(HiddenSizes, nameof(HiddenSizes));
        Check.Widths(CriticHiddenSizes, nameof(CriticHiddenSizes));
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        Check.Known(PolicyInitialisation);
        Check.Known(CriticInitialisation);
        return this;
    }

    /// <summary>Same values; widths are compared one by one.</summary>
    public bool Equals(ConservativeQLearningConfig? other) => other != null && Structure.Equals(other.Structure) && Fields.Equals(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.GetHashCode();

    object Fields => (ConservativeWeight, SoftmaxTemperature, DifferenceMin, DifferenceMax, LagrangeGap, InitialLogMultiplier, EntropyTemperature,
        (InitialLogTemperature, TargetEntropy, LogStdMin, LogStdMax, ActionLimit, Discount, PolyakStep),
        (CriticLearningRate, PolicyLearningRate, PolicyInitialisation, CriticInitialisation));

    /// <summary>What of it shapes the graphs and their order.</summary>
    internal object Structure => (BatchSize, Actions, ActionSamples, ConservativeTerm, Lagrange, AutomaticTemperature, Backup,
        (EntropyInBackup, CloningSteps, ConservativeOrder, LearnedLogStd, string.Join('x', HiddenSizes), string.Join('x', CriticHiddenSizes)));
}
