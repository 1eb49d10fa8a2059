using System.Collections.Immutable;
using Iql.Data;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>
/// The data of D4RL's AntMaze: an ant that walks where it is told to is steered to goal after goal (<see cref="AntMazeNavigator"/>), each for
/// 1,001 decisions or as many as the task allows and one, with noise N(0, 0.2) on its actions. It goes on at a goal it has reached.
/// </summary>
/// <remarks>
/// Rewards and terminals are then those of one goal in the task's goal cell: 1 and true where the place after the decision is within 0.5 of it, 0 and false
/// in the last row. So terminals come in runs, as in D4RL's files. "play": starts anywhere, goals in a few cells chosen by hand; "diverse": both anywhere;
/// umaze: from the task's start to its goal. Source: d4rl, scripts/generation, and its paper's section on AntMaze.
/// </remarks>
public static class AntMazeData
{
    /// <summary>Standard deviation of the noise that D4RL's generator adds.</summary>
    public const double Noise = 0.2;

    /// <summary>Collects N transitions of a task, such as antmaze-medium-play-v2.</summary>
    /// <param name="environment">The task.</param>
    /// <param name="walker">Makes the policy: it sees 27 numbers of the ant and a direction of length 10.</param>
    /// <param name="seed">Where every draw comes from.</param>
    /// <param name="size">N, at least 1.</param>
    /// <param name="name">What the transitions are called.</param>
    /// <param name="noise">Standard deviation of the noise on its actions.</param>
    /// <param name="threads">At most this many, 0 for one a core; the data do not depend on it.</param>
    /// <param name="progress">Told of the rows there are.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>Observations of 29 numbers; states end in the goal of the time.</returns>
    public static CollectedRows Collect(MujocoEnvironment environment, RolloutData.MakePolicy walker, Seed seed, int size, string name,
        double noise = Noise, int threads = 0, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        if (environment.World.Task is not AntMaze task) throw new ArgumentException($"task: expected one of antmaze-*, got {environment.Name}.");
        var maze = task.Maze;
        var (play, umaze) = (environment.Name.Contains("-play-", StringComparison.Ordinal), environment.Name.Contains("-umaze-v", StringComparison.Ordinal));
        ImmutableArray<int> anywhere = [.. Enumerable.Range(0, maze.Cells.Length)], goals = umaze ? [maze.Goal] : play ? ByHand(maze) : anywhere;
        var wandering = task.Wandering(umaze ? [] : [.. anywhere.Where(cell => !play || !goals.Contains(cell))], goals);
        // The walls are the same, so is the model: what differs is where episodes start and that they go on.
        var environment31 = new MujocoEnvironment(environment.Name, new(wandering, environment.Name), environment.TimeLimit + 1);
        var roll = new RolloutData { Policy = episodes => new AntMazeNavigator(walker(episodes), wandering), Noise = noise };
        var collected = roll.Collect(environment31, seed, size, name, threads, progress, cancellation);
        return collected with { Transitions = Relabelled(collected.Transitions, task.Goal(maze.Goal, seed.Split("goal of the rewards"))) };
    }

    /// <summary>D4RL's goals of the play data: cells of its generator's maps.</summary>
    static ImmutableArray<int> ByHand(Maze maze)
    {
        (int Row, int Column)[] cells = maze.Columns == 8 ? [(2, 6), (5, 1), (6, 5)] : [(1, 6), (3, 5), (3, 10), (5, 2), (7, 4), (7, 6), (7, 9)];
        return [.. cells.Select(cell => maze.CellAt(cell.Row, cell.Column)).Where(cell => cell >= 0)];
    }

    static Transitions Relabelled(Transitions t, (double X, double Y) goal)
    {
        const int seen = 31, kept = 29;
        var (rewards, terminals) = (new float[t.Count], new bool[t.Count]);
        for (var row = 0; row < t.Count - 1; row++)
        {
            var place = t.NextObservation(row);
            var (x, y) = (place[0] - goal.X, place[1] - goal.Y);
            terminals[row] = Math.Sqrt(x * x + y * y) <= AntMaze.GoalRadius;
            rewards[row] = terminals[row] ? 1 : 0;
        }
        return new(t.Name, kept, t.ActionSize, Cut(t.Observations), [.. t.Actions], rewards, terminals,
            [.. t.Timeouts.Select((timeout, row) => timeout && !terminals[row])], Cut(t.NextObservations));

        float[] Cut(ImmutableArray<float> wide)
        {
            var narrow = new float[t.Count * kept];
            for (var row = 0; row < t.Count; row++) wide.AsSpan().Slice(row * seen, kept).CopyTo(narrow.AsSpan(row * kept));
            return narrow;
        }
    }
}
