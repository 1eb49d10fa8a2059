using System.Collections.Immutable;

namespace Iql.Environments.Mujoco;

/// <summary>A joint between the world and the forearm, with the servo that drives it.</summary>
/// <param name="Name">"ARRx".</param>
/// <param name="Kind">MJCF's type, "hinge" or "slide".</param>
/// <param name="Axis">MJCF's axis, "1 0 0".</param>
/// <param name="Range">Of the joint and of its servo's control, "-0.75 0.75".</param>
readonly record struct ArmJoint(string Name, string Kind, string Axis, string Range);

/// <summary>What the hand's tasks share: an episode changes the model.</summary>
interface IAdroitTask : IMujocoTask
{
    int IMujocoTask.VelocityCount => PositionCount;
    int IMujocoTask.FrameSkip => AdroitHand.FrameSkip;
    bool IMujocoTask.ChangesModel => true;

    Picture IMujocoTask.Draw(MujocoEnvironment environment, double[] start, float[] observation) =>
        MujocoPicture.Hand(environment, start);
}

/// <summary>The Adroit hand of D4RL's four manipulation tasks, in MJCF of our own: 24 joints of a Shadow hand, each
/// with a position servo, over a table. Meshes, which touch nothing, are left out; masses are numbers.</summary>
/// <remarks>The numbers are those of the compiled models (Kumar 2016, thesis, University of Washington; Rajeswaran et
/// al. 2018, arXiv:1709.10087). The rest is from D4RL's assets/DAPG_assets.xml: friction in the joints, the coupling of
/// each finger's last two joints, the pairs of shapes that touch, the servos' gains, 20 solver and 20 no-slip
/// iterations. Quaternions have six digits as the original's; rounder ones would compile to other inertias.</remarks>
static class AdroitHand
{
    /// <summary>Number of the site in the palm, S_grasp.</summary>
    internal const int Palm = 0;
    /// <summary>Physics steps in a decision, of 0.002 s.</summary>
    internal const int FrameSkip = 5;

    static readonly ImmutableArray<string> Fingers = ["ff", "mf", "rf", "lf"];

    // Shapes of the hand that touch. One pair stands twice, as in the original: two contacts share its force.
    const string Touching = """
        palm0 thdistal, ffproximal mfproximal, ffproximal thdistal, ffmiddle thdistal, ffdistal mfdistal,
        ffdistal thdistal, mfproximal rfproximal, mfproximal thdistal, mfdistal rfdistal, mfdistal lfdistal,
        mfdistal thdistal, rfproximal lfproximal, rfmiddle lfmiddle, rfmiddle lfdistal, rfdistal lfmiddle,
        rfdistal lfdistal, rfdistal lfdistal, rfdistal thdistal, lfdistal thdistal
        """;

