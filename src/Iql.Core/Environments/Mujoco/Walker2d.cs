namespace Iql.Environments.Mujoco;

/// <summary>Two legs that walk in the plane; they pass through each other.</summary>
public static class Walker2d
{
    const string Mjcf = """
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
                  <body name="foot" pos="0.2 0 -0.35">
                    <joint name="foot_joint" type="hinge" axis="0 -1 0" pos="-0.2 0 0.1" range="-45 45"/>
                    <geom name="foot_geom" type="capsule" size="0.06" fromto="-0.2 0 0.1 0 0 0.1"/>
                  </body>
                </body>
              </body>
              <body name="thigh_left" pos="0 0 -0.2">
                <joint name="thigh_left_joint" type="hinge" axis="0 -1 0" range="-150 0"/>
                <geom name="thigh_left_geom" type="capsule" size="0.05" fromto="0 0 0 0 0 -0.45"/>
                <body name="leg_left" pos="0 0 -0.7">
                  <joint name="leg_left_joint" type="hinge" axis="0 -1 0" pos="0 0 0.25" range="-150 0"/>
                  <geom name="leg_left_geom" type="capsule" size="0.04" fromto="0 0 0.25 0 0 -0.25"/>
                  <body name="foot_left" pos="0.2 0 -0.35">
                    <joint name="foot_left_joint" type="hinge" axis="0 -1 0" pos="-0.2 0 0.1" range="-45 45"/>
                    <geom name="foot_left_geom" type="capsule" size="0.06" fromto="-0.2 0 0.1 0 0 0.1" friction="1.9 0.1 0.1"/>
                  </body>
                </body>
              </body>
            </body>
          </worldbody>
          <actuator>
            <motor joint="thigh_joint"/>
            <motor joint="leg_joint"/>
            <motor joint="foot_joint"/>
            <motor joint="thigh_left_joint"/>
            <motor joint="leg_left_joint"/>
            <motor joint="foot_left_joint"/>
          </actuator>
        </mujoco>
        """;

    /// <summary>17 numbers seen, 6 motors, 0.008 seconds a decision; ends when it falls or bends over.</summary>
    public static MujocoWorld World { get; } = new(new Locomotion
    {
        Model = Mjcf,
        PositionCount = 9,
        VelocityCount = 9,
        ActionSize = 6,
        FrameSkip = 4,
        VelocityLimit = 10,
        ControlCost = 0.001,
        StartNoise = 0.005,
        Healthy = static (positions, _) => positions[1] is > 0.8 and < 2.0 && positions[2] is > -1 and < 1,
    }, "walker2d");
}
