namespace Iql.Environments.Mujoco;

/// <summary>A model in motion, MuJoCo's mjData, for one thread at a time. Spans are views into its memory.</summary>
public sealed unsafe class MujocoSimulation : IDisposable
{
    static readonly nint StepFunction = MujocoLibrary.Function("mj_step"),
        ForwardFunction = MujocoLibrary.Function("mj_forward"),
        ResetFunction = MujocoLibrary.Function("mj_resetData");

    readonly MujocoModel model;
    MjData* data;

    /// <summary>A simulation at the model's initial positions, at rest.</summary>
    public MujocoSimulation(MujocoModel model)
    {
        this.model = model;
        data = (MjData*)NativeGuard.Run(MujocoLibrary.Function("mj_makeData"), (nint)model.Pointer);
        if (data == null) throw new OutOfMemoryException($"{model.Name}: MuJoCo got no memory for a simulation.");
    }

    /// <summary>The model.</summary>
    public MujocoModel Model => model;

    MjData* Data => data != null ? data : throw new ObjectDisposedException(model.Name);

    /// <summary>qpos: joint positions in metres and radians; orientations of free bodies are quaternions.</summary>
    public Span<double> Positions => new(Data->Positions, model.Pointer->Positions);
    /// <summary>qvel: joint velocities per second.</summary>
    public Span<double> Velocities => new(Data->Velocities, model.Pointer->Velocities);
    /// <summary>ctrl: the motors' inputs, clamped by MuJoCo to the model's ranges.</summary>
    public Span<double> Controls => new(Data->Controls, model.Pointer->Controls);
    /// <summary>qacc_warmstart, the solver's start: all that a step hands on beside positions and velocities.</summary>
    public Span<double> WarmStart => new(Data->WarmStart, model.Pointer->Velocities);
    /// <summary>sensordata.</summary>
    public ReadOnlySpan<double> Sensors => new(Data->Sensors, model.Pointer->SensorNumbers);
    /// <summary>xpos of a body [3], of the last <see cref="Forward"/> or before the last step's integration.</summary>
    public ReadOnlySpan<double> BodyPosition(int body) => Row(Data->BodyPositions, body, model.Pointer->Bodies, 3);

    /// <summary>xquat of a body [4], of the same moment.</summary>
    public ReadOnlySpan<double> BodyOrientation(int body) =>
        Row(Data->BodyOrientations, body, model.Pointer->Bodies, 4);

    /// <summary>geom_xpos of a shape [3], of the same moment.</summary>
    public ReadOnlySpan<double> GeomPosition(int geom) => Row(Data->GeomPositions, geom, model.Pointer->Geoms, 3);
    /// <summary>geom_xmat of a shape [3, 3], of the same moment.</summary>
    public ReadOnlySpan<double> GeomRotation(int geom) => Row(Data->GeomRotations, geom, model.Pointer->Geoms, 9);
    /// <summary>site_xpos of a site [3], of the same moment.</summary>
    public ReadOnlySpan<double> SitePosition(int site) => Row(Data->SitePositions, site, model.Pointer->Sites, 3);
    /// <summary>mj_resetData: initial positions, everything else 0.</summary>
    public void Reset() => Run(ResetFunction, 1);
    /// <summary>mj_forward: all that follows from positions, velocities and controls, without motion.</summary>
    public void Forward() => Run(ForwardFunction, 1);

    /// <summary>mj_step, count times.</summary>
    /// <exception cref="MujocoException">A state that is infinite, huge or not a number
    /// (<see cref="MujocoException.Unstable"/>), or too many contacts.</exception>
    public void Step(int count = 1) => Run(StepFunction, count);

    void Run(nint function, int count)
    {
        NativeGuard.Run(function, (nint)model.Pointer, (nint)Data, count: count);
        GC.KeepAlive(this);
    }

    static ReadOnlySpan<double> Row(double* rows, int row, int count, int width)
    {
        Check.That((uint)row < (uint)count, nameof(row), $"a number below {count}", row);
        return new(rows + row * width, width);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back if nobody did.</summary>
    ~MujocoSimulation() => Free();

    void Free()
    {
        if (data != null) NativeGuard.Run(MujocoLibrary.Function("mj_deleteData"), (nint)data);
        data = null;
    }
}