    /// <summary>A task's model.</summary>
    /// <param name="turn">Euler angles of the forearm.</param>
    /// <param name="arm">Joints that move the forearm; none holds it still.</param>
    /// <param name="things">Bodies on the table or beside it, MJCF.</param>
    /// <param name="more">Further sections of the document.</param>
    internal static string Mjcf(
        string name, string turn, ImmutableArray<ArmJoint> arm, string things, string more = "") => $"""
        <mujoco model="adroit-{name}">
          <compiler angle="radian"/>
          <option timestep="0.002" iterations="20" noslip_iterations="20"/>
          <size njmax="1000" nconmax="300" nstack="1000000"/>
          <default>
            <joint limited="true" margin="0.01" armature="0.001" damping="0.05" frictionloss="0.001"/>
            <geom friction="1 0.5 0.01" margin="0.0005"/>
            <general ctrllimited="true" biastype="affine" gainprm="1" biasprm="0 -1"/>
            <default class="hand"><geom conaffinity="0"/></default>
            <default class="shown"><geom contype="0" conaffinity="0"/></default>
            <default class="arm"><joint damping="20"/><general gainprm="500" biasprm="0 -200"/></default>
            <default class="wrist"><joint damping="0.5" armature="0.005"/><general gainprm="10" biasprm="0 -10"/>
            </default>
            <default class="spread"><joint axis="0 1 0" range="-0.436 0.436"/><general ctrlrange="-0.44 0.44"/>
            </default>
            <default class="bend"><joint axis="1 0 0" range="0 1.571"/><general ctrlrange="0 1.6"/></default>
            <default class="loose"><joint limited="false" damping="0"/></default>
          </default>
          <worldbody>
            <geom name="ground" type="plane" size="1.5 1.5 0.25" pos="0 0 -1" conaffinity="0"/>
            <body name="table">
              <geom type="box" size="0.45 0.45 0.025" pos="0 0 -0.025"/>
              {Leg("0.4 0.4")}{Leg("-0.4 0.4")}{Leg("0.4 -0.4")}{Leg("-0.4 -0.4")}
            </body>
            <body name="vive_tracker" pos="0 -0.35 0.25" mocap="true">
              <inertial pos="0 0 0" mass="0.064" diaginertia="1.70667e-05 1.70667e-05 1.70667e-05"/>
              <geom class="shown" type="cylinder" size="0.03 0.01"/>
            </body>
            <body name="forearm" pos="0 -0.7 0.2" euler="{turn}">
              <inertial pos="0.001 -0.002 0.29" quat="0.982037 -0.0160006 0 -0.188007" mass="4"
                diaginertia="0.01 0.01 0.0075"/>
              {string.Concat(arm.Select(Motion))}
              <geom class="hand" name="C_forearm1" type="capsule" size="0.05 0.033" pos="0 0 0.29"/>
              <body name="wrist" pos="0 0 0.396">
                <inertial pos="0.003 0 0.016" quat="0.504234 0.49623 0.49523 0.504234" mass="0.3"
                  diaginertia="0.001 0.001 0.001"/>
                <joint class="wrist" name="WRJ1" axis="0 1 0" range="-0.524 0.175"/>
                <geom class="hand" name="C_wrist" type="capsule" size="0.015 0.01" quat="1 1 0 0"/>
                <body name="palm" pos="0 0 0.034">
                  <inertial pos="0.006 0 0.036" quat="0.715833 0.0439898 0.0749825 0.692839" mass="0.3"
                    diaginertia="0.001 0.001 0.001"/>
                  <joint class="wrist" name="WRJ0" axis="1 0 0" range="-0.785 0.611"/>
                  <geom class="hand" name="C_palm0" type="box" size="0.032 0.0111 0.049" pos="0.011 0 0.038"/>
                  <geom class="hand" name="C_palm1" type="box" size="0.011 0.0111 0.025" pos="-0.032 0 0.014"/>
                  <site name="S_grasp" pos="0.007 -0.05 0.07"/>
                  {Finger("ff", "0.033 0 0.095", middle: "0.011")}
                  {Finger("mf", "0.011 0 0.099")}
                  {Finger("rf", "-0.011 0 0.095")}
                  <body name="lfmetacarpal" pos="-0.017 0 0.044">
                    <inertial pos="-0.014 0.001 0.014" quat="0.709167 -0.0920216 -0.0630148 0.696164" mass="0.075"
                      diaginertia="1e-5 1e-5 1e-5"/>
                    <joint name="LFJ4" axis="0.570977 0 0.820966" range="0 0.698"/>
                    <geom class="hand" name="C_lfmetacarpal" type="box" size="0.0095 0.0111 0.025"
                      pos="-0.0165 0 0.01"/>
                    {Finger("lf", "-0.017 0 0.044")}
                  </body>
                  {Thumb}
                </body>
              </body>
            </body>
            {things}
          </worldbody>
          <contact>{string.Concat(Touching.Split(',').Select(pair => pair.Trim().Split(' ')).Select(Contact))}</contact>
          <tendon>{string.Concat(Fingers.Select(finger => Coupling(finger.ToUpperInvariant())))}</tendon>
          <actuator>
            {string.Concat(arm.Select(Servo))}
            <general class="wrist" joint="WRJ1" ctrlrange="-0.524 0.175"/>
            <general class="wrist" joint="WRJ0" ctrlrange="-0.79 0.61"/>
            {Servos("FF")}{Servos("MF")}{Servos("RF")}
            <general joint="LFJ4" ctrlrange="0 0.7"/>{Servos("LF")}
            <general joint="THJ4" ctrlrange="-1 1"/><general joint="THJ3" ctrlrange="0 1.3"/>
            <general joint="THJ2" ctrlrange="-0.26 0.26"/>
            <general joint="THJ1" ctrlrange="-0.52 0.52"/><general joint="THJ0" ctrlrange="-1.571 0"/>
          </actuator>
          {more}
        </mujoco>
        """;

