using Iql.Data;
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

/// <summary>The networks that each part of a step uses.</summary>
public enum ConservativeOrder
{
    /// <summary>Temperature, policy, critics: each uses the newest before it (CORL).</summary>
    Sequential,
    /// <summary>The temperature; then policy and critics, both with old networks (aviralkumar2907/CQL).</summary>
    TemperatureFirst,
    /// <summary>Every part uses the networks from before the step (young-geng/CQL).</summary>
    Simultaneous,
}

/// <summary>The lower bound of Q at the policy's actions in the conservative term: calibration (Nakamoto et al. 2023,
/// arXiv:2303.05479).</summary>
public enum Calibration
{
    /// <summary>None: CQL.</summary>
    Off,
    /// <summary>The row's return to go.</summary>
    Returns,
    /// <summary>The same, but a failure goes on for ever (<see cref="Ending.EndlessFailure"/>).</summary>
    SparseReturns,
    /// <summary>The same, but the last reward goes on for ever, for tasks whose reward is a state's.</summary>
    EndlessReturns,
}

/// <summary>The hyperparameters of <see cref="ConservativeQLearning"/>; they start as CORL has them for locomotion. Of
/// discrete actions it has no policy but the largest Q, and its term is exact over all actions: what is about samples,
/// entropy or a policy means nothing then.</summary>
public sealed record ConservativeQLearningConfig : IAlgorithmConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("Weight of the conservative term: 0 is soft actor-critic", Range = "[0, ∞)", Hint = "W")]
    public double ConservativeWeight { get; init; } = 10;
    [Hyperparameter("Whether a multiplier holds the term at a gap, the weight outside its bracket (CORL) or inside")]
    public Lagrange Lagrange { get; init; } = Lagrange.Off;
    [Hyperparameter("Gap that the multiplier holds", Range = "[0, ∞)", Hint = "GAP")]
    public double LagrangeGap { get; init; } = 0.8;
    [Hyperparameter("Logarithm of the multiplier at the start")]
    public double InitialLogMultiplier { get; init; } = 1;
    [Hyperparameter("Logits of the term: Q less the samples' log-density, or Q alone with that of the data",
        ContinuousOnly = true)]
    public ConservativeTerm ConservativeTerm { get; init; } = ConservativeTerm.ImportanceWeighted;
    [Hyperparameter("Lower bound of Q at the policy's actions in the term: none, or returns to go (Cal-QL)",
        ContinuousOnly = true)]
    public Calibration Calibration { get; init; } = Calibration.Off;
    [Hyperparameter("Actions of each of three kinds a state in the term, and in a maximum backup",
        Range = "[1, ∞)", ContinuousOnly = true)]
    public int ActionSamples { get; init; } = 10;
    [Hyperparameter("Temperature of the term's soft maximum", Range = "(0, ∞)", Hint = "C")]
    public double SoftmaxTemperature { get; init; } = 1;
    [Hyperparameter("Minimum of a row's soft maximum less Q", Range = "[-∞, ∞)", Below = nameof(DifferenceMax))]
    public double DifferenceMin { get; init; } = double.NegativeInfinity;
    [Hyperparameter("Maximum of a row's soft maximum less Q", Range = "(-∞, ∞]")]
    public double DifferenceMax { get; init; } = double.PositiveInfinity;
    [Hyperparameter("Whether the entropy's temperature learns to hold an entropy", ContinuousOnly = true)]
    public bool AutomaticTemperature { get; init; } = true;
    [Hyperparameter("Temperature of the entropy where it does not learn",
        Range = "[0, ∞)", Hint = "ALPHA", ContinuousOnly = true)]
    public double EntropyTemperature { get; init; } = 0.2;
    [Hyperparameter] public double InitialLogTemperature { get; init; }
    [Hyperparameter] public double TargetEntropy { get; init; } = -1;
    [Hyperparameter("The critics' target: one sample, or the best of N with the critics' minimum inside or outside",
        ContinuousOnly = true)]
    public SampledBackup Backup { get; init; } = SampledBackup.Sample;
    [Hyperparameter] public bool EntropyInBackup { get; init; }
    [Hyperparameter("Steps at the start in which the policy clones the data", Range = "[0, ∞)", ContinuousOnly = true)]
    public int CloningSteps { get; init; }
    [Hyperparameter("The networks of each part of a step: the newest, old ones but for the temperature, or old ones",
        ContinuousOnly = true)]
    public ConservativeOrder ConservativeOrder { get; init; } = ConservativeOrder.Sequential;
    [Hyperparameter] public double ActionLimit { get; init; } = 1;
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256, 256];
    [Hyperparameter("Widths of the critics' hidden layers where they differ from the policy's", Hint = "WIDTHS")]
    public Widths? CriticHiddenSizes { get; init; }
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 3e-4;
    [Hyperparameter(ContinuousOnly = true)] public double PolicyLearningRate { get; init; } = 3e-5;
    [Hyperparameter("Whether scale and offset of ln σ learn", ContinuousOnly = true)]
    public bool LearnedLogStd { get; init; } = true;
    [Hyperparameter] public double LogStdMin { get; init; } = -20;
    [Hyperparameter] public double LogStdMax { get; init; } = 2;
    [Hyperparameter("Start of the policy's weights", ContinuousOnly = true)]
    public Initialisation PolicyInitialisation { get; init; } = Initialisation.TorchSmallOutput;
    [Hyperparameter("Start of the critics' weights")]
    public Initialisation CriticInitialisation { get; init; } = Initialisation.OrthogonalSmallOutput;
    [Hyperparameter] public ActionKind Actions { get; init; } = ActionKind.Continuous;

    /// <summary>aviralkumar2907/CQL @d67dbe9: its README's and its defaults.</summary>
    public static ConservativeQLearningConfig Authors { get; } = new()
    {
        ConservativeWeight = 5,
        CloningSteps = 40_000,
        PolicyLearningRate = 1e-4,
        InitialLogMultiplier = 0,
        LagrangeGap = 5,
        ConservativeOrder = ConservativeOrder.TemperatureFirst,
        LearnedLogStd = false,
        LogStdMin = -5,
        CriticInitialisation = Initialisation.TorchSmallOutput,
    };

    /// <summary>young-geng/CQL @21efac4: its defaults.</summary>
    public static ConservativeQLearningConfig YoungGeng { get; } = new()
    {
        ConservativeWeight = 5,
        PolicyLearningRate = 3e-4,
        HiddenSizes = [256, 256],
        LagrangeGap = 1,
        ActionLimit = 0.999,
        ConservativeOrder = ConservativeOrder.Simultaneous,
        CriticInitialisation = Initialisation.TorchSmallOutput,
    };

    /// <summary>nakamotoo/Cal-QL @ac6eafe: its scripts for antmaze.</summary>
    public static ConservativeQLearningConfig Calibrated { get; } = new()
    {
        Calibration = Calibration.SparseReturns,
        ConservativeWeight = 5,
        Lagrange = Lagrange.WeightOutside,
        Backup = SampledBackup.MaxOfLeast,
        PolicyLearningRate = 1e-4,
        HiddenSizes = [256, 256],
        CriticHiddenSizes = [256, 256, 256, 256],
        ActionLimit = 1 - 1e-5,
        ConservativeOrder = ConservativeOrder.Simultaneous,
        PolicyInitialisation = Initialisation.OrthogonalSmallOutput,
    };

    /// <summary>corl-team/CORL @eeeeef2: its Cal-QL on antmaze. It drops the bound when it goes online.</summary>
    public static ConservativeQLearningConfig CalibratedCorl { get; } = new()
    {
        Calibration = Calibration.SparseReturns,
        ConservativeWeight = 5,
        Lagrange = Lagrange.WeightOutside,
        DifferenceMin = -200,
        Backup = SampledBackup.MaxOfLeast,
        PolicyLearningRate = 1e-4,
        CriticHiddenSizes = [256, 256, 256, 256, 256],
        PolicyInitialisation = Initialisation.Orthogonal,
        CriticInitialisation = Initialisation.Orthogonal,
    };

    void IAlgorithmConfig.CheckTogether()
    {
        Check.That(!EntropyInBackup || Backup != SampledBackup.LeastOfMax,
            "entropyInBackup", "no where backup is least-of-max", "yes",
            "Its critics may choose different samples, whose densities differ; max-of-least chooses one.");
        Check.That(Calibration is Calibration.Off or Calibration.Returns || Discount < 1,
            "discount", "less than 1 where calibration is for ever", Discount,
            "A reward for ever counts r/(1 − γ); calibration returns has no such limit.");
        Check.That(Calibration == Calibration.Off || Actions == ActionKind.Continuous,
            "calibration", "off where actions are discrete", ValueText.Kebab($"{Calibration}"),
            "Its bound is for samples of a policy, which discrete actions do not need: take cql.");
    }

    IEnumerable<string> IAlgorithmConfig.Remarks(int steps) => CloningSteps < steps ? [] :
    [
        $"the policy clones in its first {CloningSteps} steps, and this run has {steps} from data; "
        + "to let it climb earlier: --cloning-steps",
    ];
}
