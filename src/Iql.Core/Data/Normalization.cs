using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Iql.Data;

/// <summary>The rescaling of rewards before training. Returns and scores are always of the raw rewards.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RewardRule>))]
public enum RewardRule
{
    /// <summary>Unchanged (kitchen, Adroit, maze2d).</summary>
    None,
    /// <summary>r − 1: every step costs one until the goal (antmaze).</summary>
    AntMaze,
    /// <summary>1000 r / (maximum − minimum return of a trajectory): halfcheetah, hopper, walker2d.</summary>
    ReturnRange,
    /// <summary>4 (r − ½): −2 a step and 2 at the goal (antmaze in aviralkumar2907/CQL).</summary>
    AntMazeTimes4,
    /// <summary>10 r − 5: −5 a step and 5 at the goal (antmaze in CORL's CQL).</summary>
    AntMazeTimes10,
    /// <summary>The user's own scale and shift.</summary>
    Custom,
}

/// <summary>How the bounds of actions are found, which training scales to ±1.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ActionScaling>))]
public enum ActionScaling
{
    /// <summary>Actions stay as they are: they lie in [−1, 1].</summary>
    None,
    /// <summary>Those that the data's source states: Minari's space, the schema of an import.</summary>
    Bounds,
    /// <summary>The least and the greatest number of each column.</summary>
    MinMax,
    /// <summary>The 1st and the 99th percentile of each column; what lies beyond is clipped.</summary>
    Quantiles,
}

/// <summary>A data set's normalisation before training: s ← (s − mean) / deviation, r ← scale · r + shift, a ←
/// clip(2 (a − low) / (high − low) − 1, ±limit). Stored with every run: the policy needs the same ever after.</summary>
public sealed record Normalization
{
    /// <summary>Added to the standard deviation, so that a constant column does not divide by zero [CORL].</summary>
    public const double DeviationFloor = 1e-3;
    /// <summary>No change.</summary>
    public static Normalization None { get; } = new();
    /// <summary><c>[S]</c>, subtracted from observations; empty for no change.</summary>
    public ImmutableArray<float> ObservationMean { get; init; } = [];
    /// <summary><c>[S]</c>, divides observations: standard deviation + <see cref="DeviationFloor"/>.</summary>
    public ImmutableArray<float> ObservationDeviation { get; init; } = [];
    /// <summary>The rule behind scale and shift.</summary>
    public RewardRule Rewards { get; init; } = RewardRule.None;
    /// <summary>Factor of the rewards, finite, not 0.</summary>
    public double RewardScale { get; init; } = 1;
    /// <summary>Added to the scaled rewards, finite.</summary>
    public double RewardShift { get; init; }

    /// <summary>Actions are clipped to ± this, in (0, ∞); null leaves them. The paper's code takes 1 − 10⁻⁵; data
    /// recorded with actions outside ±1, which the environment clipped, need 1.</summary>
    public double? ActionLimit { get; init; }

    /// <summary>The rule behind the bounds of actions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ActionScaling ActionScaling { get; init; }

    /// <summary><c>[A]</c>, in the data's units: what training sees as −1; empty where actions stay.</summary>
    [JsonIgnore]
    public ImmutableArray<float> ActionLow { get => Low ?? []; init => Low = value.IsEmpty ? null : value; }
    /// <summary><c>[A]</c>, what training sees as 1; equal to the low one where a column never changes.</summary>
    [JsonIgnore]
    public ImmutableArray<float> ActionHigh { get => High ?? []; init => High = value.IsEmpty ? null : value; }