    static string Motion(ArmJoint joint) =>
        $"""<joint class="arm" name="{joint.Name}" type="{joint.Kind}" axis="{joint.Axis}" range="{joint.Range}"/>""";

    static string Servo(ArmJoint joint) =>
        $"""<general class="arm" joint="{joint.Name}" ctrlrange="{joint.Range}"/>""";

    static string Contact(string[] pair) => $"""<pair geom1="C_{pair[0]}" geom2="C_{pair[1]}" condim="1"/>""";

    /// <summary>Six joints that let a thing go anywhere: three for its place, three for its turn.</summary>
    internal static string Loose(string turning = "0") => string.Concat(
        from motion in new[] { ("T", "slide", "0"), ("R", "hinge", turning) }
        from axis in new[] { ("x", "1 0 0"), ("y", "0 1 0"), ("z", "0 0 1") }
        let name = $"OBJ{motion.Item1}{axis.Item1}"
        select $"""<joint class="loose" name="{name}" type="{motion.Item2}" axis="{axis.Item2}" """ +
            $"damping=\"{motion.Item3}\"/>");

    const string Thumb = """
        <body name="thbase" pos="0.034 -0.009 0.029" quat="0.923956 0 0.382499 0">
          <inertial pos="0 0 0" mass="0.01" diaginertia="1e-5 1e-5 1e-5"/>
          <joint name="THJ4" axis="0 0 -1" range="-1.047 1.047"/>
          <geom name="V_thbase" type="box" size="0.001 0.001 0.001"/>
          <body name="thproximal">
            <inertial pos="0 0 0.017" quat="0.981604 0 0.000999597 0.190923" mass="0.016" diaginertia="1e-5 1e-5 1e-5"/>
            <joint name="THJ3" axis="1 0 0" range="0 1.309"/>
            <geom class="hand" name="C_thproximal" type="capsule" size="0.013 0.019" pos="0 0 0.019"/>
            <body name="thhub" pos="0 0 0.038">
              <inertial pos="0 0 0" mass="0.002" diaginertia="1e-5 1e-5 1e-5"/>
              <joint name="THJ2" axis="1 0 0" range="-0.262 0.262"/>
              <geom name="V_thhub" type="box" size="0.001 0.001 0.001"/>
              <body name="thmiddle">
                <inertial pos="0 0 0.016" quat="0.999971 -0.000999971 -0.00699979 0.00299991" mass="0.016"
                  diaginertia="1e-5 1e-5 1e-5"/>
                <joint name="THJ1" axis="0 1 0" range="-0.524 0.524"/>
                <geom class="hand" name="C_thmiddle" type="capsule" size="0.011 0.016" pos="0 0 0.016"/>
                <body name="thdistal" pos="0 0 0.032">
                  <inertial pos="0 0 0.016" quat="0.99887 -0.00499935 -0.0469939 0.00499935" mass="0.016"
                    diaginertia="1e-5 1e-5 1e-5"/>
                  <joint name="THJ0" axis="0 1 0" range="-1.571 0"/>
                  <geom class="hand" name="C_thdistal" type="capsule" size="0.00918 0.013" pos="0 0 0.013" condim="4"/>
                </body>
              </body>
            </body>
          </body>
        </body>
        """;

