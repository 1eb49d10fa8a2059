namespace Iql.Environments.Mujoco;

/// <summary>D4RL's hammer: the hand takes a hammer and drives a nail into a board. Observation [46]: arm and hand
/// joints and the nail's, the hammer's velocities clipped to ±1, palm, hammer, its Euler angles, nail, the force on it
/// clipped to ±1; action [26].</summary>
/// <remarks>Rajeswaran et al. 2018, arXiv:1709.10087; code d4rl/hand_manipulation_suite/hammer_v0.py. With n = |nail −
/// goal|, reward = −0.1 |palm − hammer| − |tool − nail| − 10 n − 0.01 |v| + 2 [hammer and tool above z = 0.04] + 25 [n
/// &lt; 0.02] + 75 [n &lt; 0.01]; never terminal. Places are of before the last physics step's integration. The memory
/// is the board's height.</remarks>
public sealed class AdroitHammer : IAdroitTask
{
    /// <summary>Maximum distance of a nail's head from its goal when driven in.</summary>
    public const double Driven = 0.01;

    const int Board = 28, Hammer = 30, Goal = 1, Nail = 2, Tool = 3;

    /// <summary>Its model, one for all names.</summary>
    public static MujocoWorld World { get; } = new(new AdroitHammer(), "hammer");

    public string Model { get; } = AdroitHand.Mjcf("hammer", "-1.57 0 3.14",
        [new("ARRx", "hinge", "1 0 0", "-0.4 0.25"), new("ARRy", "hinge", "0 1 0", "-0.3 0.3")],
        $"""
        <body name="nail_board" pos="0.05 0 0.185245" quat="0.583833 0.583368 -0.399421 -0.399104">
          <inertial pos="0 0 0" mass="0.512" diaginertia="0.00110933 0.00110933 0.00218453"/>
          <geom name="board" type="box" size="0.08 0.08 0.01" friction="1 0.005 0.0001" margin="0"/>
          <site name="nail_goal" pos="0 0 0.01"/>
          <body name="nail">
            <inertial pos="0 0 0.0775281" mass="0.0699004" diaginertia="8.23129e-05 8.23129e-05 2.51426e-05"/>
            <joint name="nail_dir" type="slide" axis="0 0 -1" range="-0.01 0.09" frictionloss="2.5"/>
            <geom type="cylinder" size="0.035 0.005" pos="0 0 0.1"/>
            <geom type="cylinder" size="0.01 0.05" pos="0 0 0.05"/>
            <site name="S_target" type="cylinder" pos="0 0 0.101" size="0.034 0.005"/>
          </body>
        </body>
        <body name="Object" pos="0 -0.2 0.035" quat="0.707388 0.706825 0 0">
          <inertial pos="-0.11025 0 0" quat="0.50001 0.49999 0.49999 0.50001" mass="0.253442"
            diaginertia="0.00349644 0.00345287 8.947e-05"/>
          {AdroitHand.Loose(turning: "0.1")}
          <geom name="handle" type="capsule" size="0.025 0.05" quat="0.707388 0 0.706825 0" condim="4"/>
          <geom name="neck" type="capsule" size="0.007 0.085" pos="-0.14 0 0" quat="0.707388 0 0.706825 0" condim="4"/>
          <geom name="head" type="cylinder" size="0.02 0.04" pos="-0.24 0 0" condim="4"/>
          <site name="tool" pos="-0.2 0 -0.04"/>
        </body>
        """,
        """
        <sensor><touch site="S_target"/></sensor>
        <contact><exclude body1="nail_board" body2="nail"/></contact>
        """);

    public int PositionCount => 33;
    public int ActionSize => 26;
    public int ObservationSize => 46;
    /// <summary>The board's height.</summary>
    public int MemorySize => 1;
    /// <summary>The nail in for more than 25 decisions; nothing else brings more than 27.</summary>
    public SuccessRule Success => new(50, 25);

    /// <summary>Everything at rest, the board at z U(0.1, 0.25).</summary>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory) =>
        AdroitHand.Start(this, seed, simulation, memory, (0.1, 0.25));

    public void Furnish(MujocoSimulation simulation, ReadOnlySpan<double> memory) =>
        simulation.Model.BodyPlace(Board)[2] = memory[0];

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        AdroitHand.Drive(simulation, action);
        ReadOnlySpan<double> palm = simulation.SitePosition(AdroitHand.Palm), hammer = simulation.BodyPosition(Hammer),
            tool = simulation.SitePosition(Tool), nail = simulation.SitePosition(Nail);
        var speed = 0.0;
        foreach (var velocity in simulation.Velocities) speed += velocity * velocity;
        var left = AdroitHand.Distance(nail, simulation.SitePosition(Goal));
        var reward = -0.1 * AdroitHand.Distance(palm, hammer) - AdroitHand.Distance(tool, nail)
            - 10 * left - 0.01 * Math.Sqrt(speed);
        if (hammer[2] > 0.04 && tool[2] > 0.04) reward += 2;
        if (left < 0.02) reward += 25;
        if (left < Driven) reward += 75;
        return new(reward, false);
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        simulation.Positions[..27].CopyTo(observation);
        for (var i = 0; i < 6; i++) observation[27 + i] = Math.Clamp(simulation.Velocities[27 + i], -1, 1);
        simulation.SitePosition(AdroitHand.Palm).CopyTo(observation[33..]);
        simulation.BodyPosition(Hammer).CopyTo(observation[36..]);
        Angles(simulation.BodyOrientation(Hammer), observation[39..]);
        simulation.SitePosition(Nail).CopyTo(observation[42..]);
        observation[45] = Math.Clamp(simulation.Sensors[0], -1, 1);
    }

    // D4RL's quat2euler: angles about x, y and z in turn.
    static void Angles(ReadOnlySpan<double> quaternion, Span<double> angles)
    {
        var (w, x, y, z) = (quaternion[0], quaternion[1], quaternion[2], quaternion[3]);
        var (m02, m12, m22) = (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y));
        var across = Math.Sqrt(m22 * m22 + m12 * m12);
        var locked = across <= 8.881784197001252e-16; // 4 units in the last place of 1
        angles[0] = locked ? 0 : -Math.Atan2(m12, m22);
        angles[1] = -Math.Atan2(-m02, across);
        angles[2] = locked
            ? -Math.Atan2(-2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
            : -Math.Atan2(2 * (x * y - w * z), 1 - 2 * (y * y + z * z));
    }
}
