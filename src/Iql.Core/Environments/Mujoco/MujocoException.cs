namespace Iql.Environments.Mujoco;

/// <summary>A failure of MuJoCo: a wrong model, an error, or a warning that makes results meaningless.</summary>
/// <param name="message">MuJoCo's own words, and the place.</param>
/// <param name="unstable">Whether a state became infinite, huge or not a number.</param>
public sealed class MujocoException(string message, bool unstable = false) : Exception(message)
{
    /// <summary>Whether the simulation diverged; else the model or the call is wrong.</summary>
    public bool Unstable => unstable;

    public override string ToString() => InputException.InCallersPlaces(this, base.ToString());
}
