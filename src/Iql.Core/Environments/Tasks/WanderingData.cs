using Iql.Data;

namespace Iql.Environments.Tasks;

/// <summary>
/// The data of D4RL's Maze2D: a waypoint controller never stops; a new target (any free cell plus U(−0.1, 0.1) per axis) is drawn
/// when the old one is reached or after <see cref="PointMaze.TimeLimit"/> decisions. A time-out marks such a change, so an episode
/// is the way to one target, and the next one goes on where it ended.
/// </summary>
/// <remarks>
/// Rewards are the task's own, of the observation after the action (D4RL relabels by the one before it). Next observations are what
/// the environment showed, also in the last row of an episode. Every 20,000 rows the roll-out starts afresh, with a seed of its own.
/// </remarks>
public sealed record WanderingData
{
    const int ShardLength = 20_000;

    /// <summary>Standard deviation of normal noise added to the actions before they are clipped, at least 0; D4RL's data has 0.</summary>
    public double Noise { get; init; }

    /// <summary>Where the middle of ways lies from a cell's number, per axis: −0.1 in D4RL's coordinates.</summary>
    public double Offset { get; init; }

    /// <summary>Whether a row's reward is that of the place before its action, as D4RL's files have it; else what the task gave.</summary>
    public Func<double, double, double>? RewardBefore { get; init; }

    /// <summary>Collects N transitions.</summary>
    /// <param name="environment">A task that never ends.</param>
    /// <param name="seed">Where every draw comes from.</param>
    /// <param name="size">N, at least 1.</param>
    /// <param name="threads">At most this many, 0 for one a core; the bits do not depend on it.</param>
    public Transitions Collect(PointMaze environment, Seed seed, int size, int threads = 0) =>
        Collect(environment, environment.Maze, seed, size, threads);

    /// <summary>The same of any task that never ends and whose state starts with x, y, v_x, v_y.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="maze">Its maze.</param>
    /// <param name="seed">As above.</param>
    /// <param name="size">As above.</param>
    /// <param name="threads">As above.</param>
    public Transitions Collect(IEnvironment environment, Maze maze, Seed seed, int size, int threads = 0) =>
        Columns.Collect(environment, seed, size, threads, ShardLength, Roll(environment, maze)).ToTransitions(Name(environment));

    /// <summary>The same transitions in pieces, made as they are asked for: for data sets beyond memory. An episode never crosses pieces.</summary>
    /// <param name="environment">As above.</param>
    /// <param name="seed">As above.</param>
    /// <param name="size">N in all, at least 1.</param>
    /// <param name="threads">As above.</param>
    public IEnumerable<Transitions> Pieces(PointMaze environment, Seed seed, long size, int threads = 0) =>
        Pieces(environment, environment.Maze, seed, size, threads);

    /// <summary>The same of any task that never ends and whose state starts with x, y, v_x, v_y.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="maze">Its maze.</param>
    /// <param name="seed">As above.</param>
    /// <param name="size">As above.</param>
    /// <param name="threads">As above.</param>
    public IEnumerable<Transitions> Pieces(IEnvironment environment, Maze maze, Seed seed, long size, int threads = 0) =>
        Columns.Pieces(environment, seed, size, 50 * ShardLength, threads, ShardLength, Roll(environment, maze)).Select(columns => columns.ToTransitions(Name(environment)));

    static string Name(IEnvironment environment) => $"{environment.Name}/wandering";

    Action<Columns, Seed, int, int> Roll(IEnvironment environment, Maze maze)
    {
        Check.That(environment is not PointMaze { EndsAtGoal: true }, environment.Name, "a task that never ends", "one that ends at its goal", "Use StitchData.");
        Check.AtLeast(Noise, 0, nameof(Noise));
        return Shard;

        void Shard(Columns columns, Seed shard, int first, int last)
        {
            var (targets, disturbance) = (shard.Split("targets"), shard.Split("noise"));
            var controller = new WaypointController(maze, shard.Split("waypoints"), offset: Offset);
            Span<double> state = stackalloc double[environment.StateSize];
            environment.Reset(shard.Split("start"), state, columns.Observation(first));
            var (since, drawn) = (0, 0UL);
            Draw(ref controller, state);
            for (var row = first; row < last; row++)
            {
                if (row > first) columns.NextObservation(row - 1).CopyTo(columns.Observation(row));
                var action = columns.Action(row);
                var reached = controller.Act(state, action);
                if (Noise > 0)
                    for (var i = 0; i < 2; i++)
                        action[i] = (float)Math.Clamp(action[i] + Noise * disturbance.Normal((ulong)(row - first) * 2 + (ulong)i), -1, 1);
                var before = RewardBefore?.Invoke(state[0], state[1]);
                var result = environment.Step(state, action, columns.NextObservation(row));
                if (before is { } reward) result = result with { Reward = (float)reward };
                var change = reached || ++since >= environment.TimeLimit;
                columns.End(row, result, change || row == last - 1);
                if (change) Draw(ref controller, state);
            }

            void Draw(ref WaypointController controller, ReadOnlySpan<double> state)
            {
                var (row, column) = maze.Cells[targets.Below(drawn, maze.Cells.Length)];
                controller.Aim(state[0], state[1], row + targets.Uniform(drawn + 1, 0.1), column + targets.Uniform(drawn + 2, 0.1));
                (since, drawn) = (0, drawn + 3);
            }
        }
    }
}
