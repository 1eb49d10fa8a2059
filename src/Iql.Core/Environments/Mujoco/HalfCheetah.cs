using static Iql.Invariant;

namespace Iql.Environments.Mujoco;

/// <summary>Half of a running cat: a torso with a hind and a front leg in the plane. No fall ends its run.</summary>
public static class HalfCheetah
{
    static readonly string Mjcf = $"""
        <mujoco model="halfcheetah">
          <compiler angle="radian" inertiafromgeom="true" settotalmass="14"/>
          <option timestep="0.01"/>
          <default>
            <joint type="hinge" axis="0 1 0" limited="true" armature="0.1" solreflimit="0.02 1"
              solimplimit="0 0.8 0.03"/>
            <geom type="capsule" contype="1" conaffinity="0" condim="3" friction="0.4 0.1 0.1" solref="0.02 1"
              solimp="0 0.8 0.01"/>
            <motor ctrllimited="true" ctrlrange="-1 1"/>
          </default>
          <worldbody>
            <geom name="floor" type="plane" size="40 40 40" conaffinity="1"/>
            <body name="torso" pos="0 0 0.7">
              <joint name="rootx" type="slide" axis="1 0 0" limited="false" armature="0"/>
              <joint name="rootz" type="slide" axis="0 0 1" limited="false" armature="0"/>
              <joint name="rooty" limited="false" armature="0"/>
              <geom name="torso" size="0.046" fromto="-0.5 0 0 0.5 0 0"/>
              <geom name="head" size="0.046 0.15" pos="0.6 0 0.1" axisangle="0 1 0 0.87"/>
              {Part("bthigh", "-0.5 0 0", "-0.52 1.05", 6, "0.145", "0.1 0 -0.13", "-3.8",
                Part("bshin", "0.16 0 -0.25", "-0.785 0.785", 4.5, "0.15", "-0.14 0 -0.07", "-2.03",
                Part("bfoot", "-0.28 0 -0.14", "-0.4 0.785", 3, "0.094", "0.03 0 -0.097", "-0.27")))}
              {Part("fthigh", "0.5 0 0", "-1 0.7", 4.5, "0.133", "-0.07 0 -0.12", "0.52",
                Part("fshin", "-0.14 0 -0.24", "-1.2 0.87", 3, "0.106", "0.065 0 -0.09", "-0.6",
                Part("ffoot", "0.13 0 -0.18", "-0.5 0.5", 1.5, "0.07", "0.045 0 -0.07", "-0.6")))}
            </body>
          </worldbody>
          <actuator>
            <motor joint="bthigh" gear="120"/>
            <motor joint="bshin" gear="90"/>
            <motor joint="bfoot" gear="60"/>
            <motor joint="fthigh" gear="120"/>
            <motor joint="fshin" gear="60"/>
            <motor joint="ffoot" gear="30"/>
          </actuator>
        </mujoco>
        """;

    /// <summary>Observation [17], 6 motors, 0.05 seconds a decision; never ends.</summary>
    public static MujocoWorld World { get; } = new(
        new Locomotion(Mjcf, PositionCount: 9, VelocityCount: 9, ActionSize: 6, FrameSkip: 5, ControlCost: 0.1,
            StartNoise: 0.1)
        { HealthyReward = 0, NormalVelocities = true }, "halfcheetah");

    // A part of a leg, with the next one in it.
    static string Part(string name, string place, string range, double damping, string length, string middle,
        string turn, string next = "") => Say($"""
        <body name="{name}" pos="{place}">
          <joint name="{name}" range="{range}" damping="{damping}" stiffness="{40 * damping}"/>
          <geom name="{name}" size="0.046 {length}" pos="{middle}" axisangle="0 1 0 {turn}"/>
          {next}
        </body>
        """);
}
