using System.Text.Json.Serialization;

namespace Iql.Training.Online;

/// <summary>How acting and updates take turns.</summary>
public enum Turns
{
    /// <summary>Some decisions, then the updates that they allow.</summary>
    Steps,
    /// <summary>Whole episodes, then the updates that their decisions allow (Cal-QL's authors).</summary>
    Episodes,
}

/// <summary>What the acting policy takes.</summary>
public enum ActingChoice
{
    /// <summary>A draw of the policy, anew at each decision.</summary>
    Sampled,
    /// <summary>The mean of a Gaussian, the most likely of discrete actions: what is evaluated.</summary>
    Greedy,
}

/// <summary>The learning rates' schedules in the online phase. None ever climbs again.</summary>
public enum OnlineSchedule
{
    /// <summary>There is none: rates are the same in both phases.</summary>
    Constant,
    /// <summary>Schedules end at the switch and stay at their last rate: a cosine's is 0.</summary>
    Finished,
}

/// <summary>Cal-QL's lower bound by returns to go in the online phase.</summary>
public enum OnlineCalibration
{
    /// <summary>Rows of acting have returns too, and the bound goes on (Cal-QL's authors).</summary>
    Kept,
    /// <summary>There is none from the switch on, for no row (CORL).</summary>
    Off,
}

/// <summary>Everything that makes a run go on online after its offline steps. Rewards need nothing here: the run's
/// normalisation holds for the data's rows and for those of acting alike.</summary>
public sealed record FineTuning
{
    /// <summary>Updates from the data alone before the switch, at least 0: RLPD has none.</summary>
    public required long OfflineSteps { get; init; }
    /// <summary>n, decisions in the environment after the switch, at least 1.</summary>
    public required long OnlineSteps { get; init; }
    /// <summary>u, updates a decision, in (0, 1000]: 1 is the rule, RLPD takes 20; ½ updates at every second.</summary>
    public double UpdatesPerStep { get; init; } = 1;
    /// <summary>w, decisions before the first online update, in [0, n).</summary>
    public long FirstUpdateAfter { get; init; }
    public Turns Turns { get; init; } = Turns.Steps;
    /// <summary>Share of a batch from the data, the rest from acting's rows, in [0, 1): 0 is acting's rows alone. Null
    /// draws from one buffer of both.</summary>
    public double? DataShare { get; init; }

    /// <summary>Rows that the buffer holds, the oldest go first: of data and acting, or of acting alone where batches
    /// are mixed. At least a batch; null has room for all.</summary>
    public long? Capacity { get; init; }
    /// <summary>A random part of the data of so many rows, in both phases; null takes all.</summary>
    public long? DataRows { get; init; }
    public ActingChoice Acting { get; init; } = ActingChoice.Sampled;
    /// <summary>Deviation of normal noise on acting's actions, before they are clipped to ±1, at least 0.</summary>
    public double ActingNoise { get; init; }
    /// <summary>c, noise is clipped to ±c before it is added, above 0; null does not clip it. CORL's deterministic IQL:
    /// noise 0.03, c 0.5.</summary>
    public double? ActingNoiseClip { get; init; }
    /// <summary>The first decisions whose actions are uniform, at least 0.</summary>
    public long RandomSteps { get; init; }
    public OnlineSchedule Schedule { get; init; } = OnlineSchedule.Constant;
    /// <summary>Whether optimizers begin anew at the switch (SPOT in CORL): Adam's moments are 0, and its correction
    /// counts the updates since. Schedules do not begin anew.</summary>
    public bool ResetOptimizers { get; init; }
    /// <summary>Whether Cal-QL's bound goes on; other algorithms have none.</summary>
    public OnlineCalibration Calibration { get; init; } = OnlineCalibration.Kept;

    /// <summary>0 acts, then updates. 1 acts with the parameters before the update, at the same time as it.</summary>
    public int ActingLag { get; init; }

