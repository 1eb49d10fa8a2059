namespace Iql.Environments.Mujoco;

/// <summary>Whether a robot may go on from positions and velocities.</summary>
public delegate bool Healthy(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities);

/// <summary>The four robots of gym's MuJoCo tasks. Reward = Δx/Δt + <see cref="HealthyReward"/> −
/// <see cref="ControlCost"/> |a|², terminal when not <see cref="Healthy"/>.</summary>
/// <remarks>MuJoCo clamps actions to ±1; the reward counts them unclamped. An episode starts at the initial positions
/// plus U(−n, n), with velocities U(−n, n) or 0.1 N(0, 1). An observation has all positions but the first
/// <see cref="Hidden"/>, the velocities, clipped to ±<see cref="VelocityLimit"/>, and <see cref="Padding"/> zeros.
/// Source: gym 0.26, envs/mujoco (hopper_v4, half_cheetah_v4, walker2d_v4, ant_v4).</remarks>
/// <param name="ControlCost">Weight of |a|².</param>
/// <param name="StartNoise">n, bound of the noise on initial positions.</param>
public sealed record Locomotion(string Model, int PositionCount, int VelocityCount, int ActionSize, int FrameSkip,
    double ControlCost, double StartNoise) : IMujocoTask
{
    /// <summary>Leading positions outside the observation: the way covered.</summary>
    public int Hidden { get; init; } = 1;
    /// <summary>Zeros at the observation's end: for the ant 84, as D4RL's contact forces.</summary>
    public int Padding { get; init; }
    /// <summary>Bound of the velocities in an observation.</summary>
    public double VelocityLimit { get; init; } = double.PositiveInfinity;
    /// <summary>Reward of every decision.</summary>
    public double HealthyReward { get; init; } = 1;
    /// <summary>Whether initial velocities are 0.1 N(0, 1); else U(−n, n).</summary>
    public bool NormalVelocities { get; init; }
    /// <summary>The body whose x counts, of before the last step's integration. −1: the first position.</summary>
    public int TrackedBody { get; init; } = -1;
    /// <summary>Whether the episode may go on.</summary>
    public Healthy Healthy { get; init; } = static (_, _) => true;
    public int ObservationSize => PositionCount - Hidden + VelocityCount + Padding;
    /// <summary>The tracked body's x, which does not follow from the positions.</summary>
    public int MemorySize => TrackedBody < 0 ? 0 : 1;

    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory)
    {
        Span<double> positions = simulation.Positions, velocities = simulation.Velocities;
        for (var i = 0; i < positions.Length; i++) positions[i] += seed.Uniform((ulong)i, StartNoise);
        var draws = seed.Split("velocities");
        for (var i = 0; i < velocities.Length; i++)
            velocities[i] = NormalVelocities ? 0.1 * draws.Normal((ulong)i) : draws.Uniform((ulong)i, StartNoise);
        simulation.Forward();
        if (TrackedBody >= 0) memory[0] = simulation.BodyPosition(TrackedBody)[0];
    }

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        var before = TrackedBody < 0 ? simulation.Positions[0] : memory[0];
        action.CopyTo(simulation.Controls);
        simulation.Step(FrameSkip);
        var after = TrackedBody < 0 ? simulation.Positions[0] : memory[0] = simulation.BodyPosition(TrackedBody)[0];
        var effort = 0.0;
        foreach (var a in action) effort += a * a;
        return new((after - before) / (simulation.Model.TimeStep * FrameSkip) + HealthyReward - ControlCost * effort,
            !Healthy(simulation.Positions, simulation.Velocities));
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        var positions = simulation.Positions[Hidden..];
        positions.CopyTo(observation);
        var velocities = observation.Slice(positions.Length, VelocityCount);
        for (var i = 0; i < velocities.Length; i++)
            velocities[i] = Math.Clamp(simulation.Velocities[i], -VelocityLimit, VelocityLimit);
        observation[(positions.Length + VelocityCount)..].Clear();
    }

    /// <summary>From above for a robot that turns, with a tracked body; else from the side.</summary>
    public Picture Draw(MujocoEnvironment environment, double[] start, float[] observation) =>
        TrackedBody < 0 ? MujocoPicture.Beside(environment) : MujocoPicture.Above(environment);
}
