namespace Iql.Data;

/// <summary>Why an episode's last row is the last.</summary>
public enum EpisodeEnd
{
    /// <summary>The environment ended: the value of the next state is zero.</summary>
    Terminal,
    /// <summary>A time limit or a relabelled goal cut the episode: the next state still has a value.</summary>
    Timeout,
    /// <summary>The recording stops without a reason; only the last episode of a data set can end so.</summary>
    Unfinished,
}

/// <summary>Consecutive rows of one policy.</summary>
/// <param name="Length">Number of rows, at least 1.</param>
/// <param name="Return">Undiscounted sum of the episode's rewards.</param>
public readonly record struct Episode(int Start, int Length, EpisodeEnd End, double Return)
{
    /// <summary>Last row.</summary>
    public int Last => Start + Length - 1;
}
