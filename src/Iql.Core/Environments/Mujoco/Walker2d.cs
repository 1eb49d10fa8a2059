namespace Iql.Environments.Mujoco;

/// <summary>Two legs that walk in the plane; they pass through each other.</summary>
public static class Walker2d
{
    static readonly string Mjcf = $"""
        <mujoco model="walker2d">
          <compiler angle="degree" inertiafromgeom="true"/>
          <option integrator="RK4" timestep="0.002"/>
          <default>
            <joint limited="true" armature="0.01" damping="0.1"/>
            <geom contype="1" conaffinity="0" condim="3" friction="0.9 0.1 0.1"/>
            <motor ctrllimited="true" ctrlrange="-1 1" gear="100"/>
          </default>
          <worldbody>
            <geom name="floor" type="plane" size="40 40 40" conaffinity="1" friction="0.7 0.1 0.1"/>
            {PlanarRobot.Torso(Leg("", contact: "") + Leg("_left", contact: "friction=\"1.9 0.1 0.1\""))}
          </worldbody>
          <actuator>
            {PlanarRobot.Motors("")}
            {PlanarRobot.Motors("_left")}
          </actuator>
        </mujoco>
        """;

    /// <summary>Observation [17], 6 motors, 0.008 seconds a decision; ends when it falls or bends over.</summary>
    public static MujocoWorld World { get; } = new(
        new Locomotion(Mjcf, PositionCount: 9, VelocityCount: 9, ActionSize: 6, FrameSkip: 4, ControlCost: 0.001,
            StartNoise: 0.005)
        {
            VelocityLimit = 10,
            Healthy = static (positions, _) => positions[1] is > 0.8 and < 2.0 && positions[2] is > -1 and < 1,
        }, "walker2d");

    static string Leg(string side, string contact) =>
        PlanarRobot.Leg(side, reach: "0.2", heel: "-0.2", toe: "0", contact);
}
