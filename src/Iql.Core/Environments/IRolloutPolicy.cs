namespace Iql.Environments;

/// <summary>A policy that can be asked to act in several episodes at once, again and again. Not for two threads at a time.</summary>
public interface IRolloutPolicy : IDisposable
{
    /// <summary>E, episodes that it acts in at a time, at most.</summary>
    int Episodes { get; }

    /// <summary>Starts anew: what it remembered of other episodes is gone. The same seed gives the same actions.</summary>
    PolicyEpisodes Begin(Seed seed);
}
