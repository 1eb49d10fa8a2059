using Iql.Data;
using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>The hyperparameters of <see cref="BehaviourCloning"/>; defaults: CORL's any_percent_bc.py.</summary>
public sealed record BehaviourCloningConfig : IClonedPolicyConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("Share of the data that is cloned, that of the highest returns: 0.1 is 10%BC",
        Range = "(0, 1]", Hint = "SHARE")]
    public double BestShare { get; init; } = 1;
    [Hyperparameter("What that share counts")]
    public ShareOf BestBy { get; init; } = ShareOf.Trajectories;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256];
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public LearningRateSchedule PolicySchedule { get; init; } = LearningRateSchedule.Constant;
    [Hyperparameter] public double Dropout { get; init; }
    [Hyperparameter] public PolicyKind PolicyKind { get; init; } = PolicyKind.Deterministic;
    [Hyperparameter] public ActionChoice ActionChoice { get; init; } = ActionChoice.Greedy;
    [Hyperparameter] public bool MeanTanh { get; init; } = true;
    [Hyperparameter] public double LogStdMin { get; init; } = -5;
    [Hyperparameter] public double LogStdMax { get; init; } = 2;
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Torch;
    [Hyperparameter] public double CosineSteps { get; init; } = 1_000_000;
    [Hyperparameter] public ActionKind Actions { get; init; } = ActionKind.Continuous;

    void IAlgorithmConfig.CheckTogether() => ClonedPolicy.Check(this);

    IAlgorithmConfig IAlgorithmConfig.ForSteps(int steps) => this with { CosineSteps = steps };

    string? IAlgorithmConfig.EndsWithRun => ClonedPolicy.EndsWithRun(PolicySchedule);

    (double, ShareOf)? IAlgorithmConfig.Selection => BestShare < 1 ? (BestShare, BestBy) : null;
}
