using System.Collections.Immutable;

namespace Iql.Environments;

/// <summary>The result of a decision.</summary>
/// <param name="Reward">Raw reward of the transition, before any normalisation.</param>
/// <param name="Terminal">Whether the episode ended for good. A time limit is no terminal.</param>
/// <param name="Truncated">Whether it was cut before its time limit.</param>
public readonly record struct StepResult(float Reward, bool Terminal, bool Truncated = false);

/// <summary>A part of a state.</summary>
/// <param name="Name">Its name in files, "infos/qpos".</param>
/// <param name="First">Index of its first double.</param>
public readonly record struct StateColumn(string Name, int First, int Size);

/// <summary>A decision process as two pure functions of the caller's state: one environment serves any number of
/// episodes and threads, and the same arguments give the same bits. The caller counts decisions and stops an episode at
/// <see cref="TimeLimit"/>: a time-out, not a terminal.</summary>
public interface IEnvironment
{
    /// <summary>Task name, "pointmaze-umaze-v0".</summary>
    string Name { get; }
    /// <summary>S, floats in an observation.</summary>
    int ObservationSize { get; }

    /// <summary>The kind and size of actions. Continuous ones are clipped to [−1, 1]; a discrete one is the index of
    /// the row's largest number (<see cref="ActionSpace.Choice"/>).</summary>
    ActionSpace ActionSpace { get; }

    /// <summary>A, floats in an action.</summary>
    int ActionSize => ActionSpace.Size;

    /// <summary>Doubles in a state.</summary>
    int StateSize { get; }
    /// <summary>Decisions after which an episode is cut.</summary>
    int TimeLimit { get; }

    /// <summary>Whether a step takes many microseconds, so that threads share the steps of a decision.</summary>
    bool StepsAreSlow => false;

    /// <summary>When an episode counts as a success.</summary>
    SuccessRule Success => default;

    /// <summary>Throws, with a hint what to install, when the environment's library is missing.</summary>
    void Require() { }

    /// <summary>Starts an episode.</summary>
    /// <param name="state">Written, [StateSize].</param>
    /// <param name="observation">Written, [S].</param>
    void Reset(Seed seed, Span<double> state, Span<float> observation);

    /// <summary>Makes one decision.</summary>
    /// <param name="state">Read and written, [StateSize].</param>
    /// <param name="action"><c>[A]</c>.</param>
    /// <param name="observation">Written, [S]: the observation after the decision.</param>
    StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation);

    /// <summary>Parts of a state that files of collected data hold.</summary>
    ImmutableArray<StateColumn> Recorded => [];

    /// <summary>The picture of an episode, or null.</summary>
    Picture? Draw(double[] start, float[] observation) => null;
}
