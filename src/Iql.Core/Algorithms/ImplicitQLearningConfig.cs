using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>What the critics learn from.</summary>
public enum Objective
{
    /// <summary>Implicit Q-learning: V by the value loss, Q towards r + γ V(s′).</summary>
    Iql,
    /// <summary>mean u², u = r + γ (1−d) Q̂(s′, a′) − Q(s, a), a′ the data's next action.</summary>
    Sarsa,
    /// <summary>mean L^τ(u): one network leans on choice and luck alike, and over-estimates random dynamics.</summary>
    ExpectileTD,
    /// <summary>mean u², a′ the best of N actions drawn from all: Q-learning, of other actions too.</summary>
    MaximumTD,
    /// <summary>mean u², a′ the best of N samples of a model of the data's policy, as in BCQ and EMaQ.</summary>
    SupportedMaximumTD,
}

/// <summary>The V of policy and critic step. All parts use one minibatch and the old target critics.</summary>
public enum UpdateOrder
{
    /// <summary>V, then policy and critics with the new V, then Polyak: the reference.</summary>
    ValuePolicyCritic,
    /// <summary>V, then critics, Polyak, policy with the V from before the step: CORL.</summary>
    ValueCriticPolicyOld,
}

/// <summary>Hyperparameters of <see cref="ImplicitQLearning"/>; defaults: ikostrikov's, locomotion.</summary>
public sealed record ImplicitQLearningConfig : IClonedPolicyConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("Expectile τ of the value loss: 0.5 values the data's policy, towards 1 its best actions",
        Range = "(0, 1)", Hint = "TAU")]
    public double Expectile { get; init; } = 0.7;
    [Hyperparameter(PerPolicy = true)] public double InverseTemperature { get; init; } = 3;
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter] public double MaxAdvantageWeight { get; init; } = 100;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [256, 256];
    [Hyperparameter] public int BatchSize { get; init; } = 256;
    [Hyperparameter("Adam's learning rate of V", Range = "[0, ∞)", Hint = "RATE")]
    public double ValueLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 3e-4;
    [Hyperparameter] public LearningRateSchedule PolicySchedule { get; init; } = LearningRateSchedule.Cosine;
    [Hyperparameter] public double Dropout { get; init; }
    [Hyperparameter] public PolicyKind PolicyKind { get; init; } = PolicyKind.Gaussian;
    [Hyperparameter] public ActionChoice ActionChoice { get; init; } = ActionChoice.Greedy;
    [Hyperparameter] public bool MeanTanh { get; init; } = true;
    [Hyperparameter] public double LogStdMin { get; init; } = -5;
    [Hyperparameter] public double LogStdMax { get; init; } = 2;
    [Hyperparameter("What the critics learn from")]
    public Objective Objective { get; init; } = Objective.Iql;
    [Hyperparameter("What V minimises")]
    public ValueLoss ValueLoss { get; init; } = ValueLoss.Expectile;
    [Hyperparameter("How the policy weighs the data's actions by their advantage")]
    public PolicyWeight PolicyWeight { get; init; } = PolicyWeight.Exponential;
    [Hyperparameter("λ of the sparse value loss, in units of return: large λ values the data's policy",
        Range = "(0, ∞)", Hint = "LAMBDA")]
    public double Sparsity { get; init; } = 1;
    [Hyperparameter] public int Candidates { get; init; } = 10;
    [Hyperparameter("Minimum density, relative to its largest, in the data's support: 0 takes every sample",
        Range = "[0, 1)", Hint = "SHARE")]
    public double SupportThreshold { get; init; }
    [Hyperparameter] public int Critics { get; init; } = 2;
    [Hyperparameter("Which V policy and critics see, the new one as in the paper's code or the old one as in CORL")]
    public UpdateOrder UpdateOrder { get; init; } = UpdateOrder.ValuePolicyCritic;
    [Hyperparameter("Whether the critics' loss is their mean (CORL) instead of their sum")]
    public bool HalveCriticLoss { get; init; }
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Orthogonal;
    [Hyperparameter] public double CosineSteps { get; init; } = 1_000_000;
    [Hyperparameter] public ActionKind Actions { get; init; } = ActionKind.Continuous;

    void IAlgorithmConfig.CheckTogether()
    {
        ClonedPolicy.Check(this);
        Check.That(Actions == ActionKind.Continuous
            || Objective is not (Objective.MaximumTD or Objective.SupportedMaximumTD),
            "objective", "one without a maximum where actions are discrete", ValueText.Kebab($"{Objective}"),
            "Candidates of a maximum are drawn from continuous actions.");
    }

    IAlgorithmConfig IAlgorithmConfig.ForSteps(int steps) => this with { CosineSteps = steps };

    string? IAlgorithmConfig.EndsWithRun => ClonedPolicy.EndsWithRun(PolicySchedule);
}
