namespace Iql.Environments.Mujoco;

/// <summary>The parts of hopper and walker2d in MJCF: a torso that moves in the plane, and its legs.</summary>
static class PlanarRobot
{
    /// <summary>A torso, free in x, z and pitch, with its legs.</summary>
    public static string Torso(string legs) => $"""
        <body name="torso" pos="0 0 1.25">
          <joint name="rootx" type="slide" axis="1 0 0" pos="0 0 -1.25" limited="false" armature="0" damping="0"/>
          <joint name="rootz" type="slide" axis="0 0 1" pos="0 0 -1.25" ref="1.25" limited="false" armature="0"
            damping="0"/>
          <joint name="rooty" type="hinge" axis="0 1 0" limited="false" armature="0" damping="0"/>
          <geom name="torso_geom" type="capsule" size="0.05" fromto="0 0 0.2 0 0 -0.2"/>
          {legs}
        </body>
        """;

    /// <summary>Thigh, leg and foot.</summary>
    /// <param name="side">Ends their names: "", "_left".</param>
    /// <param name="reach">Distance from the ankle to the foot's frame, the origin of heel and toe.</param>
    /// <param name="heel">x of the foot's heel.</param>
    /// <param name="contact">Further attributes of the foot's shape.</param>
    public static string Leg(string side, string reach, string heel, string toe, string contact) => $"""
        <body name="thigh{side}" pos="0 0 -0.2">
          <joint name="thigh{side}_joint" type="hinge" axis="0 -1 0" range="-150 0"/>
          <geom name="thigh{side}_geom" type="capsule" size="0.05" fromto="0 0 0 0 0 -0.45"/>
          <body name="leg{side}" pos="0 0 -0.7">
            <joint name="leg{side}_joint" type="hinge" axis="0 -1 0" pos="0 0 0.25" range="-150 0"/>
            <geom name="leg{side}_geom" type="capsule" size="0.04" fromto="0 0 0.25 0 0 -0.25"/>
            <body name="foot{side}" pos="{reach} 0 -0.35">
              <joint name="foot{side}_joint" type="hinge" axis="0 -1 0" pos="-{reach} 0 0.1" range="-45 45"/>
              <geom name="foot{side}_geom" type="capsule" size="0.06" fromto="{heel} 0 0.1 {toe} 0 0.1" {contact}/>
            </body>
          </body>
        </body>
        """;

    /// <summary>Motors of a leg's three joints.</summary>
    public static string Motors(string side) => $"""
        <motor joint="thigh{side}_joint"/>
        <motor joint="leg{side}_joint"/>
        <motor joint="foot{side}_joint"/>
        """;
}
