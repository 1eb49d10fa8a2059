using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Iql.Execution;

namespace Iql.Environments;

/// <summary>What a policy does: an action for each row.</summary>
/// <param name="observations">[rows, S], row-major.</param>
/// <param name="rows">Number of rows.</param>
/// <param name="actions">Written, [rows, A], row-major.</param>
public delegate void PolicyRows(ReadOnlySpan<float> observations, int rows, Span<float> actions);

/// <summary>The same for a policy that remembers: it hears which episodes the rows belong to, and what each decision brought.</summary>
/// <param name="episodes">[rows]: numbers of the episodes that still run, ascending.</param>
/// <param name="observations">[rows, S], row-major.</param>
/// <param name="rewards">[rows]: raw reward of each row's decision before; 0 at the first.</param>
/// <param name="actions">Written, [rows, A], row-major.</param>
public delegate void PolicyEpisodes(ReadOnlySpan<int> episodes, ReadOnlySpan<float> observations, ReadOnlySpan<float> rewards, Span<float> actions);

/// <summary>How one episode went.</summary>
/// <param name="Return">Undiscounted sum of raw rewards.</param>
/// <param name="Length">Decisions made.</param>
/// <param name="Terminal">Whether it ended for good; else the time limit cut it.</param>
/// <param name="Success">Whether it is a success by the environment's <see cref="SuccessRule"/>: for sparse tasks, whether the goal was reached.</param>
/// <param name="Observations">[Length + 1, S] row-major, for drawing; empty unless asked for.</param>
public sealed record EpisodeResult(double Return, int Length, bool Terminal, bool Success, ImmutableArray<float> Observations);

/// <summary>Episodes of a policy, all at once: one call of the policy serves the rows of every episode that still runs.</summary>
public static class Rollout
{
    /// <summary>Runs episodes until each is terminal or reaches the time limit.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="episodes">E, at least 1.</param>
    /// <param name="seed">Episode e starts from seed.Split(e), whatever runs beside it.</param>
    /// <param name="policy">
    /// Called with the rows of the episodes that still run, in order of their number: E first, fewer later. A policy that
    /// treats its rows alike gives the same episodes however many run together.
    /// </param>
    /// <param name="trajectories">Whether to keep what was seen.</param>
    /// <param name="team">Threads that share slow steps (<see cref="IEnvironment.StepsAreSlow"/>); null is the caller alone. The results do not depend on it.</param>
    /// <returns>E results, in order.</returns>
    public static ImmutableArray<EpisodeResult> Run(
        IEnvironment environment, int episodes, Seed seed, PolicyRows policy, bool trajectories = false, WorkerTeam? team = null) =>
        RunEpisodes(environment, episodes, seed, (running, observations, _, actions) => policy(observations, running.Length, actions), trajectories, team);

    /// <summary>The same with a policy that is told which episodes its rows belong to, so that it can remember what it saw in each.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="episodes">E, at least 1.</param>
    /// <param name="seed">Episode e starts from seed.Split(e), whatever runs beside it.</param>
    /// <param name="policy">Called once a decision, with the episodes that still run.</param>
    /// <param name="trajectories">Whether to keep what was seen.</param>
    /// <param name="team">As above.</param>
    /// <returns>E results, in order.</returns>
    public static ImmutableArray<EpisodeResult> RunEpisodes(
        IEnvironment environment, int episodes, Seed seed, PolicyEpisodes policy, bool trajectories = false, WorkerTeam? team = null)
    {
        Check.AtLeast(episodes, 1, nameof(episodes));
        var (stateSize, observationSize, actionSize) = (environment.StateSize, environment.ObservationSize, environment.ActionSize);
        var states = new double[episodes * stateSize];
        var (observations, actions) = (new float[episodes * observationSize], new float[episodes * actionSize]);
        var rewards = new float[episodes];
        var running = Enumerable.Range(0, episodes).ToArray();
        var results = new EpisodeResult[episodes];
        var returns = new double[episodes];
        var (successReward, successDecisions) = environment.Success;
        var rewarded = new int[episodes];
        var seen = new List<float>[trajectories ? episodes : 0];
        var outcomes = new StepResult[episodes];
        var (rows, next) = (episodes, 0);
        ExceptionDispatchInfo? failure = null;
        Action<int> share = Share;
        var shared = team is { Count: > 1 } && environment.StepsAreSlow;

        for (var e = 0; e < episodes; e++)
        {
            environment.Reset(seed.Split((ulong)e), State(e), Observation(e));
            if (trajectories) seen[e] = [.. Observation(e)];
        }
        for (var length = 1; rows > 0; length++)
        {
            policy(running.AsSpan(0, rows), observations.AsSpan(0, rows * observationSize), rewards.AsSpan(0, rows), actions.AsSpan(0, rows * actionSize));
            next = 0;
            if (shared && rows > 1) team!.Run(share);
            else Share(0);
            failure?.Throw();
            var kept = 0;
            for (var row = 0; row < rows; row++)
            {
                var e = running[row];
                var (reward, terminal) = outcomes[row];
                var observation = Observation(row);
                returns[e] += reward;
                if (reward > successReward) rewarded[e]++;
                if (trajectories) seen[e].AddRange(observation);
                if (terminal || length >= environment.TimeLimit)
                    results[e] = new(returns[e], length, terminal, rewarded[e] > successDecisions, trajectories ? [.. seen[e]] : []);
                else
                {
                    // Rows close up as episodes end: what is written never overtakes what is read.
                    if (kept < row) observation.CopyTo(Observation(kept));
                    (running[kept], rewards[kept++]) = (e, reward);
                }
            }
            rows = kept;
        }
        return [.. results];

        // A worker's share of a decision: whichever rows nobody has taken yet, each of its own episode. A team's work must not throw.
        void Share(int _)
        {
            try
            {
                for (int row; (row = Interlocked.Increment(ref next) - 1) < rows;)
                    outcomes[row] = environment.Step(State(running[row]), actions.AsSpan(row * actionSize, actionSize), Observation(row));
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        }

        Span<double> State(int e) => states.AsSpan(e * stateSize, stateSize);
        Span<float> Observation(int row) => observations.AsSpan(row * observationSize, observationSize);
    }
}
