namespace Iql.Environments.Tasks;

/// <summary>The data of D4RL's Maze2D: a waypoint controller never stops. It draws a new target, any free cell plus
/// U(−0.1, 0.1) per axis, at the old one or after <see cref="PointMaze.TimeLimit"/> decisions. A time-out marks the
/// change: an episode is the way to one target, and the next one goes on where it ended.</summary>
/// <remarks>Rewards are the task's own, of the observation after the action; D4RL takes the one before. Next
/// observations are the environment's, also in an episode's last row. Every 20,000 rows a new rollout starts.</remarks>
public sealed record WanderingData
{
    const int ShardLength = 20_000;

    /// <summary>Standard deviation of noise on the actions before clipping, at least 0; D4RL's data have 0.</summary>
    public double Noise { get; init; }
    /// <summary>Shift of the waypoints from a cell's number, per axis: −0.1 in D4RL's coordinates.</summary>
    public double Offset { get; init; }
    /// <summary>The reward at the place before the action, as in D4RL's files; null for the task's.</summary>
    public Func<double, double, double>? RewardBefore { get; init; }
    /// <summary>The recipe in a maze that never ends.</summary>
    public Recipe In(PointMaze environment) => In(environment, environment.Maze);

    /// <summary>The recipe in any task that never ends and whose state starts with x, y, v_x, v_y.</summary>
    public Recipe In(IEnvironment environment, Maze maze)
    {
        Check.That(environment is not PointMaze { EndsAtGoal: true }, environment.Name, "a task that never ends",
            "one that ends at its goal", "Use StitchData.");
        Check.AtLeast(Noise, 0, nameof(Noise));
        return new(environment, "wandering", ShardLength, Shard);

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
                        action[i] = (float)Math.Clamp(
                            action[i] + Noise * disturbance.Normal((ulong)(row - first) * 2 + (ulong)i), -1, 1);
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
                var (x, y) = (row + targets.Uniform(drawn + 1, 0.1), column + targets.Uniform(drawn + 2, 0.1));
                controller.Aim(state[0], state[1], x, y);
                (since, drawn) = (0, drawn + 3);
            }
        }
    }
}