    /// <summary>Updates of the online phase: ⌊u (n − w)⌋.</summary>
    [JsonIgnore]
    public long Updates => (long)Math.Floor(UpdatesPerStep * (OnlineSteps - FirstUpdateAfter));

    /// <summary>Updates of both phases: the steps of the run.</summary>
    [JsonIgnore]
    public long Steps => OfflineSteps + Updates;

    /// <summary>Decisions made before an online update: w + ⌈(i + 1) / u⌉, at most n.</summary>
    /// <param name="update">i, from 0.</param>
    public long StepsBefore(long update) =>
        Math.Min(OnlineSteps, FirstUpdateAfter + (long)Math.Ceiling((update + 1) / UpdatesPerStep));

    /// <summary>A copy with another value of a property, for F#, which has no <c>with</c> for records of C#.</summary>
    public FineTuning With(string property, object? value)
    {
        var copy = this with { };
        typeof(FineTuning).GetProperty(property)!.SetValue(copy, value);
        return copy;
    }

    /// <summary>Rows that the buffer holds at most, for so many of the data.</summary>
    internal long Room(long dataRows) =>
        Capacity ?? (DataShare is null ? (DataRows ?? dataRows) + OnlineSteps : OnlineSteps);

    /// <summary>Throws an ArgumentException when a number is out of its range.</summary>
    /// <param name="batchSize">B.</param>
    /// <param name="dataRows">N.</param>
    public void Check(int batchSize, long dataRows)
    {
        Iql.Check.AtLeast(OfflineSteps, 0, "offlineSteps");
        Iql.Check.AtLeast(OnlineSteps, 1, "onlineSteps", "Without online steps, train without fine-tuning.");
        Iql.Check.That(UpdatesPerStep is > 0 and <= 1000, "updatesPerStep", "a number in (0, 1000]", UpdatesPerStep);
        Iql.Check.That(FirstUpdateAfter >= 0 && FirstUpdateAfter < OnlineSteps, "firstUpdateAfter",
            $"a number in [0, {OnlineSteps})", FirstUpdateAfter);
        Iql.Check.AtLeast(Updates, 1, "onlineSteps", "With so few updates a step, more steps are needed.");
        Iql.Check.That(Steps <= 2_000_000_000, "updatesPerStep", "at most 2,000,000,000 updates in both phases", Steps);
        var data = DataRows ?? dataRows;
        Iql.Check.That(data >= 1 && data <= dataRows, "dataRows", $"a number in [1, {dataRows}]", data);
        if (DataShare is { } share)
        {
            Iql.Check.That(share is >= 0 and < 1, "dataShare", "a number in [0, 1)", share);
            Iql.Check.That(Math.Round(share * batchSize, MidpointRounding.AwayFromZero) < batchSize, "dataShare",
                $"at least one of {batchSize} rows from acting", share);
        }
        else
            Iql.Check.AtLeast(Room(dataRows), data, "capacity", $"The buffer starts with {data} rows of the data.");
        Iql.Check.AtLeast(Room(dataRows), batchSize, "capacity", "A buffer holds at least a batch.");
        Iql.Check.NotNegative(ActingNoise, "actingNoise");
        if (ActingNoiseClip is { } clip)
        {
            Iql.Check.That(clip > 0 && double.IsFinite(clip), "actingNoiseClip", "a finite number above 0", clip);
            Iql.Check.That(ActingNoise > 0, "actingNoiseClip", "none without acting's noise", clip,
                "Leave it out, or set the noise.");
        }
        Iql.Check.That(RandomSteps >= 0 && RandomSteps <= OnlineSteps, "randomSteps",
            $"a number in [0, {OnlineSteps}], the online steps", RandomSteps);
        Iql.Check.That(ActingLag is 0 or 1, "actingLag", "0 or 1", ActingLag);
        Iql.Check.That(ActingLag == 0 || Turns == Turns.Steps, "actingLag", "0 where whole episodes take turns",
            ActingLag, "Leave it out, or take turns by steps.");
    }
}
