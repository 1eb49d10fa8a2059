namespace Iql.Environments;

/// <summary>A policy that acts in several episodes at once. Not thread-safe.</summary>
public interface IRolloutPolicy : IDisposable
{
    /// <summary>E, the maximum number of episodes at a time.</summary>
    int Episodes { get; }

    /// <summary>Starts anew, without memory of other episodes. The same seed gives the same actions.</summary>
    PolicyEpisodes Begin(Seed seed);
}
