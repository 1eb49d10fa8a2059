using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Iql.Environments.Mujoco;

/// <summary>Kinds of things that a model names; the numbers are MuJoCo's.</summary>
enum MujocoObject { Body = 1, Joint = 3, Geom = 5 }

/// <summary>A model compiled from MJCF text. Threads share it: only a <see cref="Copy"/> may change.</summary>
public sealed unsafe class MujocoModel : IDisposable
{
    MjModel* model;

    MujocoModel(MjModel* model, string name)
    {
        this.model = model;
        Name = name;
    }

    /// <summary>Its name in messages.</summary>
    public string Name { get; }

    internal MjModel* Pointer => model != null ? model : throw new ObjectDisposedException(Name);

    /// <summary>Numbers in a position (qpos).</summary>
    public int PositionCount => Pointer->Positions;
    /// <summary>Numbers in a velocity (qvel).</summary>
    public int VelocityCount => Pointer->Velocities;
    /// <summary>Numbers in a control (ctrl).</summary>
    public int ControlCount => Pointer->Controls;
    /// <summary>Seconds in a physics step.</summary>
    public double TimeStep => Pointer->TimeStep;

    /// <summary>Compiles a model.</summary>
    /// <param name="mjcf">The MJCF document.</param>
    /// <exception cref="MujocoException">A wrong document; the message is the compiler's own.</exception>
    public static MujocoModel Compile(string mjcf, string name)
    {
        lock (MujocoLibrary.Gate) // the compiler keeps its errors in one place
        {
            var compiled = new MujocoModel(Load(Encoding.UTF8.GetBytes(mjcf), name), name);
            LayoutGuard.Check(compiled);
            return compiled;
        }
    }

    /// <summary>An equal model that its owner may change.</summary>
    public MujocoModel Copy() =>
        new((MjModel*)NativeGuard.Run(MujocoLibrary.Function("mj_copyModel"), 0, (nint)Pointer), Name);

    /// <summary>Minimum and maximum control of each motor (actuator_ctrlrange), [controls, 2].</summary>
    public ReadOnlySpan<double> ControlRanges => new(Pointer->ControlRanges, 2 * model->Controls);
    /// <summary>A body's place in its parent (body_pos), [3]; for the owner of a <see cref="Copy"/>.</summary>
    public Span<double> BodyPlace(int body) => Row(Pointer->BodyPositions, body, 3);
    /// <summary>A body's turn in its parent (body_quat), [4]; for the owner of a <see cref="Copy"/>.</summary>
    public Span<double> BodyTurn(int body) => Row(Pointer->BodyOrientations, body, 4);

    Span<double> Row(double* rows, int body, int width)
    {
        Check.That((uint)body < (uint)model->Bodies, nameof(body), $"a number below {model->Bodies}", body);
        return new(rows + body * width, width);
    }

    /// <summary>The name of a thing, empty where it has none.</summary>
    internal string NameOf(MujocoObject kind, int number)
    {
        var name = NativeGuard.Run(MujocoLibrary.Function("mj_id2name"), (nint)Pointer, (nint)kind, number);
        return Marshal.PtrToStringUTF8(name) ?? "";
    }

    /// <summary>An array of the compiled model, row-major, by MuJoCo's name: "body_mass", "qpos0".</summary>
    public ImmutableArray<double> Read(string field)
    {
        Check.That(MujocoField.All.TryGetValue(field, out var place),
            nameof(field), $"one of {string.Join(", ", MujocoField.All.Keys.Order())}", field);
        var numbers = (byte*)*(nint*)((byte*)Pointer + place.Offset);
        var count = place.Width * (place.Rows switch
        {
            MujocoRows.Position => model->Positions,
            MujocoRows.Velocity => model->Velocities,
            MujocoRows.Control => model->Controls,
            MujocoRows.Body => model->Bodies,
            MujocoRows.Joint => model->Joints,
            MujocoRows.Geom => model->Geoms,
            _ => model->Sites,
        });
        var read = ImmutableArray.CreateBuilder<double>(count);
        for (var i = 0; i < count; i++)
            read.Add(place.Size switch { 8 => ((double*)numbers)[i], 4 => ((int*)numbers)[i], _ => numbers[i] });
        GC.KeepAlive(this);
        return read.MoveToImmutable();
    }

    static MjModel* Load(byte[] document, string name)
    {
        // mjVFS: 2,000 files in memory, the number of files first, their contents' pointers at the end.
        const int size = 2_024_008, contents = 2_008_008, errorSize = 1000;
        var files = (byte*)NativeMemory.Alloc(size);
        try
        {
            NativeGuard.Run(MujocoLibrary.Function("mj_defaultVFS"), (nint)files);
            var error = stackalloc byte[errorSize];
            error[0] = 0;
            fixed (byte* fileName = "model.xml\0"u8)
            {
                var full = NativeGuard.Run(
                    MujocoLibrary.Function("mj_makeEmptyFileVFS"), (nint)files, (nint)fileName, document.Length);
                if ((int)full != 0)
                    throw new MujocoException($"{name}: MuJoCo could not take a document of {document.Length} bytes.");
                document.CopyTo(new Span<byte>(*(byte**)(files + contents), document.Length));
                var loaded = (MjModel*)NativeGuard.Run(
                    MujocoLibrary.Function("mj_loadXML"), (nint)fileName, (nint)files, (nint)error, errorSize);
                if (loaded == null) throw new MujocoException(
                    $"{name}: {Marshal.PtrToStringUTF8((nint)error)!.ReplaceLineEndings(" ").Trim()}");
                return loaded;
            }
        }
        finally { NativeGuard.Run(MujocoLibrary.Function("mj_deleteVFS"), (nint)files); NativeMemory.Free(files); }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back when nobody did; simulations keep their model alive.</summary>
    ~MujocoModel() => Free();

    void Free()
    {
        if (model != null) NativeGuard.Run(MujocoLibrary.Function("mj_deleteModel"), (nint)model);
        model = null;
    }
}
