using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Iql.Execution;

namespace Iql.Environments;

/// <summary>A policy: an action for each row.</summary>
/// <param name="observations"><c>[rows, S]</c>, row-major.</param>
/// <param name="actions">Written, [rows, A], row-major.</param>
public delegate void PolicyRows(ReadOnlySpan<float> observations, int rows, Span<float> actions);

/// <summary>A policy with memory: it gets the rows' episodes and the last rewards.</summary>
/// <param name="episodes"><c>[rows]</c>: numbers of the running episodes, ascending.</param>
/// <param name="observations"><c>[rows, S]</c>, row-major.</param>
/// <param name="rewards"><c>[rows]</c>: raw reward of the decision before; 0 at first.</param>
/// <param name="actions">Written, [rows, A], row-major.</param>
public delegate void PolicyEpisodes(
    ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, ReadOnlySpan<float> rewards, Span<float> actions);

/// <summary>The result of an episode.</summary>
/// <param name="Return">Undiscounted sum of raw rewards.</param>
/// <param name="Terminal">Whether it ended for good, not at the time limit.</param>
/// <param name="Success">Whether it is a success by the environment's <see cref="SuccessRule"/>.</param>
/// <param name="Observations"><c>[Length + 1, S]</c> row-major, for drawing; empty unless asked for.</param>
public sealed record EpisodeResult(
    double Return, int Length, bool Terminal, bool Success, ImmutableArray<float> Observations);

/// <summary>Episodes of a policy, all at once: one call serves the rows of every running episode.</summary>
public static class Rollout
{
    /// <summary>Runs episodes until each is terminal or reaches the time limit.</summary>
    /// <param name="seed">Episode e starts from seed.Split(e), whatever runs beside it.</param>
    /// <param name="policy">Called with the rows of the running episodes in order. A policy that treats its rows alike
    /// gives the same episodes however many run together.</param>
    /// <param name="workers">Threads that share slow steps (<see cref="IEnvironment.StepsAreSlow"/>), or null.</param>
    public static ImmutableArray<EpisodeResult> Run(
        IEnvironment environment, int episodes, Seed seed, PolicyRows policy, bool trajectories = false,
        IWorkers? workers = null) =>
        RunEpisodes(environment, episodes, seed, (running, observations, _, actions) =>
            policy(observations, running.Length, actions), trajectories, workers);

    /// <summary>The same with a policy that has a memory.</summary>
    public static ImmutableArray<EpisodeResult> RunEpisodes(
        IEnvironment environment, int episodes, Seed seed, PolicyEpisodes policy, bool trajectories = false,
        IWorkers? workers = null)
    {
        Check.AtLeast(episodes, 1, nameof(episodes));
        var (stateSize, actionSize) = (environment.StateSize, environment.ActionSize);
        var observationSize = environment.ObservationSize;
        var states = new double[episodes * stateSize];
        var (observations, actions) = (new float[episodes * observationSize], new float[episodes * actionSize]);
        var rewards = new float[episodes];
        var running = Enumerable.Range(0, episodes).ToArray();
        var results = new EpisodeResult[episodes];
        var returns = new double[episodes];
        var (successReward, successDecisions) = environment.Success;
        var rewarded = new int[episodes];
        var kept = new List<float>[trajectories ? episodes : 0];
        var outcomes = new StepResult[episodes];
        var (rows, next) = (episodes, 0);
        ExceptionDispatchInfo? failure = null;
        Action<int> share = Share;
        var shared = workers is { Count: > 1 } && environment.StepsAreSlow;

        for (var e = 0; e < episodes; e++)
        {
            environment.Reset(seed.Split((ulong)e), State(e), Observation(e));
            if (trajectories) kept[e] = [.. Observation(e)];
        }
        for (var length = 1; rows > 0; length++)
        {
            policy(running.AsSpan(0, rows), observations.AsSpan(0, rows * observationSize),
                rewards.AsSpan(0, rows), actions.AsSpan(0, rows * actionSize));
            next = 0;
            if (shared && rows > 1) workers!.Run(share);
            else Share(0);
            failure?.Throw();
            var still = 0;
            for (var row = 0; row < rows; row++)
            {
                var e = running[row];
                var (reward, terminal, truncated) = outcomes[row];
                var observation = Observation(row);
                returns[e] += reward;
                if (reward > successReward) rewarded[e]++;
                if (trajectories) kept[e].AddRange(observation);
                if (terminal || truncated || length >= environment.TimeLimit)
                    results[e] = new(returns[e], length, terminal, rewarded[e] > successDecisions,
                        trajectories ? [.. kept[e]] : []);
                else
                {
                    // Rows close up as episodes end; writes never overtake reads.
                    if (still < row) observation.CopyTo(Observation(still));
                    (running[still], rewards[still++]) = (e, reward);
                }
            }
            rows = still;
        }
        return [.. results];

        // A worker takes rows until none are left. A team's work must not throw.
        void Share(int _)
        {
            try
            {
                for (int row; (row = Interlocked.Increment(ref next) - 1) < rows;)
                    outcomes[row] = environment.Step(
                        State(running[row]), actions.AsSpan(row * actionSize, actionSize), Observation(row));
            }
            catch (Exception thrown) { failure = ExceptionDispatchInfo.Capture(thrown); }
        }

        Span<double> State(int e) => states.AsSpan(e * stateSize, stateSize);
        Span<float> Observation(int row) => observations.AsSpan(row * observationSize, observationSize);
    }
}
