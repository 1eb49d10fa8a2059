using System.Collections.Immutable;
using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>What the policy is.</summary>
public enum PolicyKind
{
    /// <summary>Diagonal Gaussian with a state-independent standard deviation.</summary>
    Gaussian,

    /// <summary>tanh(head), trained by weighted squared error (CORL's hopper-medium).</summary>
    Deterministic,
}

/// <summary>How a stochastic policy acts when it is evaluated.</summary>
public enum ActionChoice
{
    /// <summary>The mean of a Gaussian, the most likely of discrete actions.</summary>
    Greedy,

    /// <summary>A draw of the policy, anew at each decision.</summary>
    Sampled,
}

/// <summary>Which value function the policy and the critics of one step see. All parts use the same minibatch and the target critics of the step's start.</summary>
public enum UpdateOrder
{
    /// <summary>V, then policy and critics with the new V, then Polyak: ikostrikov/implicit_q_learning, the reference.</summary>
    ValuePolicyCritic,

    /// <summary>V, then critics, Polyak and policy with the V from before the step: CORL, gwthomas/IQL-PyTorch.</summary>
    ValueCriticPolicyOld,
}

/// <summary>
/// Every hyperparameter of implicit Q-learning. Defaults are those of ikostrikov/implicit_q_learning ([IK]) for locomotion.
/// Immutable; <see cref="Validate"/> names what is out of range.
/// </summary>
public sealed record ImplicitQLearningConfig
{
    /// <summary>
    /// What the data's actions are. Discrete: a categorical policy, softmax of the network's outputs, and critics with an output an action; PolicyKind, MeanTanh and the
    /// clips of ln σ play no part then.
    /// </summary>
    public ActionKind Actions { get; init; } = ActionKind.Continuous;

    /// <summary>How a stochastic policy acts when it is evaluated.</summary>
    public ActionChoice ActionChoice { get; init; } = ActionChoice.Greedy;

    /// <summary>τ of the value loss, in (0, 1): 0.5 evaluates the behaviour policy, towards 1 the best action in the data. [IK]: 0.7; AntMaze 0.9.</summary>
    public double Expectile { get; init; } = 0.7;

    /// <summary>β of the policy's weights e^{βA}, at least 0: 0 is behaviour cloning, larger is greedier. [IK]: 3; AntMaze 10; Adroit and Kitchen 0.5.</summary>
    public double InverseTemperature { get; init; } = 3;

    /// <summary>γ, in [0, 1]. 0.99 everywhere.</summary>
    public double Discount { get; init; } = 0.99;

    /// <summary>α of target ← α · critic + (1 − α) · target, in (0, 1]. 0.005; CORL 0.001 for hopper-medium.</summary>
    public double PolyakStep { get; init; } = 0.005;

    /// <summary>Cap on e^{βA}, above 0. 100 in every implementation read.</summary>
    public double MaxAdvantageWeight { get; init; } = 100;

    /// <summary>Adam's λ for V, at least 0. 3e-4 everywhere.</summary>
    public double ValueLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's λ for both critics, at least 0. 3e-4 everywhere.</summary>
    public double CriticLearningRate { get; init; } = 3e-4;

    /// <summary>Adam's λ for the policy at step 0, at least 0. 3e-4 in [IK]; 1e-3 in IDQL.</summary>
    public double PolicyLearningRate { get; init; } = 3e-4;

    /// <summary>How the policy's learning rate moves. [IK] offline: cosine; constant when fine-tuning.</summary>
    public LearningRateSchedule PolicySchedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>Steps the cosine takes to reach 0, at least 1: the run's number of steps. Unused when constant. [IK]: 1e6.</summary>
    public double CosineSteps { get; init; } = 1_000_000;

    /// <summary>Widths of the hidden layers of every network, each at least 1; none makes all networks linear. [256, 256] everywhere.</summary>
    public ImmutableArray<int> HiddenSizes { get; init; } = [256, 256];

    /// <summary>B, transitions a step, at least 1. 256 everywhere.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Lower clip of ln σ, below LogStdMax. [IK]: −5; CORL −20.</summary>
    public double LogStdMin { get; init; } = -5;

    /// <summary>Upper clip of ln σ. 2 in [IK] and CORL.</summary>
    public double LogStdMax { get; init; } = 2;

    /// <summary>Gaussian or deterministic.</summary>
    public PolicyKind PolicyKind { get; init; } = PolicyKind.Gaussian;

    /// <summary>Whether a Gaussian's mean is tanh(head) ([IK], CORL) or the head itself (gwthomas/IQL-PyTorch, JAX-CORL). A deterministic policy always is.</summary>
    public bool MeanTanh { get; init; } = true;

    /// <summary>Share of the policy's hidden activations dropped while training, in [0, 1). [IK]: 0; Adroit and Kitchen 0.1.</summary>
    public double Dropout { get; init; }

    /// <summary>Which V the policy and the critics see.</summary>
    public UpdateOrder UpdateOrder { get; init; } = UpdateOrder.ValuePolicyCritic;

    /// <summary>Half of the critics' loss: the mean over both critics instead of the sum (CORL). Adam makes the scale nearly, not exactly, irrelevant.</summary>
    public bool HalveCriticLoss { get; init; }

