using System.Collections.Immutable;
using Iql.Data;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>The data of D4RL's AntMaze: a walker is steered to goal after goal (<see cref="AntMazeNavigator"/>), each
/// for one decision more than the task's limit, with noise N(0, 0.2) on its actions. It goes on at a goal.</summary>
/// <remarks>Rewards and terminals are then those of one goal in the task's goal cell: 1 and true within 0.5 of it after
/// the decision, 0 and false in the last row. So terminals come in runs, as in D4RL's files. "play": starts anywhere,
/// goals in a few chosen cells; "diverse": both anywhere; umaze: start to goal. Source: d4rl/scripts.</remarks>
public static class AntMazeData
{
    /// <summary>Standard deviation of the noise of D4RL's generator.</summary>
    public const double Noise = 0.2;

    /// <summary>Collects N transitions of a task, such as antmaze-medium-play-v2.</summary>
    /// <param name="walker">Makes the policy, on 27 numbers of the ant and a direction of length 10.</param>
    /// <param name="noise">Standard deviation of the noise on its actions.</param>
    /// <param name="threads">Maximum threads, 0 for one a core; the data do not depend on it.</param>
    /// <returns>Observations of 29 numbers; states end in the current goal.</returns>
    public static CollectedRows Collect(MujocoEnvironment environment, RolloutData.MakePolicy walker, Seed seed,
        int size, string name, double noise = Noise, int threads = 0, Action<long>? progress = null,
        CancellationToken cancellation = default)
    {
        if (environment.World.Task is not AntMaze task)
            throw new InputException($"task: expected one of antmaze-*, got {environment.Name}.");
        var maze = task.Maze;
        var (play, umaze) = (environment.Name.Contains("-play-", StringComparison.Ordinal),
            environment.Name.Contains("-umaze-v", StringComparison.Ordinal));
        ImmutableArray<int> anywhere = [.. Enumerable.Range(0, maze.Cells.Length)],
            goals = umaze ? [maze.Goal] : play ? ByHand(maze) : anywhere;
        var wandering = task.Wandering(umaze ? [] : [.. anywhere.Where(cell => !play || !goals.Contains(cell))], goals);
        // The same walls and model; only starts differ, and goals end nothing.
        var world = new MujocoWorld(wandering, environment.Name);
        var environment31 = new MujocoEnvironment(environment.Name, world, environment.TimeLimit + 1);
        AntMazeNavigator Navigator(int episodes) => new(walker(episodes), wandering);
        var collected = new RolloutData { Policy = Navigator, Noise = noise }
            .Collect(environment31, seed, size, name, threads, progress, cancellation);
        var goal = task.Goal(maze.Goal, seed.Split("goal of the rewards"));
        return collected with { Transitions = Relabelled(collected.Transitions, goal) };
    }

    /// <summary>D4RL's goals of the play data: cells of its generator's maps.</summary>
    static ImmutableArray<int> ByHand(Maze maze)
    {
        (int Row, int Column)[] cells = maze.Columns == 8
            ? [(2, 6), (5, 1), (6, 5)] : [(1, 6), (3, 5), (3, 10), (5, 2), (7, 4), (7, 6), (7, 9)];
        return [.. cells.Select(cell => maze.CellAt(cell.Row, cell.Column)).Where(cell => cell >= 0)];
    }

    static Transitions Relabelled(Transitions t, (double X, double Y) goal)
    {
        const int wide = 31, narrow = 29;
        var (rewards, terminals) = (new float[t.Count], new bool[t.Count]);
        for (var row = 0; row < t.Count - 1; row++)
        {
            var place = t.NextObservation(row);
            var (x, y) = (place[0] - goal.X, place[1] - goal.Y);
            terminals[row] = Math.Sqrt(x * x + y * y) <= AntMaze.GoalRadius;
            rewards[row] = terminals[row] ? 1 : 0;
        }
        return new(t.Name, narrow, t.ActionSize, Cut(t.Observations), [.. t.Actions], rewards, terminals,
            [.. t.Timeouts.Select((timeout, row) => timeout && !terminals[row])], Cut(t.NextObservations));

        float[] Cut(ImmutableArray<float> rows)
        {
            var cut = new float[t.Count * narrow];
            for (var row = 0; row < t.Count; row++)
                rows.AsSpan().Slice(row * wide, narrow).CopyTo(cut.AsSpan(row * narrow));
            return cut;
        }
    }
}
