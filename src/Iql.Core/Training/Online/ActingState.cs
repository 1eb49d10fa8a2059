namespace Iql.Training.Online;

/// <summary>Where acting stands between two decisions. With the run's seed it decides all that follows: every draw is a
/// function of the seed, the episode and the decision.</summary>
/// <param name="FirstRow">The oldest row of acting that can be drawn.</param>
/// <param name="Rows">Decisions made, one row each.</param>
/// <param name="Episode">Number of the running episode, from 0.</param>
/// <param name="Decisions">Decisions made in it.</param>
/// <param name="Return">Sum of its raw rewards.</param>
/// <param name="Rewarded">Its decisions whose reward counts for success.</param>
/// <param name="State">The environment's state: the bytes of its doubles.</param>
/// <param name="Observation">The observation after: the bytes of its floats.</param>
public sealed record ActingState(
    long FirstRow, long Rows, long Episode, int Decisions, double Return, int Rewarded, byte[] State,
    byte[] Observation);

/// <summary>An episode that ended while acting. It is no evaluation: actions may be drawn, noisy or random.</summary>
/// <param name="Return">Undiscounted sum of raw rewards.</param>
/// <param name="Length">Decisions.</param>
/// <param name="Terminal">Whether it ended for good, not at the time limit.</param>
/// <param name="Success">By the environment's rule.</param>
/// <param name="Rows">Decisions of the online phase up to its end.</param>
readonly record struct ActedEpisode(double Return, int Length, bool Terminal, bool Success, long Rows)
{
    /// <summary>Decisions a second of acting alone, updates not counted.</summary>
    public double StepsPerSecond { get; init; }
}
