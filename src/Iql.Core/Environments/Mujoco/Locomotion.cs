namespace Iql.Environments.Mujoco;

/// <summary>Whether a robot may go on from positions and velocities.</summary>
public delegate bool Healthy(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities);

/// <summary>
/// Running ahead: reward = Δx/Δt + <see cref="HealthyReward"/> − <see cref="ControlCost"/> |a|², terminal when not
/// <see cref="Healthy"/>. The four robots of gym's MuJoCo tasks, whose versions 2, 3 and 4 agree in what follows.
/// </summary>
/// <remarks>
/// Actions go to the motors as they come; MuJoCo clamps them to ±1 and the reward counts them as given. An episode starts at the model's
/// initial positions plus U(−n, n) each, with velocities U(−n, n) or 0.1 N(0, 1). Observations are all positions but the first
/// <see cref="Hidden"/>, then the velocities, clipped to ±<see cref="VelocityLimit"/>, then <see cref="Padding"/> zeros.
/// Source: gym 0.26, envs/mujoco (hopper_v4, half_cheetah_v4, walker2d_v4, ant_v4).
/// </remarks>
public sealed record Locomotion : IMujocoTask
{
    /// <inheritdoc/>
    public required string Model { get; init; }

    /// <inheritdoc/>
    public required int PositionCount { get; init; }

    /// <inheritdoc/>
    public required int VelocityCount { get; init; }

    /// <inheritdoc/>
    public required int ActionSize { get; init; }

    /// <inheritdoc/>
    public required int FrameSkip { get; init; }

    /// <summary>Leading positions that are not seen: where the robot is along its way.</summary>
    public int Hidden { get; init; } = 1;

    /// <summary>Zeros after what is seen; for the ant 84 where D4RL's data have contact forces, which were never there.</summary>
    public int Padding { get; init; }

    /// <summary>Velocities are seen clipped to ± this.</summary>
    public double VelocityLimit { get; init; } = double.PositiveInfinity;

    /// <summary>Reward for every decision.</summary>
    public double HealthyReward { get; init; } = 1;

    /// <summary>Weight of |a|².</summary>
    public required double ControlCost { get; init; }

    /// <summary>n, bound of the noise on initial positions.</summary>
    public required double StartNoise { get; init; }

    /// <summary>Whether initial velocities are 0.1 N(0, 1); else U(−n, n).</summary>
    public bool NormalVelocities { get; init; }

    /// <summary>
    /// The body whose x counts, as MuJoCo last worked it out: before the last physics step's integration. −1: x is the first position.
    /// </summary>
    public int TrackedBody { get; init; } = -1;

    /// <summary>Whether the episode may go on.</summary>
    public Healthy Healthy { get; init; } = static (_, _) => true;

    /// <inheritdoc/>
    public int ObservationSize => PositionCount - Hidden + VelocityCount + Padding;

    /// <summary>The tracked body's x, which does not follow from the positions.</summary>
    public int MemorySize => TrackedBody < 0 ? 0 : 1;

    /// <inheritdoc/>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory)
    {
        Span<double> positions = simulation.Positions, velocities = simulation.Velocities;
        for (var i = 0; i < positions.Length; i++) positions[i] += seed.Uniform((ulong)i, StartNoise);
        var draws = seed.Split("velocities");
        for (var i = 0; i < velocities.Length; i++) velocities[i] = NormalVelocities ? 0.1 * draws.Normal((ulong)i) : draws.Uniform((ulong)i, StartNoise);
        simulation.Forward();
        if (TrackedBody >= 0) memory[0] = simulation.BodyPosition(TrackedBody)[0];
    }

    /// <inheritdoc/>
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

    /// <inheritdoc/>
    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        var seen = simulation.Positions[Hidden..];
        seen.CopyTo(observation);
        var velocities = observation.Slice(seen.Length, VelocityCount);
        for (var i = 0; i < velocities.Length; i++) velocities[i] = Math.Clamp(simulation.Velocities[i], -VelocityLimit, VelocityLimit);
        observation[(seen.Length + VelocityCount)..].Clear();
    }

    /// <summary>From above where a body is tracked, which turns; else from the side.</summary>
    public Picture Draw(MujocoEnvironment environment, double[] start, float[] observation) =>
        TrackedBody < 0 ? MujocoPicture.Beside(environment) : MujocoPicture.Above(environment);
}