    /// <summary>How weights start. [IK]: orthogonal; CORL: torch.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.Orthogonal;

    /// <summary>This config with some fields replaced: F#'s way, as it has no <c>with</c> for records of C#. (A function that passes its own argument on must name its type, float: else F# infers Nullable.)</summary>
    public ImplicitQLearningConfig With(
        double? expectile = null, double? inverseTemperature = null, ActionKind? actions = null, ActionChoice? actionChoice = null, double? discount = null, double? polyakStep = null,
        double? maxAdvantageWeight = null, double? valueLearningRate = null, double? criticLearningRate = null,
        double? policyLearningRate = null, LearningRateSchedule? policySchedule = null, double? cosineSteps = null,
        IEnumerable<int>? hiddenSizes = null, int? batchSize = null, double? logStdMin = null, double? logStdMax = null,
        PolicyKind? policyKind = null, bool? meanTanh = null, double? dropout = null, UpdateOrder? updateOrder = null,
        bool? halveCriticLoss = null, Initialisation? initialisation = null) => this with
        {
            Expectile = expectile ?? Expectile,
            InverseTemperature = inverseTemperature ?? InverseTemperature,
            Discount = discount ?? Discount,
            PolyakStep = polyakStep ?? PolyakStep,
            MaxAdvantageWeight = maxAdvantageWeight ?? MaxAdvantageWeight,
            ValueLearningRate = valueLearningRate ?? ValueLearningRate,
            CriticLearningRate = criticLearningRate ?? CriticLearningRate,
            PolicyLearningRate = policyLearningRate ?? PolicyLearningRate,
            PolicySchedule = policySchedule ?? PolicySchedule,
            CosineSteps = cosineSteps ?? CosineSteps,
            HiddenSizes = hiddenSizes?.ToImmutableArray() ?? HiddenSizes,
            BatchSize = batchSize ?? BatchSize,
            LogStdMin = logStdMin ?? LogStdMin,
            LogStdMax = logStdMax ?? LogStdMax,
            PolicyKind = policyKind ?? PolicyKind,
            MeanTanh = meanTanh ?? MeanTanh,
            Dropout = dropout ?? Dropout,
            UpdateOrder = updateOrder ?? UpdateOrder,
            HalveCriticLoss = halveCriticLoss ?? HalveCriticLoss,
            Initialisation = initialisation ?? Initialisation,
            Actions = actions ?? Actions,
            ActionChoice = actionChoice ?? ActionChoice,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public ImplicitQLearningConfig Validate()
    {
        Check.Between(Expectile, 0, 1, nameof(Expectile), "0.5 evaluates the data's policy; for its best action take 0.9 or 0.99.");
        Check.NotNegative(InverseTemperature, nameof(InverseTemperature), "0 is behaviour cloning.");
        Check.Share(Discount, nameof(Discount));
        Check.PolyakStep(PolyakStep, nameof(PolyakStep));
        Check.Positive(MaxAdvantageWeight, nameof(MaxAdvantageWeight));
        Check.NotNegative(ValueLearningRate, nameof(ValueLearningRate));
        Check.NotNegative(CriticLearningRate, nameof(CriticLearningRate));
        Check.NotNegative(PolicyLearningRate, nameof(PolicyLearningRate));
        Check.That(double.IsFinite(CosineSteps) && CosineSteps >= 1, nameof(CosineSteps), "a finite number of at least 1", CosineSteps, "Set it to the run's number of steps.");
        Check.Widths(HiddenSizes, nameof(HiddenSizes));
        Check.AtLeast(BatchSize, 1, nameof(BatchSize));
        Check.That(double.IsFinite(LogStdMin) && double.IsFinite(LogStdMax) && LogStdMin < LogStdMax, nameof(LogStdMin), $"a finite number below LogStdMax = {LogStdMax}", LogStdMin);
        Check.Dropout(Dropout, nameof(Dropout));
        Check.Known(PolicySchedule);
        Check.Known(PolicyKind);
        Check.Known(Actions);
        Check.Known(ActionChoice);
        Check.That(ActionChoice == ActionChoice.Greedy || Actions == ActionKind.Discrete || PolicyKind == PolicyKind.Gaussian, nameof(ActionChoice),
            "Greedy for a deterministic policy", ActionChoice, "Only a stochastic policy can be sampled.");
        Check.Known(UpdateOrder);
        Check.Known(Initialisation);
        return this;
    }

    /// <summary>Same values; widths are compared one by one.</summary>
    public bool Equals(ImplicitQLearningConfig? other) => other != null
        && HiddenSizes.AsSpan().SequenceEqual(other.HiddenSizes.AsSpan()) && Numbers.SequenceEqual(other.Numbers);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Expectile, InverseTemperature, Discount, BatchSize, HiddenSizes.Length);

    IEnumerable<double> Numbers =>
    [
        Expectile, InverseTemperature, Discount, PolyakStep, MaxAdvantageWeight, ValueLearningRate, CriticLearningRate, PolicyLearningRate,
        (int)PolicySchedule, CosineSteps, BatchSize, LogStdMin, LogStdMax, (int)PolicyKind, MeanTanh ? 1 : 0, Dropout, (int)UpdateOrder,
        HalveCriticLoss ? 1 : 0, (int)Initialisation, (int)Actions, (int)ActionChoice,
    ];
}
