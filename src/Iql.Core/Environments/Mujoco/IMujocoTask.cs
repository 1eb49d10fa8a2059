namespace Iql.Environments.Mujoco;

/// <summary>What one decision brought, in full precision.</summary>
/// <param name="Reward">Raw reward of the transition.</param>
/// <param name="Terminal">Whether the episode ended for good.</param>
public readonly record struct Outcome(double Reward, bool Terminal);

/// <summary>
/// A decision process on a MuJoCo model: everything but where states are kept. A state is positions, velocities, the solver's warm start
/// and <see cref="MemorySize"/> numbers of the task's own; the simulation it is given holds the first three.
/// </summary>
public interface IMujocoTask
{
    /// <summary>The model, MJCF.</summary>
    string Model { get; }

    /// <summary>Numbers in a position (nq) of the model.</summary>
    int PositionCount { get; }

    /// <summary>Numbers in a velocity (nv) of the model.</summary>
    int VelocityCount { get; }

    /// <summary>A, numbers in an action.</summary>
    int ActionSize { get; }

    /// <summary>S, numbers in an observation.</summary>
    int ObservationSize { get; }

    /// <summary>Numbers that the task remembers from decision to decision besides positions and velocities: a goal, say.</summary>
    int MemorySize { get; }

    /// <summary>What files call the memory, "infos/goal"; null where they do not hold it.</summary>
    string? MemoryName => null;

    /// <summary>Whether episodes differ in the model itself, so that no two simulations may share one.</summary>
    bool ChangesModel => false;

    /// <summary>When an episode counts as a success.</summary>
    SuccessRule Success => default;

    /// <summary>Physics steps in a decision.</summary>
    int FrameSkip { get; }

    /// <summary>Starts an episode.</summary>
    /// <param name="seed">Where every draw comes from.</param>
    /// <param name="simulation">Just reset; left at the start's positions and velocities, after <see cref="MujocoSimulation.Forward"/>.</param>
    /// <param name="memory">Written.</param>
    void Start(Seed seed, MujocoSimulation simulation, Span<double> memory);

    /// <summary>Writes what the memory says of the model into the simulation's own copy, before a decision; needed with <see cref="ChangesModel"/>.</summary>
    /// <param name="simulation">Whatever its model was changed to before.</param>
    /// <param name="memory">Of the state that comes next.</param>
    void Furnish(MujocoSimulation simulation, ReadOnlySpan<double> memory)
    {
    }

    /// <summary>Makes one decision.</summary>
    /// <param name="simulation">At the state; left at the next one.</param>
    /// <param name="action">[A], as the policy gave it.</param>
    /// <param name="memory">Read and written.</param>
    Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory);

    /// <summary>What is seen after a start or a decision.</summary>
    /// <param name="simulation">At the state.</param>
    /// <param name="memory">Read.</param>
    /// <param name="observation">Written, [S].</param>
    void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation);

    /// <summary>How an episode looks.</summary>
    /// <param name="environment">The task's.</param>
    /// <param name="start">The state that it starts in.</param>
    /// <param name="observation">What is seen there.</param>
    Picture Draw(MujocoEnvironment environment, double[] start, float[] observation);
}
