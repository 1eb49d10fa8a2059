namespace Iql.Algorithms;

/// <summary>Loss of the temporal-difference error u = r + γ (1−d) Q̂(s′, a′) − Q(s, a), and which a′ it is about.</summary>
public enum TemporalDifferenceObjective
{
    /// <summary>mean u², a′ the data's next action: SARSA, the value of the behaviour policy.</summary>
    Squared,

    /// <summary>mean L^τ(u), a′ the data's next action: one network leans on action choice and on the dynamics' luck alike, and over-estimates where the dynamics are random.</summary>
    Expectile,

    /// <summary>mean u², a′ the best of N actions drawn from all: Q-learning, which asks the critic about actions that nobody took.</summary>
    Maximum,

    /// <summary>mean u², a′ the best of N samples of β, a model of the data's policy: the maximum over the data's support, as BCQ and EMaQ have it.</summary>
    SupportedMaximum,
}

/// <summary>Hyperparameters of <see cref="TemporalDifferenceLearning"/>: what IQL improves upon.</summary>
public sealed record TemporalDifferenceConfig
{
    /// <summary>The loss, and the action that follows.</summary>
    public TemporalDifferenceObjective Objective { get; init; } = TemporalDifferenceObjective.Squared;

    /// <summary>Number of critics, 1 or 2; of two the targets' minimum is taken.</summary>
    public int Critics { get; init; } = 1;

    /// <summary>N, actions at s′ that a maximum is taken over, at least 1. BCQ (Fujimoto, Meger and Precup 2019, arXiv:1812.02900) takes 10.</summary>
    public int Candidates { get; init; } = 10;

    /// <summary>
    /// ε of the supported maximum, in [0, 1): an action is within the support where β's density is at least ε times its largest; a sample
    /// beyond counts as the last action of the support on the way there. 0, as the paper has it, leaves every sample as it fell.
    /// </summary>
    public double SupportThreshold { get; init; }

    /// <summary>
    /// Everything else, as in implicit Q-learning. Expectile is the objective's τ (unused by all but Expectile), HalveCriticLoss
    /// halves squares only. UpdateOrder is unused: the critics do not look at V. β learns at the policy's rate, without its schedule, and is
    /// within LogStdMin and LogStdMax.
    /// </summary>
    public ImplicitQLearningConfig Common { get; init; } = new();

    /// <summary>This config with some fields replaced.</summary>
    public TemporalDifferenceConfig With(
        TemporalDifferenceObjective? objective = null, int? critics = null, int? candidates = null, double? supportThreshold = null,
        ImplicitQLearningConfig? common = null) => this with
        {
            Objective = objective ?? Objective,
            Critics = critics ?? Critics,
            Candidates = candidates ?? Candidates,
            SupportThreshold = supportThreshold ?? SupportThreshold,
            Common = common ?? Common,
        };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public TemporalDifferenceConfig Validate()
    {
        Check.Known(Objective);
        Check.That(Common.Actions == ActionKind.Continuous || Objective is TemporalDifferenceObjective.Squared or TemporalDifferenceObjective.Expectile,
            nameof(Objective), "Squared or Expectile where actions are discrete", Objective, "Candidates of a maximum are drawn from continuous actions.");
        Check.That(Critics is 1 or 2, nameof(Critics), "1 or 2", Critics);
        Check.AtLeast(Candidates, 1, nameof(Candidates));
        Check.That(SupportThreshold is >= 0 and < 1, nameof(SupportThreshold), "a number in [0, 1)", SupportThreshold, "0 takes every sample.");
        Common.Validate();
        return this;
    }

    /// <summary>r = √(−2 ln ε): where a normal's density is ε of its largest, in standard deviations from its mean. For ε = 0, 38.6: beyond any sample.</summary>
    public double SupportRadius => Math.Sqrt(-2 * Math.Log(Math.Max(SupportThreshold, double.Epsilon)));
}
