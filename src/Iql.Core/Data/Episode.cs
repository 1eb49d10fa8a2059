namespace Iql.Data;

/// <summary>How an episode's last row came to be the last. The three are never mixed up.</summary>
public enum EpisodeEnd
{
    /// <summary>The environment ended: nothing follows, the value of the next state is zero.</summary>
    Terminal,
    /// <summary>Something outside cut the episode (a time limit, a relabelled goal): the next state still has a value.</summary>
    Timeout,
    /// <summary>The recording stops here without saying why; only the last episode of a data set can end so.</summary>
    Unfinished,
}

/// <summary>Consecutive rows that one policy walked through.</summary>
/// <param name="Start">First row.</param>
/// <param name="Length">Number of rows, at least 1.</param>
/// <param name="End">How the last row came to be the last.</param>
/// <param name="Return">Undiscounted sum of the episode's rewards.</param>
public readonly record struct Episode(int Start, int Length, EpisodeEnd End, double Return)
{
    /// <summary>Last row.</summary>
    public int Last => Start + Length - 1;
}
