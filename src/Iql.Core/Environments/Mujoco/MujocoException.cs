namespace Iql.Environments.Mujoco;

/// <summary>What MuJoCo said instead of going on: a model that does not compile, an error, or a warning that makes results meaningless.</summary>
public sealed class MujocoException : Exception
{
    /// <summary>A failure in MuJoCo's own words.</summary>
    /// <param name="message">What happened and where.</param>
    /// <param name="unstable">Whether a state became infinite, huge or not a number, so that MuJoCo gave it up.</param>
    public MujocoException(string message, bool unstable = false) : base(message) => Unstable = unstable;

    /// <summary>Whether the simulation diverged; else the model or the call is wrong.</summary>
    public bool Unstable { get; }
}
