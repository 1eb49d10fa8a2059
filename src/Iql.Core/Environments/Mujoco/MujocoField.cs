using System.Collections.Frozen;
using static Iql.Environments.Mujoco.MujocoRows;

namespace Iql.Environments.Mujoco;

/// <summary>The owners of an mjModel array's rows.</summary>
enum MujocoRows { Position, Velocity, Control, Body, Joint, Geom, Site }

/// <summary>An array of mjModel: its place and its rows.</summary>
/// <param name="Offset">Of the pointer in mjModel, in bytes (MuJoCo 2.2.2, 64-bit).</param>
/// <param name="Size">Bytes of a number: 8 double, 4 int, 1 flag.</param>
readonly record struct MujocoField(int Offset, MujocoRows Rows, int Width, int Size = 8)
{
    static readonly (string Name, MujocoField Field)[] Known =
    [
        ("qpos0", new(1096, Position, 1)), ("body_parentid", new(1112, Body, 1, 4)), ("body_pos", new(1208, Body, 3)),
        ("body_quat", new(1216, Body, 4)), ("body_ipos", new(1224, Body, 3)), ("body_iquat", new(1232, Body, 4)),
        ("body_mass", new(1240, Body, 1)), ("body_inertia", new(1256, Body, 3)), ("jnt_type", new(1280, Joint, 1, 4)),
        ("jnt_bodyid", new(1304, Joint, 1, 4)), ("jnt_limited", new(1320, Joint, 1, 1)),
        ("jnt_solref", new(1328, Joint, 2)), ("jnt_solimp", new(1336, Joint, 5)), ("jnt_pos", new(1344, Joint, 3)),
        ("jnt_axis", new(1352, Joint, 3)), ("jnt_stiffness", new(1360, Joint, 1)), ("jnt_range", new(1368, Joint, 2)),
        ("jnt_margin", new(1376, Joint, 1)), ("dof_frictionloss", new(1448, Velocity, 1)),
        ("dof_armature", new(1456, Velocity, 1)), ("dof_damping", new(1464, Velocity, 1)),
        ("geom_type", new(1488, Geom, 1, 4)), ("geom_contype", new(1496, Geom, 1, 4)),
        ("geom_conaffinity", new(1504, Geom, 1, 4)), ("geom_condim", new(1512, Geom, 1, 4)),
        ("geom_bodyid", new(1520, Geom, 1, 4)), ("geom_solref", new(1576, Geom, 2)),
        ("geom_solimp", new(1584, Geom, 5)), ("geom_size", new(1592, Geom, 3)), ("geom_pos", new(1608, Geom, 3)),
        ("geom_quat", new(1616, Geom, 4)), ("geom_friction", new(1624, Geom, 3)), ("geom_margin", new(1632, Geom, 1)),
        ("site_bodyid", new(1680, Site, 1, 4)), ("site_pos", new(1720, Site, 3)),
        ("actuator_trnid", new(2728, Control, 2, 4)), ("actuator_gainprm", new(2776, Control, 10)),
        ("actuator_biasprm", new(2784, Control, 10)), ("actuator_ctrlrange", new(2792, Control, 2)),
        ("actuator_gear", new(2816, Control, 6)),
    ];

    /// <summary>The arrays that <see cref="MujocoModel.Read"/> knows.</summary>
    internal static FrozenDictionary<string, MujocoField> All { get; } =
        Known.ToFrozenDictionary(known => known.Name, known => known.Field);
}
