namespace Iql.Environments.Mujoco;

/// <summary>One leg that hops: torso, thigh, leg and foot in the plane.</summary>
public static class Hopper
{
    const string Mjcf = """
        <mujoco model="hopper">
          <compiler angle="degree" inertiafromgeom="true"/>
          <option integrator="RK4" timestep="0.002"/>
          <default>
            <joint limited="true" armature="1" damping="1"/>
            <geom contype="1" conaffinity="1" condim="1" margin="0.001" solref="0.02 1" solimp="0.8 0.8 0.01" friction="0.9"/>
            <motor ctrllimited="true" ctrlrange="-1 1" gear="200"/>
          </default>
          <worldbody>
            <geom name="floor" type="plane" size="20 20 0.125" condim="3" friction="1"/>
            <body name="torso" pos="0 0 1.25">
              <joint name="rootx" type="slide" axis="1 0 0" pos="0 0 -1.25" limited="false" armature="0" damping="0"/>
              <joint name="rootz" type="slide" axis="0 0 1" pos="0 0 -1.25" ref="1.25" limited="false" armature="0" damping="0"/>
              <joint name="rooty" type="hinge" axis="0 1 0" limited="false" armature="0" damping="0"/>
              <geom name="torso_geom" type="capsule" size="0.05" fromto="0 0 0.2 0 0 -0.2"/>
              <body name="thigh" pos="0 0 -0.2">
                <joint name="thigh_joint" type="hinge" axis="0 -1 0" range="-150 0"/>
                <geom name="thigh_geom" type="capsule" size="0.05" fromto="0 0 0 0 0 -0.45"/>
                <body name="leg" pos="0 0 -0.7">
                  <joint name="leg_joint" type="hinge" axis="0 -1 0" pos="0 0 0.25" range="-150 0"/>
                  <geom name="leg_geom" type="capsule" size="0.04" fromto="0 0 0.25 0 0 -0.25"/>
                  <body name="foot" pos="0.13 0 -0.35">
                    <joint name="foot_joint" type="hinge" axis="0 -1 0" pos="-0.13 0 0.1" range="-45 45"/>
                    <geom name="foot_geom" type="capsule" size="0.06" fromto="-0.26 0 0.1 0.13 0 0.1" friction="2"/>
                  </body>
                </body>
              </body>
            </body>
          </worldbody>
          <actuator>
            <motor joint="thigh_joint"/>
            <motor joint="leg_joint"/>
            <motor joint="foot_joint"/>
          </actuator>
        </mujoco>
        """;

    /// <summary>11 numbers seen, 3 motors, 0.008 seconds a decision; ends when it falls, bends over or is flung about.</summary>
    public static MujocoWorld World { get; } = new(new Locomotion
    {
        Model = Mjcf,
        PositionCount = 6,
        VelocityCount = 6,
        ActionSize = 3,
        FrameSkip = 4,
        VelocityLimit = 10,
        ControlCost = 0.001,
        StartNoise = 0.005,
        Healthy = Upright,
    }, "hopper");

    static bool Upright(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        var within = positions[1] > 0.7 && Math.Abs(positions[2]) < 0.2;
        foreach (var position in positions[2..]) within &= Math.Abs(position) < 100;
        foreach (var velocity in velocities) within &= Math.Abs(velocity) < 100;
        return within;
    }
}
