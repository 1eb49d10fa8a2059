namespace Iql.Environments.Mujoco;

/// <summary>D4RL's relocate: the hand takes a ball from the table and holds it at a place in the air. Observation [39]:
/// arm and hand joints, palm − ball, palm − target, ball − target; action [30].</summary>
/// <remarks>Rajeswaran et al. 2018, arXiv:1709.10087; code d4rl/hand_manipulation_suite/relocate_v0.py. Reward = −0.1
/// |palm − ball|; with the ball above z = 0.04, +1 − 0.5 |palm − target| − 0.5 |ball − target|; +10 [|ball − target|
/// &lt; 0.1] + 20 [&lt; 0.05]; never terminal. Palm and ball are of before the last physics step's integration. The
/// memory is x and y of the ball's body, and the target.</remarks>
public sealed class AdroitRelocate : IAdroitTask
{
    const int Ball = 28;

    /// <summary>Its model, one for all names.</summary>
    public static MujocoWorld World { get; } = new(new AdroitRelocate(), "relocate");

    public string Model { get; } = AdroitHand.Mjcf("relocate", "-1.57 0 3.14",
        [
            new("ARTx", "slide", "1 0 0", "-0.25 0.25"), new("ARTy", "slide", "0 1 0", "0 0.2"),
            new("ARTz", "slide", "0 0 1", "-0.3 0.5"), new("ARRx", "hinge", "1 0 0", "-0.75 0.75"),
            new("ARRy", "hinge", "0 1 0", "-0.75 0.75"), new("ARRz", "hinge", "0 0 1", "-0.75 0.75"),
        ],
        $"""
        <body name="Object" pos="0 0 0.035">
          <inertial pos="0 0 0" mass="0.179594" diaginertia="8.80012e-05 8.80012e-05 8.80012e-05"/>
          {AdroitHand.Loose()}
          <geom name="sphere" size="0.035" condim="4"/>
        </body>
        """);

    public int PositionCount => 36;
    public int ActionSize => 30;
    public int ObservationSize => 39;
    /// <summary>x and y of the ball's body, x, y and z of the target.</summary>
    public int MemorySize => 5;

    /// <summary>The ball within 0.1 of the target for more than 25 decisions; nothing else brings above 1.</summary>
    public SuccessRule Success => new(5, 25);

    /// <summary>The hand at rest; the ball on the table at x U(−0.15, 0.15), y U(−0.15, 0.3), the target at x and y
    /// U(−0.2, 0.2), z U(0.15, 0.35).</summary>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory) =>
        AdroitHand.Start(this, seed, simulation, memory,
            (-0.15, 0.15), (-0.15, 0.3), (-0.2, 0.2), (-0.2, 0.2), (0.15, 0.35));

    public void Furnish(MujocoSimulation simulation, ReadOnlySpan<double> memory) =>
        memory[..2].CopyTo(simulation.Model.BodyPlace(Ball));

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        AdroitHand.Drive(simulation, action);
        ReadOnlySpan<double> palm = simulation.SitePosition(AdroitHand.Palm),
            ball = simulation.BodyPosition(Ball), target = memory[2..];
        var away = AdroitHand.Distance(ball, target);
        var reward = -0.1 * AdroitHand.Distance(palm, ball);
        if (ball[2] > 0.04) reward += 1 - 0.5 * AdroitHand.Distance(palm, target) - 0.5 * away;
        if (away < 0.1) reward += 10;
        if (away < 0.05) reward += 20;
        return new(reward, false);
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        simulation.Positions[..30].CopyTo(observation);
        ReadOnlySpan<double> palm = simulation.SitePosition(AdroitHand.Palm),
            ball = simulation.BodyPosition(Ball), target = memory[2..];
        AdroitHand.Difference(palm, ball, observation[30..]);
        AdroitHand.Difference(palm, target, observation[33..]);
        AdroitHand.Difference(ball, target, observation[36..]);
    }

    public Picture Draw(MujocoEnvironment environment, double[] start, float[] observation) =>
        MujocoPicture.Hand(environment, start, state => environment.Memory(state)[2..].ToArray());
}
