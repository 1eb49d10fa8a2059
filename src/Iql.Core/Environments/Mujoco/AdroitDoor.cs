namespace Iql.Environments.Mujoco;

/// <summary>D4RL's door: the hand turns the latch and pulls the door open. Observation [39]: the hand's joints without
/// the arm's slide, latch, hinge, palm, handle, palm − handle, ±1 for open or shut; action [28].</summary>
/// <remarks>Rajeswaran et al. 2018, arXiv:1709.10087; code d4rl/hand_manipulation_suite/door_v0.py. With h the hinge
/// after the decision, reward = −0.1 |palm − handle| − 0.1 (h − 1.57)² − 10⁻⁵ |v|² + 2 [h > 0.2] + 8 [h > 1] + 10 [h >
/// 1.35]; never terminal. Palm and handle are of before the last physics step's integration. The memory is the frame's
/// place, which differs by episode.</remarks>
public sealed class AdroitDoor : IAdroitTask
{
    /// <summary>Angle of the hinge from which the door counts as open.</summary>
    public const double Open = 1.35;
    /// <summary>Its model, one for all names.</summary>
    public static MujocoWorld World { get; } = new(new AdroitDoor(), "door");

    const int Frame = 28, Handle = 1;

    public string Model { get; } = AdroitHand.Mjcf("door", "-1.57 0 3.14",
        [
            new("ARTz", "slide", "0 0 1", "-0.3 0.5"), new("ARRx", "hinge", "1 0 0", "-0.75 0.75"),
            new("ARRy", "hinge", "0 1 0", "-0.75 0.75"), new("ARRz", "hinge", "0 0 1", "-1 2"),
        ],
        """
        <body name="frame" pos="-0.107339 0.0435293 0.447376">
          <inertial pos="0.29 0 0" quat="0.5 0.5 0.5 0.5" mass="7.85398" diaginertia="0.923301 0.764585 0.168533"/>
          <geom type="cylinder" size="0.05 0.25" pos="0.6 0 0"/>
          <geom type="cylinder" size="0.05 0.25" pos="-0.02 0 0"/>
          <body name="door" pos="0.29 0 0">
            <inertial pos="0.0296816 -0.00152345 0" quat="0.701072 0 0 0.713091" mass="2.43455"
              diaginertia="0.0913751 0.0521615 0.043714"/>
            <joint name="door_hinge" pos="0.31 0 0" axis="0 0 1" range="0 1.57" damping="1" frictionloss="2"/>
            <geom type="box" size="0.2 0.05 0.25" friction="1 1 1"/>
            <geom type="cylinder" size="0.05 0.25" pos="0.2 0 0"/>
            <geom type="cylinder" size="0.05 0.25" pos="-0.2 0 0"/>
            <body name="latch" pos="-0.15 0 -0.025">
              <inertial pos="-0.017762 0.0138544 0" quat="0.365653 0.605347 -0.36522 0.605365" mass="3.53743"
                diaginertia="0.0483771 0.0410001 0.0111013"/>
              <joint name="latch" axis="0 1 0" range="0 1.8" frictionloss="5"/>
              <geom type="cylinder" size="0.05 0.15" quat="0.707388 0.706825 0 0"/>
              <geom type="capsule" size="0.02 0.1" pos="0.1 -0.15 0" quat="0.707388 0 0.706825 0"/>
              <geom type="capsule" size="0.04 0.07" pos="-0.1 0.1 0" quat="0.707388 0 0.706825 0"/>
              <site name="S_handle" pos="0.15 -0.15 0"/>
            </body>
          </body>
        </body>
        """);

    public int PositionCount => 30;
    public int ActionSize => 28;
    public int ObservationSize => 39;
    /// <summary>The frame's place.</summary>
    public int MemorySize => 3;
    /// <summary>The door open for more than 25 decisions; nothing else brings more than 10.</summary>
    public SuccessRule Success => new(15, 25);

    /// <summary>Hand at rest, door shut; its frame at x U(−0.3, −0.2), y U(0.25, 0.35), z U(0.252, 0.35).</summary>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory) =>
        AdroitHand.Start(this, seed, simulation, memory, (-0.3, -0.2), (0.25, 0.35), (0.252, 0.35));

    public void Furnish(MujocoSimulation simulation, ReadOnlySpan<double> memory) =>
        memory.CopyTo(simulation.Model.BodyPlace(Frame));

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        AdroitHand.Drive(simulation, action);
        var hinge = simulation.Positions[28];
        var effort = 0.0;
        foreach (var velocity in simulation.Velocities) effort += velocity * velocity;
        var away = AdroitHand.Distance(simulation.SitePosition(AdroitHand.Palm), simulation.SitePosition(Handle));
        var reward = -0.1 * away - 0.1 * (hinge - 1.57) * (hinge - 1.57) - 1e-5 * effort;
        if (hinge > 0.2) reward += 2;
        if (hinge > 1) reward += 8;
        if (hinge > Open) reward += 10;
        return new(reward, false);
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        var positions = simulation.Positions;
        positions[1..28].CopyTo(observation);
        (observation[27], observation[28]) = (positions[29], positions[28]);
        ReadOnlySpan<double> palm = simulation.SitePosition(AdroitHand.Palm), handle = simulation.SitePosition(Handle);
        palm.CopyTo(observation[29..]);
        handle.CopyTo(observation[32..]);
        AdroitHand.Difference(palm, handle, observation[35..]);
        observation[38] = positions[28] > 1 ? 1 : -1;
    }
}
