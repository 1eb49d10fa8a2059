namespace Iql.Environments.Mujoco;

/// <summary>
/// Steers a policy that walks where it is told to through a maze, as D4RL's generator does: towards the next cell of the shortest path,
/// at its corner plus U(0, 1) per axis drawn anew in each decision, and to the goal itself once in its cell.
/// </summary>
/// <remarks>
/// The policy sees [29]: the 27 numbers of posture and velocity, and the direction, of length 10. The environment is
/// <see cref="AntMaze.Wandering"/>, whose observation [31] ends in the goal. Source: d4rl/locomotion/maze_env.py, create_navigation_policy,
/// and scripts/generation/generate_ant_maze_datasets.py.
/// </remarks>
/// <param name="walker">The policy.</param>
/// <param name="task">The maze.</param>
public sealed class AntMazeNavigator(IRolloutPolicy walker, AntMaze task) : IRolloutPolicy
{
    const int Seen = 31, Posture = 27, WalkerSees = 29;
    const double Length = 10;

    readonly float[] told = new float[walker.Episodes * WalkerSees];

    /// <inheritdoc/>
    public int Episodes => walker.Episodes;

    /// <inheritdoc/>
    public PolicyEpisodes Begin(Seed seed)
    {
        var act = walker.Begin(seed.Split("walker"));
        var (noise, decision) = (seed.Split("waypoints"), 0UL);
        return (episodes, observations, rewards, actions) =>
        {
            for (var row = 0; row < episodes.Length; row++)
            {
                var seen = observations.Slice(row * Seen, Seen);
                var own = told.AsSpan(row * WalkerSees, WalkerSees);
                seen.Slice(2, Posture).CopyTo(own);
                var (x, y) = Waypoint(seen[0], seen[1], seen[29], seen[30], noise.Split((ulong)episodes[row]), decision);
                (x, y) = (x - seen[0], y - seen[1]);
                var scale = Length / Math.Sqrt(x * x + y * y);
                (own[Posture], own[Posture + 1]) = ((float)(scale * x), (float)(scale * y));
            }
            decision++;
            act(episodes, told.AsSpan(0, episodes.Length * WalkerSees), rewards, actions);
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

    /// <inheritdoc/>
    public void Dispose() => walker.Dispose();
}
