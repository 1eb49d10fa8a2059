namespace Iql.Environments.Mujoco;

/// <summary>Steers a walker through a maze, as D4RL's generator does: towards the next cell of the shortest path, at
/// its corner plus U(0, 1) per axis, drawn in each decision; in the goal's cell, to the goal.</summary>
/// <remarks>The walker's observation [29] has 27 numbers of posture and velocity, and the direction, of length 10. The
/// environment is <see cref="AntMaze.Wandering"/>, whose observation [31] ends in the goal. Source:
/// d4rl/locomotion/maze_env.py, create_navigation_policy, and
/// scripts/generation/generate_ant_maze_datasets.py.</remarks>
public sealed class AntMazeNavigator(IRolloutPolicy walker, AntMaze task) : IRolloutPolicy
{
    const int Width = 31, Posture = 27, WalkerWidth = 29;
    const double Length = 10;
    readonly float[] orders = new float[walker.Episodes * WalkerWidth];
    public int Episodes => walker.Episodes;

    public PolicyEpisodes Begin(Seed seed)
    {
        var act = walker.Begin(seed.Split("walker"));
        var (noise, decision) = (seed.Split("waypoints"), 0UL);
        return (episodes, observations, rewards, actions) =>
        {
            for (var row = 0; row < episodes.Length; row++)
            {
                var full = observations.Slice(row * Width, Width);
                var own = orders.AsSpan(row * WalkerWidth, WalkerWidth);
                full.Slice(2, Posture).CopyTo(own);
                var draws = noise.Split((ulong)episodes[row]);
                var (x, y) = Waypoint(full[0], full[1], full[29], full[30], draws, decision);
                (x, y) = (x - full[0], y - full[1]);
                var scale = Length / Math.Sqrt(x * x + y * y);
                (own[Posture], own[Posture + 1]) = ((float)(scale * x), (float)(scale * y));
            }
            decision++;
            act(episodes, orders.AsSpan(0, episodes.Length * WalkerWidth), rewards, actions);
        };
    }

    (double X, double Y) Waypoint(double x, double y, double goalX, double goalY, Seed noise, ulong decision)
    {
        var target = task.CellAt(goalX, goalY);
        var next = task.Next(x, y, target);
        if (next == target) return (goalX, goalY);
        var corner = task.Corner(next);
        return (corner.X + noise.Unit(2 * decision), corner.Y + noise.Unit(2 * decision + 1));
    }

    public void Dispose() => walker.Dispose();
}