    // As config.json has them: absent without, so that the identity of earlier runs stays.
    [JsonInclude, JsonPropertyName("actionLow"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ImmutableArray<float>? Low { get; init; }
    [JsonInclude, JsonPropertyName("actionHigh"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ImmutableArray<float>? High { get; init; }

    /// <summary>Whether actions are scaled.</summary>
    [JsonIgnore]
    public bool ScalesActions => Low is not null;

    /// <summary>Whether observations are changed.</summary>
    [JsonIgnore]
    public bool ChangesObservations => ObservationMean.Length > 0;

    /// <summary>A normalisation with the user's scale and shift of rewards.</summary>
    public static Normalization Custom(double rewardScale, double rewardShift)
    {
        Check.That(double.IsFinite(rewardScale) && rewardScale != 0,
            nameof(rewardScale), "a finite number other than 0", rewardScale);
        Check.That(double.IsFinite(rewardShift), nameof(rewardShift), "a finite number", rewardShift);
        return new() { Rewards = RewardRule.Custom, RewardScale = rewardScale, RewardShift = rewardShift };
    }

    /// <summary>This normalisation with another <see cref="ActionLimit"/>, for F#.</summary>
    public Normalization WithActionLimit(double? limit)
    {
        if (limit is { } number) Check.Between(number, 0, double.PositiveInfinity, nameof(limit));
        return this with { ActionLimit = limit };
    }

    /// <summary>This normalisation with actions scaled from bounds to ±1; empty ones leave them.</summary>
    /// <param name="low"><c>[A]</c>, finite.</param>
    /// <param name="high"><c>[A]</c>, finite, none below its low one.</param>
    public Normalization WithActionBounds(ActionScaling rule, ImmutableArray<float> low, ImmutableArray<float> high) =>
        (this with { ActionScaling = rule, ActionLow = low, ActionHigh = high }).Checked();

    /// <summary>This normalisation with actions scaled by the bounds that a rule finds in raw data.</summary>
    public Normalization WithActions(IDataset dataset, ActionScaling rule)
    {
        var (low, high) = ActionBounds.Of(dataset, rule);
        return WithActionBounds(rule, low, high);
    }

    /// <summary>This normalisation with the observations' part of another.</summary>
    public Normalization WithObservations(Normalization other) =>
        this with { ObservationMean = other.ObservationMean, ObservationDeviation = other.ObservationDeviation };

    /// <summary>Computes a normalisation from data.</summary>
    /// <param name="dataset">Raw data, not normalised yet.</param>
    /// <param name="observations">Whether observations get mean 0 and deviation 1 (CORL; not the paper's code).</param>
    /// <param name="rewards">The rule for rewards; for another scale see <see cref="Custom"/>.</param>
    public static Normalization Of(IDataset dataset, bool observations, RewardRule rewards)
    {
        Check.That(rewards != RewardRule.Custom, nameof(rewards), "a rule that data decide", rewards,
            "Use Normalization.Custom.");
        var normalization = rewards switch
        {
            RewardRule.AntMaze => new() { Rewards = rewards, RewardShift = -1 },
            RewardRule.AntMazeTimes4 => new() { Rewards = rewards, RewardScale = 4, RewardShift = -2 },
            RewardRule.AntMazeTimes10 => new() { Rewards = rewards, RewardScale = 10, RewardShift = -5 },
            RewardRule.ReturnRange => new() { Rewards = rewards, RewardScale = 1000 / Range() },
            _ => None,
        };
        if (!observations) return normalization;
        var statistics = dataset.Statistics;
        return normalization with
        {
            ObservationMean = [.. statistics.ObservationMean.Select(mean => (float)mean)],
            ObservationDeviation = [.. statistics.ObservationDeviation.Select(d => (float)(d + DeviationFloor))],
        };

        double Range()
        {
            var (least, greatest) = ReturnRange(dataset);
            Check.That(greatest > least, dataset.Name, "trajectories of different returns for the return range",
                $"{least} for all", "Use another reward rule.");
            return greatest - least;
        }
    }

    /// <summary>The minimum and maximum undiscounted return of the data's trajectories, cut after terminal rows and
    /// where ‖s(i+1) − s′(i)‖ &gt; 10⁻⁶. Partial trajectories at both ends count too.</summary>
    /// <remarks>As ikostrikov/implicit_q_learning @09d7002; the same numbers in D4RL parity mode.</remarks>
    public static (double Least, double Greatest) ReturnRange(IDataset dataset) =>
        (dataset.Statistics.LeastTrajectoryReturn, dataset.Statistics.GreatestTrajectoryReturn);

    /// <summary>The normalised data; the same object when nothing changes.</summary>
    public Transitions Apply(Transitions transitions)
    {
        float[]? observations = null, next = null, actions = null, rewards = null;
        if (ChangesObservations)
        {
            Apply(observations = [.. transitions.Observations]);
            Apply(next = [.. transitions.NextObservations]);
        }
        if (ActionLimit != null || ScalesActions) ApplyToActions(actions = [.. transitions.Actions]);
        if (ChangesRewards) ApplyToRewards(rewards = [.. transitions.Rewards]);
        return (observations ?? actions ?? rewards) == null ? transitions
            : transitions.With(null, observations, actions, rewards, next);
    }

    /// <summary>Whether rewards are changed.</summary>
    [JsonIgnore]
    public bool ChangesRewards => RewardScale != 1 || RewardShift != 0;

    /// <summary>Scales actions in place, [A] or rows of it, from the data's units to those of training. A column that
    /// never changes becomes 0; what lies beyond the bounds becomes ±1, or <see cref="ActionLimit"/>.</summary>
    public void ApplyToActions(Span<float> actions)
    {
        ReadOnlySpan<float> low = ActionLow.AsSpan(), high = ActionHigh.AsSpan();
        for (var rows = ActionRows(actions); rows.Length > 0; rows = rows[low.Length..])
            for (var i = 0; i < low.Length; i++)
            {
                var width = (double)high[i] - low[i];
                rows[i] = width == 0 ? 0 : (float)(2 * ((double)rows[i] - low[i]) / width - 1);
            }
        if (ActionLimit is null && !ScalesActions) return;
        var most = (float)(ActionLimit ?? 1);
        foreach (ref var action in actions) action = Math.Clamp(action, -most, most);
    }

    /// <summary>Takes actions of a policy, in [−1, 1], back to the data's units, in place, [A] or rows of it:
    /// low + (a + 1) (high − low) / 2, within the bounds. The inverse of <see cref="ApplyToActions"/> there.</summary>
    public void UndoActions(Span<float> actions)
    {
        ReadOnlySpan<float> low = ActionLow.AsSpan(), high = ActionHigh.AsSpan();
        for (var rows = ActionRows(actions); rows.Length > 0; rows = rows[low.Length..])
            for (var i = 0; i < low.Length; i++)
                rows[i] = (float)(low[i] + (rows[i] + 1.0) * ((double)high[i] - low[i]) / 2);
    }

    /// <summary>The rows to scale: none where actions stay.</summary>
    Span<float> ActionRows(Span<float> actions)
    {
        if (!ScalesActions) return [];
        Check.That(actions.Length % ActionLow.Length == 0, nameof(actions), $"rows of {ActionLow.Length} numbers",
            actions.Length);
        return actions;
    }

    /// <summary>Throws where the bounds of actions are no bounds.</summary>
    internal Normalization Checked()
    {
        Check.That(ActionLow.Length == ActionHigh.Length, "actionHigh", $"{ActionLow.Length} numbers as in actionLow",
            ActionHigh.Length);
        Check.That(ScalesActions == (ActionScaling != ActionScaling.None), "actionScaling",
            "bounds with a rule, and none without", ActionScaling);
        for (var i = 0; i < ActionLow.Length; i++)
            Check.That(float.IsFinite(ActionLow[i]) && float.IsFinite(ActionHigh[i]) && ActionLow[i] <= ActionHigh[i],
                $"action {i}", "finite bounds in order", $"[{ActionLow[i]}, {ActionHigh[i]}]");
        return this;
    }

    internal void ApplyToRewards(Span<float> rewards)
    {
        if (!ChangesRewards) return;
        foreach (ref var reward in rewards) reward = Reward(reward);
    }

    /// <summary>scale · r + shift.</summary>
    public float Reward(float reward) => (float)(RewardScale * reward + RewardShift);

    /// <summary>Normalises observations in place, [S] or rows of it, as a trained policy expects them.</summary>
    public void Apply(Span<float> observations)
    {
        if (!ChangesObservations) return;
        ReadOnlySpan<float> mean = ObservationMean.AsSpan(), deviation = ObservationDeviation.AsSpan();
        Check.That(observations.Length % mean.Length == 0 && deviation.Length == mean.Length, nameof(observations),
            $"rows of {mean.Length} numbers", observations.Length);
        for (; observations.Length > 0; observations = observations[mean.Length..])
            for (var i = 0; i < mean.Length; i++) observations[i] = (observations[i] - mean[i]) / deviation[i];
    }
}
