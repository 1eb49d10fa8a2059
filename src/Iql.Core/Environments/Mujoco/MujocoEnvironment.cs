using System.Collections.Immutable;

namespace Iql.Environments.Mujoco;

/// <summary>A task on a MuJoCo model as two pure functions. A state is [positions, velocities, warm start, the task's
/// memory]: all that a physics step reads. So the same state and action give the same bits, on any thread.</summary>
/// <remarks>An action or state that is not a number, or a simulation that diverges, ends the episode with reward 0 and
/// makes state and observation NaN. The first reset needs the MuJoCo library.</remarks>
public sealed class MujocoEnvironment : IEnvironment
{
    readonly MujocoWorld world;
    readonly IMujocoTask task;

    /// <summary>A named task.</summary>
    /// <param name="name">Task name, "hopper-medium-v2".</param>
    /// <param name="world">Its rules and model; tasks of several names may share one.</param>
    public MujocoEnvironment(string name, MujocoWorld world, int timeLimit)
    {
        Check.AtLeast(timeLimit, 1, nameof(timeLimit));
        (Name, TimeLimit, this.world, task) = (name, timeLimit, world, world.Task);
    }

    public string Name { get; }
    public int TimeLimit { get; }
    public int ObservationSize => task.ObservationSize;
    public ActionSpace ActionSpace => ActionSpace.Continuous(task.ActionSize);
    /// <summary>A, numbers in an action.</summary>
    public int ActionSize => task.ActionSize;
    public int StateSize => task.PositionCount + 2 * task.VelocityCount + task.MemorySize;
    public bool StepsAreSlow => true;
    public SuccessRule Success => task.Success;
    /// <summary>The rules and the model.</summary>
    public MujocoWorld World => world;
    /// <summary>qpos of a state.</summary>
    public Span<double> Positions(Span<double> state) => state[..task.PositionCount];
    /// <summary>qvel of a state.</summary>
    public Span<double> Velocities(Span<double> state) => state.Slice(task.PositionCount, task.VelocityCount);
    /// <summary>The task's memory in a state.</summary>
    public Span<double> Memory(Span<double> state) => state[(task.PositionCount + 2 * task.VelocityCount)..];

    public void Require() => MujocoLibrary.Require();

    public void Reset(Seed seed, Span<double> state, Span<float> observation)
    {
        var simulation = world.Simulation;
        simulation.Reset();
        task.Start(seed, simulation, Memory(state));
        Save(simulation, state);
        Span<double> observed = stackalloc double[ObservationSize];
        task.Observe(simulation, Memory(state), observed);
        Narrow(observed, observation);
    }

    public StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation)
    {
        Span<double> observed = stackalloc double[ObservationSize], wide = stackalloc double[ActionSize];
        for (var i = 0; i < wide.Length; i++) wide[i] = action[i];
        var (reward, terminal) = StepInFull(state, wide, observed);
        Narrow(observed, observation);
        return new((float)reward, terminal);
    }

    /// <summary>Makes one decision in full precision.</summary>
    /// <param name="state">Read and written, [StateSize].</param>
    /// <param name="action"><c>[A]</c>.</param>
    /// <param name="observation">Written, [S].</param>
    public Outcome StepInFull(Span<double> state, ReadOnlySpan<double> action, Span<double> observation)
    {
        var simulation = world.Simulation;
        if (Finite(state) && Finite(action))
        {
            try
            {
                Load(state, simulation);
                var outcome = task.Step(simulation, action, Memory(state));
                Save(simulation, state);
                task.Observe(simulation, Memory(state), observation);
                return outcome;
            }
            catch (MujocoException failure)
            {
                simulation.Reset();
                if (!failure.Unstable) throw;
            }
        }
        state.Fill(double.NaN);
        observation.Fill(double.NaN);
        return new(0, true);
    }

    /// <summary>Positions, velocities, and the task's memory if it has a name.</summary>
    public ImmutableArray<StateColumn> Recorded =>
    [
        new("infos/qpos", 0, task.PositionCount),
        new("infos/qvel", task.PositionCount, task.VelocityCount),
        .. task.MemoryName is { } name
            ? (StateColumn[])[new(name, task.PositionCount + 2 * task.VelocityCount, task.MemorySize)] : [],
    ];

    /// <summary>Time from decision to decision.</summary>
    public double Seconds => world.Model.TimeStep * task.FrameSkip;
    public Picture Draw(double[] start, float[] observation) => task.Draw(this, start, observation);

    /// <summary>This thread's simulation in a state, with the places of bodies and shapes, for pictures.</summary>
    public MujocoSimulation Show(Span<double> state)
    {
        var simulation = world.Simulation;
        Load(state, simulation);
        simulation.Forward();
        return simulation;
    }

    void Load(Span<double> state, MujocoSimulation simulation)
    {
        task.Furnish(simulation, Memory(state));
        Positions(state).CopyTo(simulation.Positions);
        Velocities(state).CopyTo(simulation.Velocities);
        state.Slice(task.PositionCount + task.VelocityCount, task.VelocityCount).CopyTo(simulation.WarmStart);
    }

    void Save(MujocoSimulation simulation, Span<double> state)
    {
        simulation.Positions.CopyTo(Positions(state));
        simulation.Velocities.CopyTo(Velocities(state));
        simulation.WarmStart.CopyTo(state.Slice(task.PositionCount + task.VelocityCount, task.VelocityCount));
    }

    static bool Finite(ReadOnlySpan<double> numbers)
    {
        var sum = 0.0;
        foreach (var number in numbers) sum += number * 0;
        return sum == 0;
    }

    static void Narrow(ReadOnlySpan<double> wide, Span<float> narrow)
    {
        for (var i = 0; i < wide.Length; i++) narrow[i] = (float)wide[i];
    }
}
