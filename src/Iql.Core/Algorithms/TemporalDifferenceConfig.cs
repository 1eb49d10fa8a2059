namespace Iql.Algorithms;

/// <summary>Loss of the temporal-difference error u = r + γ (1−d) Q̂(s′, a′) − Q(s, a), with a′ the data's next action.</summary>
public enum TemporalDifferenceObjective
{
    /// <summary>mean u²: SARSA, the value of the behaviour policy.</summary>
    Squared,

    /// <summary>mean L^τ(u): one network leans on action choice and on the dynamics' luck alike, and over-estimates where the dynamics are random.</summary>
    Expectile,
}

/// <summary>Hyperparameters of <see cref="TemporalDifferenceLearning"/>: what IQL improves upon.</summary>
public sealed record TemporalDifferenceConfig
{
    /// <summary>Squared, or the expectile loss of the error.</summary>
    public TemporalDifferenceObjective Objective { get; init; } = TemporalDifferenceObjective.Squared;

    /// <summary>Number of critics, 1 or 2; of two the targets' minimum is taken.</summary>
    public int Critics { get; init; } = 1;

    /// <summary>
    /// Everything else, as in implicit Q-learning. Expectile is the objective's τ (unused by Squared), HalveCriticLoss
    /// halves Squared only. UpdateOrder is unused: the critics do not look at V.
    /// </summary>
    public ImplicitQLearningConfig Common { get; init; } = new();

    /// <summary>This config with some fields replaced.</summary>
    public TemporalDifferenceConfig With(TemporalDifferenceObjective? objective = null, int? critics = null, ImplicitQLearningConfig? common = null) =>
        this with { Objective = objective ?? Objective, Critics = critics ?? Critics, Common = common ?? Common };

    /// <summary>Throws an ArgumentException that names the first hyperparameter out of its range; else returns this config.</summary>
    public TemporalDifferenceConfig Validate()
    {
        Check.That(Enum.IsDefined(Objective), nameof(Objective), "Squared or Expectile", Objective);
        Check.That(Critics is 1 or 2, nameof(Critics), "1 or 2", Critics);
        Common.Validate();
        return this;
    }
}
