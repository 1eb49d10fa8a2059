using System.Runtime.InteropServices;

namespace Iql.Environments.Mujoco;

/// <summary>The used fields of mjModel in MuJoCo 2.2.2 (64-bit; by offsetof). Arrays are row-major.</summary>
[StructLayout(LayoutKind.Explicit, Size = 3280)]
unsafe struct MjModel
{
    [FieldOffset(0)] internal int Positions;
    [FieldOffset(4)] internal int Velocities;
    [FieldOffset(8)] internal int Controls;
    [FieldOffset(16)] internal int Bodies;
    [FieldOffset(20)] internal int Joints;
    [FieldOffset(24)] internal int Geoms;
    [FieldOffset(28)] internal int Sites;
    [FieldOffset(224)] internal int SensorNumbers;
    [FieldOffset(232)] internal double TimeStep;
    [FieldOffset(1208)] internal double* BodyPositions;
    [FieldOffset(1216)] internal double* BodyOrientations;
    [FieldOffset(2792)] internal double* ControlRanges;
}

/// <summary>The used fields of mjData. The arrays do not move while the data live.</summary>
[StructLayout(LayoutKind.Explicit, Size = 41176)]
unsafe struct MjData
{
    [FieldOffset(40376)] internal double* Positions;
    [FieldOffset(40384)] internal double* Velocities;
    [FieldOffset(40400)] internal double* WarmStart;
    [FieldOffset(40408)] internal double* Controls;
    [FieldOffset(40472)] internal double* Sensors;
    [FieldOffset(40480)] internal double* BodyPositions;
    [FieldOffset(40488)] internal double* BodyOrientations;
    [FieldOffset(40536)] internal double* GeomPositions;
    [FieldOffset(40544)] internal double* GeomRotations;
    [FieldOffset(40552)] internal double* SitePositions;
}
