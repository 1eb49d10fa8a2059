namespace Iql.Environments.Mujoco;

/// <summary>D4RL's pen: a fixed hand turns a pen between its fingers into a direction. Observation [45]: the hand's
/// joints, the pen's place, velocities and direction, the wanted direction, both differences; action [24].</summary>
/// <remarks>Rajeswaran et al. 2018, arXiv:1709.10087; code d4rl/hand_manipulation_suite/pen_v0.py. With d the distance
/// from the place over the palm and c the cosine between the directions, reward = −d + c + 10 [d &lt; 0.075, c > 0.9] +
/// 50 [d &lt; 0.075, c > 0.95]; below z = 0.075 the pen has fallen: −5, terminal. Place and directions are of before
/// the last physics step's integration. The memory is the target's quaternion.</remarks>
public sealed class AdroitPen : IAdroitTask
{
    const int Pen = 28, Target = 29, Ball = 0, ObjectTop = 2, ObjectBottom = 3, TargetTop = 4, TargetBottom = 5;
    const double Length = 0.13;

    /// <summary>Its model, one for all names.</summary>
    public static MujocoWorld World { get; } = new(new AdroitPen(), "pen");

    public string Model { get; } = AdroitHand.Mjcf("pen", "-1.57 0 0", [], $"""
        <site name="eps_ball" pos="0 -0.2 0.25" size="0.075"/>
        <body name="Object" pos="0 -0.2 0.25" euler="0 1.57 0">
          {AdroitHand.Loose()}
          {Shapes("object", "pen", "", "density=\"1500\"")}
        </body>
        <body name="target" pos="0.2 -0.2 0.25">
          {Shapes("target", "target", "t_")}
        </body>
        """);

    public int PositionCount => 30;
    public int ActionSize => 24;
    public int ObservationSize => 45;
    /// <summary>The target's quaternion.</summary>
    public int MemorySize => 4;

    /// <summary>More than 20 decisions within 0.075 and a cosine of 0.95; nothing else brings over 11.</summary>
    public SuccessRule Success => new(30, 20);

    /// <summary>Hand and pen at rest; the target turned by U(−1, 1) about x, then U(−1, 1) about its own y.</summary>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory)
    {
        // D4RL's euler2quat of angles (a, b, 0).
        var (x, y) = (seed.Uniform(0, 1) / 2, seed.Uniform(1, 1) / 2);
        memory[0] = Math.Cos(x) * Math.Cos(y);
        memory[1] = Math.Sin(x) * Math.Cos(y);
        memory[2] = Math.Cos(x) * Math.Sin(y);
        memory[3] = Math.Sin(x) * Math.Sin(y);
        Furnish(simulation, memory);
        simulation.Forward();
    }

    public void Furnish(MujocoSimulation simulation, ReadOnlySpan<double> memory) =>
        memory.CopyTo(simulation.Model.BodyTurn(Target));

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        AdroitHand.Drive(simulation, action);
        var place = simulation.BodyPosition(Pen);
        Span<double> points = stackalloc double[3], wanted = stackalloc double[3];
        Direction(simulation, ObjectTop, ObjectBottom, points);
        Direction(simulation, TargetTop, TargetBottom, wanted);
        var distance = AdroitHand.Distance(place, simulation.SitePosition(Ball));
        var cosine = points[0] * wanted[0] + points[1] * wanted[1] + points[2] * wanted[2];
        var reward = cosine - distance;
        if (distance < 0.075 && cosine > 0.9) reward += 10;
        if (distance < 0.075 && cosine > 0.95) reward += 50;
        var fallen = place[2] < 0.075;
        return new(fallen ? reward - 5 : reward, fallen);
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        simulation.Positions[..24].CopyTo(observation);
        var place = simulation.BodyPosition(Pen);
        place.CopyTo(observation[24..]);
        simulation.Velocities[24..].CopyTo(observation[27..]);
        Span<double> points = observation.Slice(33, 3), wanted = observation.Slice(36, 3);
        Direction(simulation, ObjectTop, ObjectBottom, points);
        Direction(simulation, TargetTop, TargetBottom, wanted);
        AdroitHand.Difference(place, simulation.SitePosition(Ball), observation[39..]);
        AdroitHand.Difference(points, wanted, observation[42..]);
    }

    static void Direction(MujocoSimulation simulation, int top, int bottom, Span<double> direction)
    {
        AdroitHand.Difference(simulation.SitePosition(top), simulation.SitePosition(bottom), direction);
        foreach (ref var part in direction) part /= Length;
    }

    // A pen and its two ends.
    static string Shapes(string of, string name, string prefix, string more = "") => $"""
        <geom name="{name}" type="cylinder" size="0.015 0.065" condim="4" {more}/>
        <geom class="shown" name="{prefix}top" type="cylinder" size="0.017 0.02" condim="4" pos="0 0 -0.0455"/>
        <geom class="shown" name="{prefix}bot" type="cylinder" size="0.013 0.002" pos="0 0 0.067"/>
        <geom class="shown" name="{prefix}cli" type="box" size="0.004 0.006 0.03" pos="-0.015 0 -0.0255"/>
        <site name="{of}_top" pos="0 0 0.065"/><site name="{of}_bottom" pos="0 0 -0.065"/>
        """;
}
