using System.Collections.Immutable;

namespace Iql.Environments;

/// <summary>What one decision brought.</summary>
/// <param name="Reward">Raw reward of the transition, before any normalisation.</param>
/// <param name="Terminal">Whether the episode ended for good: nothing comes after it. A time limit is not a terminal.</param>
public readonly record struct StepResult(float Reward, bool Terminal);

/// <summary>A part of a state.</summary>
/// <param name="Name">What files call it, "infos/qpos".</param>
/// <param name="First">Number of its first double.</param>
/// <param name="Size">Doubles in it.</param>
public readonly record struct StateColumn(string Name, int First, int Size);

/// <summary>
/// A decision process as two pure functions. All that changes lies in the caller's state, so one environment serves any
/// number of episodes and threads; the same arguments give the same bits. The caller counts decisions and stops an episode
/// at <see cref="TimeLimit"/>: that is a time-out, not a terminal.
/// </summary>
public interface IEnvironment
{
    /// <summary>Task name, "pointmaze-umaze-v0".</summary>
    string Name { get; }

    /// <summary>S, floats in an observation.</summary>
    int ObservationSize { get; }

    /// <summary>
    /// What an action is. Of continuous ones each float is meant to lie in [−1, 1] and is clipped to it; a discrete one is the place of the
    /// row's largest number (<see cref="ActionSpace.Choice"/>).
    /// </summary>
    ActionSpace ActionSpace { get; }

    /// <summary>A, floats in an action.</summary>
    int ActionSize => ActionSpace.Size;

    /// <summary>Doubles in a state.</summary>
    int StateSize { get; }

    /// <summary>Decisions after which an episode is cut.</summary>
    int TimeLimit { get; }

    /// <summary>Whether a step takes many microseconds, so that threads should share the steps of a decision.</summary>
    bool StepsAreSlow => false;

    /// <summary>When an episode counts as a success.</summary>
    SuccessRule Success => default;

    /// <summary>Starts an episode.</summary>
    /// <param name="seed">Where every draw of the start comes from.</param>
    /// <param name="state">Written, [StateSize].</param>
    /// <param name="observation">Written, [S].</param>
    void Reset(Seed seed, Span<double> state, Span<float> observation);

    /// <summary>Makes one decision.</summary>
    /// <param name="state">Read and written, [StateSize].</param>
    /// <param name="action">[A].</param>
    /// <param name="observation">Written, [S]: what is seen after the decision.</param>
    /// <returns>Reward of the transition and whether it was the last.</returns>
    StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation);

    /// <summary>Parts of a state that a file of collected data holds, with the names that they have in it.</summary>
    ImmutableArray<StateColumn> Recorded => [];

    /// <summary>How an episode looks; null where there is nothing to see.</summary>
    /// <param name="start">The state that it starts in.</param>
    /// <param name="observation">What is seen there.</param>
    Picture? Draw(double[] start, float[] observation) => null;
}
