using System.Collections.Immutable;

namespace Iql.Data;

/// <summary>Statistics over all rows of a data set, from one pass: the same bits in memory and on disk.</summary>
/// <param name="Episodes">Their number; they end at terminals, time-outs and the last row.</param>
/// <param name="Terminals">Rows where the environment ended.</param>
/// <param name="Timeouts">Rows where the episode was cut.</param>
/// <param name="ObservationMean"><c>[S]</c>.</param>
/// <param name="ObservationDeviation"><c>[S]</c>, the population's standard deviation.</param>
/// <param name="LeastTrajectoryReturn">Minimum over trajectories of <see cref="Normalization.ReturnRange"/>.</param>
/// <param name="GreatestTrajectoryReturn">Maximum over the same.</param>
/// <param name="LargestReturn">Maximum |return| of an episode.</param>
/// <param name="RewardsZeroOrOne">Whether every reward is 0 or 1.</param>
/// <param name="ActionsOutside">Share of the actions' numbers outside [−1, 1].</param>
/// <param name="EpisodeLengths">Of the episodes kept, in steps.</param>
/// <param name="EpisodeReturns">Of the episodes kept, undiscounted.</param>
public sealed record DatasetStatistics(long Episodes, long Terminals, long Timeouts,
    ImmutableArray<double> ObservationMean, ImmutableArray<double> ObservationDeviation, double LeastTrajectoryReturn,
    double GreatestTrajectoryReturn, double LargestReturn, double RewardMean, bool RewardsZeroOrOne,
    double ActionsOutside, ImmutableArray<long> EpisodeLengths, ImmutableArray<double> EpisodeReturns)
{
    /// <summary>The maximum number of episodes kept; of more, every second, fourth, eighth … is.</summary>
    public const int MostEpisodes = 65_536;

    internal static DatasetStatistics Of(Transitions t)
    {
        var builder = new StatisticsBuilder(t.ObservationSize, t.ActionSize);
        for (var row = 0; row < t.Count; row++)
            builder.Add(t.Observation(row), t.Action(row), t.Rewards[row], t.Terminals[row], t.Timeouts[row],
                t.NextObservation(row));
        return builder.Done();
    }
}
