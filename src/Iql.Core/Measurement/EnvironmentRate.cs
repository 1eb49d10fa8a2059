using System.Diagnostics;
using System.Runtime.InteropServices;
using Iql.Environments.Mujoco;

namespace Iql.Measurement;

/// <summary>
/// A fixed piece of work for an environment on MuJoCo: episodes from recorded starts through recorded actions, ends ignored, so that
/// another program can do exactly the same.
/// </summary>
/// <param name="environment">Whose steps are timed.</param>
/// <param name="episodes">Episodes, at least 1.</param>
/// <param name="decisions">Decisions in each, at least 1.</param>
public sealed class EnvironmentRate(MujocoEnvironment environment, int episodes, int decisions)
{
    readonly Seed seed = Seed.Named("environment rate");

    /// <summary>Decisions in all.</summary>
    public int Decisions => episodes * decisions;

    /// <summary>The work as doubles: per episode positions, velocities, the solver's warm start and the controls of each decision.</summary>
    public byte[] Work()
    {
        var task = environment.World.Task;
        var work = new List<double>();
        var (state, observation, action) = Buffers();
        for (var e = 0; e < episodes; e++)
        {
            environment.Reset(seed.Split((ulong)e), state, observation);
            work.AddRange(state.AsSpan(0, task.PositionCount + 2 * task.VelocityCount));
            for (var t = 0; t < decisions; t++)
            {
                Draw(e, t, action);
                foreach (var number in action) work.Add(number);
            }
        }
        return MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(work)).ToArray();
    }

    /// <summary>Does the work once.</summary>
    /// <returns>Nanoseconds, and FNV-1a-64 of the positions and velocities at the end of each episode.</returns>
    public (long Nanoseconds, ulong Fingerprint) Run()
    {
        var (state, observation, _) = Buffers();
        var actions = new float[Decisions * environment.ActionSize];
        for (var i = 0; i < Decisions; i++) Draw(i / decisions, i % decisions, actions.AsSpan(i * environment.ActionSize, environment.ActionSize));
        var task = environment.World.Task;
        var hash = 14695981039346656037UL;
        environment.Reset(seed, state, observation); // compiles the model, outside the time
        var start = Stopwatch.GetTimestamp();
        for (var (e, next) = (0, 0); e < episodes; e++)
        {
            environment.Reset(seed.Split((ulong)e), state, observation);
            for (var t = 0; t < decisions; t++, next += environment.ActionSize)
                environment.Step(state, actions.AsSpan(next, environment.ActionSize), observation);
            foreach (var b in MemoryMarshal.AsBytes(state.AsSpan(0, task.PositionCount + task.VelocityCount))) hash = (hash ^ b) * 1099511628211UL;
        }
        return ((long)Stopwatch.GetElapsedTime(start).TotalNanoseconds, hash);
    }

    (double[] State, float[] Observation, float[] Action) Buffers() =>
        (new double[environment.StateSize], new float[environment.ObservationSize], new float[environment.ActionSize]);

    void Draw(int episode, int decision, Span<float> action)
    {
        var draws = seed.Split((ulong)episode).Split("actions");
        for (var i = 0; i < action.Length; i++) action[i] = (float)draws.Uniform((ulong)(decision * action.Length + i), 1);
    }
}
