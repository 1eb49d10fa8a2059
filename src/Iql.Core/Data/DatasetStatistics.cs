using System.Collections.Immutable;

namespace Iql.Data;

/// <summary>Statistics over all rows of a data set, from one pass: the same bits in memory and on disk.</summary>
public sealed record DatasetStatistics
{
    /// <summary>The maximum number of episodes kept; of more, every second, fourth, eighth … is.</summary>
    public const int MostEpisodes = 65_536;
    /// <summary>Episodes: they end at terminals, time-outs and the last row.</summary>
    public required long Episodes { get; init; }
    /// <summary>Rows where the environment ended.</summary>
    public required long Terminals { get; init; }
    /// <summary>Rows where the episode was cut.</summary>
    public required long Timeouts { get; init; }
    /// <summary>[S], of the observations.</summary>
    public required ImmutableArray<double> ObservationMean { get; init; }
    /// <summary>[S], the population's standard deviation.</summary>
    public required ImmutableArray<double> ObservationDeviation { get; init; }
    /// <summary>Minimum return of a trajectory, as <see cref="Normalization.ReturnRange"/> cuts them.</summary>
    public required double LeastTrajectoryReturn { get; init; }
    /// <summary>Maximum return of a trajectory.</summary>
    public required double GreatestTrajectoryReturn { get; init; }
    /// <summary>Maximum |return| of an episode.</summary>
    public required double LargestReturn { get; init; }
    /// <summary>Mean of the rewards.</summary>
    public required double RewardMean { get; init; }
    /// <summary>Whether every reward is 0 or 1.</summary>
    public required bool RewardsZeroOrOne { get; init; }
    /// <summary>Share of the actions' numbers outside [−1, 1].</summary>
    public required double ActionsOutside { get; init; }
    /// <summary>Lengths of the episodes kept, in steps.</summary>
    public required ImmutableArray<long> EpisodeLengths { get; init; }
    /// <summary>Undiscounted returns of the episodes kept.</summary>
    public required ImmutableArray<double> EpisodeReturns { get; init; }

    internal static DatasetStatistics Of(Transitions t)
    {
        var builder = new StatisticsBuilder(t.ObservationSize, t.ActionSize);
        for (var row = 0; row < t.Count; row++)
            builder.Add(t.Observation(row), t.Action(row), t.Rewards[row], t.Terminals[row], t.Timeouts[row],
                t.NextObservation(row));
        return builder.Done();
    }
}
