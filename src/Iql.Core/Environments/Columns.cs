using Iql.Data;

namespace Iql.Environments;

/// <summary>The columns of a data set during collection. Threads may write their own rows.</summary>
sealed class Columns(int count, int observationSize, ActionSpace actions)
{
    readonly float[] observations = new float[count * observationSize], actionRows = new float[count * actions.Size];
    readonly float[] rewards = new float[count], nextObservations = new float[count * observationSize];
    readonly bool[] terminals = new bool[count], timeouts = new bool[count];
    public int Count => count;
    public Span<float> Observation(int row) => observations.AsSpan(row * observationSize, observationSize);
    public Span<float> Action(int row) => actionRows.AsSpan(row * actions.Size, actions.Size);
    public Span<float> NextObservation(int row) => nextObservations.AsSpan(row * observationSize, observationSize);

    /// <summary>Sets a row's outcome. A terminal is never a time-out.</summary>
    public void End(int row, StepResult result, bool timeout)
    {
        rewards[row] = result.Reward;
        terminals[row] = result.Terminal;
        timeouts[row] = timeout && !result.Terminal;
    }

    public Transitions ToTransitions(string name) =>
        new(name, observationSize, actions.Size, observations, actionRows, rewards, terminals, timeouts,
            nextObservations, actions.Kind);
}
