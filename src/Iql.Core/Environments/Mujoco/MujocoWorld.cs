namespace Iql.Environments.Mujoco;

/// <summary>A task's model, compiled when it is first needed, and a simulation of it for each thread that asks.</summary>
/// <param name="task">The task.</param>
/// <param name="name">What messages call its model.</param>
public sealed class MujocoWorld(IMujocoTask task, string name)
{
    readonly Lazy<MujocoModel> model = new(() =>
    {
        var compiled = MujocoModel.Compile(task.Model, name);
        Check.That((compiled.PositionCount, compiled.VelocityCount) == (task.PositionCount, task.VelocityCount), name,
            $"{task.PositionCount} positions and {task.VelocityCount} velocities", (compiled.PositionCount, compiled.VelocityCount));
        return compiled;
    });

    readonly ThreadLocal<MujocoSimulation?> simulations = new();

    /// <summary>The task.</summary>
    public IMujocoTask Task => task;

    /// <summary>The compiled model.</summary>
    /// <exception cref="DllNotFoundException">The machine has no MuJoCo 2.2.2; the message says what to install.</exception>
    public MujocoModel Model => model.Value;

    /// <summary>This thread's simulation, in whatever state it was left.</summary>
    internal MujocoSimulation Simulation => simulations.Value ??= new(task.ChangesModel ? Model.Copy() : Model);
}
