namespace Iql.Environments.Mujoco;

/// <summary>The result of a decision, in full precision.</summary>
public readonly record struct Outcome(double Reward, bool Terminal);

/// <summary>A decision process on a MuJoCo model, without its state. A state is positions, velocities, the solver's
/// warm start and <see cref="MemorySize"/> numbers of the task's own; the simulation holds the first three.</summary>
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
    /// <summary>Further numbers that the task keeps from decision to decision, such as a goal.</summary>
    int MemorySize { get; }

    /// <summary>The memory's name in files, "infos/goal"; null where they lack it.</summary>
    string? MemoryName => null;

    /// <summary>Whether episodes change the model, so that each simulation needs its own.</summary>
    bool ChangesModel => false;

    /// <summary>When an episode counts as a success.</summary>
    SuccessRule Success => default;

    /// <summary>Physics steps in a decision.</summary>
    int FrameSkip { get; }

    /// <summary>Starts an episode.</summary>
    /// <param name="simulation">Reset before; set to the start, with <see cref="MujocoSimulation.Forward"/>.</param>
    void Start(Seed seed, MujocoSimulation simulation, Span<double> memory);

    /// <summary>Writes the memory into the model before a decision, if the task <see cref="ChangesModel"/>.</summary>
    void Furnish(MujocoSimulation simulation, ReadOnlySpan<double> memory)
    {
    }

    /// <summary>Makes one decision.</summary>
    /// <param name="simulation">At the state; moved to the next one.</param>
    /// <param name="action"><c>[A]</c>, the policy's own.</param>
    Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory);

    /// <summary>Observes after a start or a decision.</summary>
    /// <param name="observation">Written, [S].</param>
    void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation);

    /// <summary>The picture of an episode.</summary>
    Picture Draw(MujocoEnvironment environment, double[] start, float[] observation);
}
