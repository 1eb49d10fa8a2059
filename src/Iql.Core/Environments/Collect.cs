using Iql.Data;

namespace Iql.Environments;

/// <summary>
/// Data sets for point mazes, made on the spot: any size, the same bits for a seed and size on any number of threads. Rewards
/// are the task's own; next observations are what the environment showed, also in the last row of an episode.
/// </summary>
public static class Collect
{
    // Long enough that the one cut a shard makes does not matter, short enough for many threads.
    const int ShardLength = 20_000;

    /// <summary>
    /// D4RL Maze2D's data: a waypoint controller never stops; a new target (any free cell plus U(−0.1, 0.1) per axis) is drawn
    /// when the old one is reached or after <see cref="PointMaze.TimeLimit"/> decisions. A time-out marks such a change, so an
    /// episode is the way to one target; the next one goes on where it ended.
    /// </summary>
    /// <param name="environment">The task; one that never ends.</param>
    /// <param name="seed">Where every draw comes from.</param>
    /// <param name="size">N, at least 1.</param>
    /// <param name="noise">Standard deviation of normal noise added to the actions before they are clipped; D4RL's data has 0.</param>
    /// <param name="threads">At most this many; 0 for one a core.</param>
    public static Transitions Wandering(PointMaze environment, Seed seed, int size, double noise = 0, int threads = 0)
    {
        Check.That(!environment.EndsAtGoal, environment.Name, "a task that never ends", "one that ends at its goal", "Use Collect.Pieces.");
        Check.AtLeast(noise, 0, nameof(noise));
        return Columns.Collect(environment, seed, size, threads, ShardLength, Roll).ToTransitions($"{environment.Name}/wandering");

        void Roll(Columns columns, Seed shard, int first, int last)
        {
            var (maze, targets, disturbance) = (environment.Maze, shard.Split("targets"), shard.Split("noise"));
            var controller = new WaypointController(maze, shard.Split("waypoints"));
            Span<double> state = stackalloc double[environment.StateSize];
            environment.Reset(shard.Split("start"), state, columns.Observation(first));
            var (since, drawn) = (0, 0UL);
            Draw(ref controller, state);
            for (var row = first; row < last; row++)
            {
                if (row > first) columns.NextObservation(row - 1).CopyTo(columns.Observation(row));
                var action = columns.Action(row);
                var reached = controller.Act(state, action);
                if (noise > 0)
                    for (var i = 0; i < 2; i++)
                        action[i] = (float)Math.Clamp(action[i] + noise * disturbance.Normal((ulong)(row - first) * 2 + (ulong)i), -1, 1);
                var result = environment.Step(state, action, columns.NextObservation(row));
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