    static string Leg(string place) =>
        $"""<geom class="shown" type="cylinder" size="0.04 0.5" pos="{place} -0.501" quat="0 1 0 0"/>""";

    static string Finger(string name, string place, string middle = "0.012") => $"""
        <body name="{name}knuckle" pos="{place}">
          <inertial pos="0 0 0" quat="0.520062 0.854102 0.00600072 -0.00300036" mass="0.008"
            diaginertia="1e-5 1e-5 1e-5"/>
          <joint class="spread" name="{name.ToUpperInvariant()}J3"/>
          <body name="{name}proximal">
            <inertial pos="0 0 0.023" quat="0.707095 -0.00400054 0.00400054 0.707095" mass="0.014"
              diaginertia="1e-5 1e-5 1e-5"/>
            <joint class="bend" name="{name.ToUpperInvariant()}J2"/>
            <geom class="hand" name="C_{name}proximal" type="capsule" size="0.01 0.0225" pos="0 0 0.0225"/>
            <body name="{name}middle" pos="0 0 0.045">
              <inertial pos="0 0 {middle}" quat="1 0 0 1" mass="0.012" diaginertia="1e-5 1e-5 1e-5"/>
              <joint class="bend" name="{name.ToUpperInvariant()}J1"/>
              <geom class="hand" name="C_{name}middle" type="capsule" size="0.00805 0.0125" pos="0 0 0.0125"/>
              <body name="{name}distal" pos="0 0 0.025">
                <inertial pos="0 0 0.015" quat="0.7071 -0.00300043 0.00300043 0.7071" mass="0.01"
                  diaginertia="1e-5 1e-5 1e-5"/>
                <joint class="bend" name="{name.ToUpperInvariant()}J0"/>
                <geom class="hand" name="C_{name}distal" type="capsule" size="0.00705 0.012" pos="0 0 0.012"
                  condim="4"/>
              </body>
            </body>
          </body>
        </body>
        """;

    // One tendon bends the last two joints together, 0.00705 of the one to 0.00805 of the other; play: a millimetre.
    static string Coupling(string finger) => $"""
        <fixed limited="true" range="-0.001 0.001"><joint joint="{finger}J0" coef="0.00705"/>
        <joint joint="{finger}J1" coef="-0.00805"/></fixed>
        """;

    static string Servos(string finger) => $"""
        <general class="spread" joint="{finger}J3"/><general class="bend" joint="{finger}J2"/>
        <general class="bend" joint="{finger}J1"/><general class="bend" joint="{finger}J0"/>
        """;

    /// <summary>Makes the physics steps with servos at shares of their ranges: −1 the minimum, 1 the maximum.</summary>
    internal static void Drive(MujocoSimulation simulation, ReadOnlySpan<double> action)
    {
        var ranges = simulation.Model.ControlRanges;
        var controls = simulation.Controls;
        for (var i = 0; i < action.Length; i++)
        {
            var (minimum, maximum) = (ranges[2 * i], ranges[2 * i + 1]);
            controls[i] = (minimum + maximum) / 2 + Math.Clamp(action[i], -1, 1) * (0.5 * (maximum - minimum));
        }
        simulation.Step(FrameSkip);
    }

    /// <summary>Starts at rest, with a uniform draw from each range as the memory.</summary>
    internal static void Start(IMujocoTask task, Seed seed, MujocoSimulation simulation, Span<double> memory,
        params ReadOnlySpan<(double Minimum, double Maximum)> ranges)
    {
        for (var i = 0; i < ranges.Length; i++)
            memory[i] = ranges[i].Minimum + (ranges[i].Maximum - ranges[i].Minimum) * seed.Unit((ulong)i);
        task.Furnish(simulation, memory);
        simulation.Forward();
    }

    /// <summary>|a − b|.</summary>
    internal static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
        return Math.Sqrt(sum);
    }

    /// <summary>Writes a − b.</summary>
    internal static void Difference(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> difference)
    {
        for (var i = 0; i < a.Length; i++) difference[i] = a[i] - b[i];
    }
}
