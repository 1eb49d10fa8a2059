namespace Iql.Environments.Mujoco;

/// <summary>A task's model, compiled on first use, with a simulation for each thread.</summary>
/// <param name="name">The model's name in messages.</param>
public sealed class MujocoWorld(IMujocoTask task, string name)
{
    readonly Lazy<MujocoModel> model = new(() =>
    {
        var compiled = MujocoModel.Compile(task.Model, name);
        Check.That((compiled.PositionCount, compiled.VelocityCount) == (task.PositionCount, task.VelocityCount), name,
            $"{task.PositionCount} positions and {task.VelocityCount} velocities",
            (compiled.PositionCount, compiled.VelocityCount));
        return compiled;
    });

    readonly ThreadLocal<MujocoSimulation?> simulations = new();

    /// <summary>The task.</summary>
    public IMujocoTask Task => task;
    /// <summary>The compiled model.</summary>
    public MujocoModel Model => model.Value;
    /// <summary>This thread's simulation, in any state.</summary>
    internal MujocoSimulation Simulation => simulations.Value ??= new(task.ChangesModel ? Model.Copy() : Model);
}
