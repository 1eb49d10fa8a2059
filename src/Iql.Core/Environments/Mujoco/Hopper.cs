namespace Iql.Environments.Mujoco;

/// <summary>One leg that hops: torso, thigh, leg and foot in the plane.</summary>
public static class Hopper
{
    static string Leg => PlanarRobot.Leg(side: "", reach: "0.13", heel: "-0.26", toe: "0.13", "friction=\"2\"");

    static readonly string Mjcf = $"""
        <mujoco model="hopper">
          <compiler angle="degree" inertiafromgeom="true"/>
          <option integrator="RK4" timestep="0.002"/>
          <default>
            <joint limited="true" armature="1" damping="1"/>
            <geom contype="1" conaffinity="1" condim="1" margin="0.001" solref="0.02 1" solimp="0.8 0.8 0.01"
              friction="0.9"/>
            <motor ctrllimited="true" ctrlrange="-1 1" gear="200"/>
          </default>
          <worldbody>
            <geom name="floor" type="plane" size="20 20 0.125" condim="3" friction="1"/>
            {PlanarRobot.Torso(Leg)}
          </worldbody>
          <actuator>
            {PlanarRobot.Motors("")}
          </actuator>
        </mujoco>
        """;

    /// <summary>Observation [11], 3 motors, 0.008 s a decision; ends in a fall, a deep bend or flight.</summary>
    public static MujocoWorld World { get; } = new(
        new Locomotion(Mjcf, PositionCount: 6, VelocityCount: 6, ActionSize: 3, FrameSkip: 4, ControlCost: 0.001,
            StartNoise: 0.005)
        { VelocityLimit = 10, Healthy = Upright }, "hopper");

    static bool Upright(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        var within = positions[1] > 0.7 && Math.Abs(positions[2]) < 0.2;
        foreach (var position in positions[2..]) within &= Math.Abs(position) < 100;
        foreach (var velocity in velocities) within &= Math.Abs(velocity) < 100;
        return within;
    }
}
