namespace Iql.Environments.Mujoco;

/// <summary>A ball on four legs of two joints each.</summary>
public static class Ant
{
    /// <summary>The tracked body, whose height decides about health.</summary>
    internal const int Torso = 1;

    static readonly Locomotion Rules = new(
        Mjcf(timeStep: "0.01", contact: "", gear: "150", range: "-1 1", walls: ""), PositionCount: 15,
        VelocityCount: 14, ActionSize: 8, FrameSkip: 5, ControlCost: 0.5, StartNoise: 0.1)
    {
        Hidden = 2,
        NormalVelocities = true,
        TrackedBody = Torso,
        Healthy = static (positions, _) => positions[2] is >= 0.2 and <= 1.0,
    };

    /// <summary>gym's version 4: observation [27], 8 motors, 0.05 s a decision; ends when too low or high.</summary>
    public static MujocoWorld World { get; } = new(Rules, "ant");

    /// <summary>The same with 84 zeros behind: D4RL's data and gym's version 2 have contact forces there, all zero, in
    /// observation and reward, with the MuJoCo of the time.</summary>
    public static MujocoWorld PaddedWorld { get; } = new(Rules with { Padding = 84 }, "ant");

    /// <summary>The model; the parameters differ for the maze's ant.</summary>
    internal static string Mjcf(string timeStep, string contact, string gear, string range, string walls)
    {
        (string Name, string Leg, string Ankle, string X, string Y, string Axis, string Range)[] legs =
        [
            ("front_left_leg", "left_leg_geom", "left_ankle_geom", "", "", "-1 1 0", "30 70"),
            ("front_right_leg", "right_leg_geom", "right_ankle_geom", "-", "", "1 1 0", "-70 -30"),
            ("back_leg", "back_leg_geom", "third_ankle_geom", "-", "-", "-1 1 0", "-70 -30"),
            ("right_back_leg", "rightback_leg_geom", "fourth_ankle_geom", "", "-", "1 1 0", "30 70"),
        ];
        return $"""
            <mujoco model="ant">
              <compiler angle="degree" inertiafromgeom="true"/>
              <option integrator="RK4" timestep="{timeStep}"/>
              <default>
                <joint type="hinge" limited="true" armature="1" damping="1"/>
                <geom type="capsule" contype="1" conaffinity="0" condim="3" density="5" friction="1 0.5 0.5"
                  margin="0.01"{contact}/>
                <motor ctrllimited="true" ctrlrange="{range}" gear="{gear}"/>
              </default>
              <worldbody>
                <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
                <body name="torso" pos="0 0 0.75">
                  <joint name="root" type="free" limited="false" armature="0" damping="0" margin="0.01"/>
                  <geom name="torso_geom" type="sphere" size="0.25"/>
                  {string.Join("\n      ", legs.Select((leg, i) => Leg(i + 1, leg)))}
                </body>
                {walls}
              </worldbody>
              <actuator>
                {string.Concat("4123".Select(i => $"<motor joint=\"hip_{i}\"/><motor joint=\"ankle_{i}\"/>"))}
              </actuator>
            </mujoco>
            """;

        static string Leg(
            int i, (string Name, string Leg, string Ankle, string X, string Y, string Axis, string Range) leg) => $"""
            <body name="{leg.Name}">
              <geom name="aux_{i}_geom" size="0.08" fromto="0 0 0 {leg.X}0.2 {leg.Y}0.2 0"/>
              <body name="aux_{i}" pos="{leg.X}0.2 {leg.Y}0.2 0">
                <joint name="hip_{i}" axis="0 0 1" range="-30 30"/>
                <geom name="{leg.Leg}" size="0.08" fromto="0 0 0 {leg.X}0.2 {leg.Y}0.2 0"/>
                <body pos="{leg.X}0.2 {leg.Y}0.2 0">
                  <joint name="ankle_{i}" axis="{leg.Axis}" range="{leg.Range}"/>
                  <geom name="{leg.Ankle}" size="0.08" fromto="0 0 0 {leg.X}0.4 {leg.Y}0.4 0"/>
                </body>
              </body>
            </body>
            """;
    }
}
