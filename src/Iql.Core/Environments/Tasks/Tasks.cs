using System.Collections.Immutable;
using Iql.Data;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>Acts on an environment's state, which policies do not see, from an episode's first decision on.</summary>
/// <param name="state">[StateSize].</param>
/// <param name="action">Written, [A].</param>
public delegate void Expert(ReadOnlySpan<double> state, Span<float> action);

/// <summary>All there is to know of a task: where a policy acts, what it learns from, how it is scored.</summary>
public sealed record TaskCard
{
    /// <summary>Task name with its version.</summary>
    public string Name => Environment.Name;

    /// <summary>What it asks for, in a sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Where policies are evaluated. It holds no state: one serves everybody.</summary>
    public required IEnvironment Environment { get; init; }

    /// <summary>The same environment where it is a model of MuJoCo's, which needs its library; null elsewhere.</summary>
    public MujocoEnvironment? Robot { get; init; }

    /// <summary>The maze that a walker can be steered through; null where nobody walks.</summary>
    public AntMaze? AntMaze { get; init; }

    /// <summary>Its walls and its goal; null where there are none, or where it is not drawn by cells.</summary>
    public Maze? Maze { get; init; }

    /// <summary>Makes the data set: the same bits for a seed and a number of transitions. Null: the user has it in a file.</summary>
    public Func<Seed, int, Transitions>? Dataset { get; init; }

    /// <summary>Makes the same data set in pieces, for more of it than memory holds.</summary>
    public Func<Seed, long, IEnumerable<Transitions>>? DatasetPieces { get; init; }

    /// <summary>Transitions to collect when nobody says how many.</summary>
    public int DatasetSize { get; init; } = 1_000_000;

    /// <summary>Whether an episode brings one reward at its end, so that its score is a success rate.</summary>
    public bool Sparse { get; init; }

    /// <summary>
    /// What to add to every reward before training: −1 for tasks that end at the goal, as antmaze has it (Kostrikov et al.
    /// 2021, arXiv:2110.06169, appendix B), so that advantages are counted in decisions; else 0. Scores use raw rewards.
    /// </summary>
    public double RewardShift => Sparse ? -1 : 0;

    /// <summary>Makes, for an episode, somebody who is good at the task: the reference for a score of 100; null where nobody is.</summary>
    public Func<Seed, Expert>? Expert { get; init; }

    /// <summary>Makes the controller that the expert of a point maze drives by, without a target yet; null elsewhere.</summary>
    public Func<Seed, WaypointController>? Controller { get; init; }

    /// <summary>Returns that score 0 and 100.</summary>
    public ReferenceScore Reference => ReferenceScores.Find(Name)!;
}

/// <summary>The tasks that have an environment here; docs/environments.md says more of each.</summary>
public static class Tasks
{
    /// <summary>The tasks that come with their data and need nothing installed, in the order of their names.</summary>
    public static ImmutableArray<TaskCard> All { get; } =
    [
        .. new TaskCard[]
        {
            Wandering("umaze", Mazes.UMaze, 300),
            Wandering("medium", Mazes.Medium, 600),
            Wandering("large", Mazes.Large, 800),
            Stitch("umaze", Mazes.UMazeStitch, 50),
            Stitch("medium", Mazes.MediumStitch, 100),
            Stitch("large", Mazes.LargeStitch, 150),
            Grid("medium", Mazes.MediumStitch, 25),
            Grid("large", Mazes.LargeStitch, 40),
        }.OrderBy(card => card.Name, StringComparer.Ordinal),
    ];

    /// <summary>The task of a name, MuJoCo's included; null for a name that has no environment here.</summary>
    public static TaskCard? Find(string name) => All.FirstOrDefault(card => card.Name == name) ?? MujocoTasks.Find(name);

    /// <summary>The task of a name.</summary>
    /// <exception cref="ArgumentException">No environment here has this name.</exception>
    public static TaskCard Get(string name) => Find(name) ?? throw new ArgumentException(
        $"task: expected one of {string.Join(", ", All.Select(card => card.Name))}, or one of MuJoCo's ({MujocoTasks.Names}), got {name}.");

    static TaskCard Wandering(string size, Maze maze, int timeLimit)
    {
        var environment = new PointMaze($"pointmaze-{size}-v0", maze, timeLimit);
        WaypointController Controller(Seed seed) => new(maze, seed);
        return new()
        {
            Environment = environment,
            Maze = maze,
            Sparse = false,
            Controller = Controller,
            Expert = Driver(maze, Controller),
            Description = $"Reach the goal of the {size} maze from anywhere and stay there: reward 1 for each of {timeLimit} decisions spent at it.",
            Dataset = (seed, count) => new WanderingData().Collect(environment, seed, count),
            DatasetPieces = (seed, count) => new WanderingData().Pieces(environment, seed, count),
            DatasetSize = 1_000_000,
        };
    }

    static TaskCard Stitch(string size, Maze maze, int timeLimit)
    {
        var environment = new PointMaze($"pointmaze-{size}-stitch-v0", maze, timeLimit, endsAtGoal: true, frameSkip: 20, PointMass.Syrup);
        // An action is held for 0.2 seconds, in which the disc moves up to half a cell: softer than Maze2D's 10 and 1.
        WaypointController Controller(Seed seed) => new(maze, seed, proportional: 4, derivative: 0.3);
        return new()
        {
            Environment = environment,
            Maze = maze,
            Sparse = true,
            Controller = Controller,
            Expert = Driver(maze, Controller),
            Description = $"Find the way through the {size} maze from short pieces that lead anywhere, mostly away from the goal: reward 1 at the goal, within {timeLimit} decisions.",
            Dataset = (seed, count) => new StitchData().Collect(environment, seed, count),
            DatasetPieces = (seed, count) => new StitchData().Pieces(environment, seed, count),
            DatasetSize = 100_000,
        };
    }

    static TaskCard Grid(string size, Maze maze, int timeLimit)
    {
        var environment = new GridMaze($"gridmaze-{size}-v0", maze, timeLimit);
        return new()
        {
            Description = $"Walk through the {size} maze in moves up, down, left and right (discrete actions), from short pieces that lead mostly away from the goal: reward 1 at the goal, within {timeLimit} decisions.",
            Environment = environment,
            Maze = maze,
            Sparse = true,
            Dataset = (seed, count) => new GridWalks().Collect(environment, seed, count),
            DatasetPieces = (seed, count) => new GridWalks().Pieces(environment, seed, count),
            DatasetSize = 50_000,
            Expert = _ => (state, action) => ActionSpace.Write(environment.Best((int)state[0]), action),
        };
    }

    // A controller aimed at the goal at an episode's first decision.
    internal static Func<Seed, Expert> Driver(Maze maze, Func<Seed, WaypointController> controller) => seed =>
    {
        var (drive, aimed) = (controller(seed), false);
        var (row, column) = maze.Cells[maze.Goal];
        return (state, action) =>
        {
            if (!aimed) drive.Aim(state[0], state[1], row, column);
            aimed = true;
            drive.Act(state, action);
        };
    };
}
