using System.Collections.Concurrent;
using System.Collections.Immutable;
using Iql.Data;
using Iql.Environments.Mujoco;
using Iql.Environments.Own;

namespace Iql.Environments.Tasks;

/// <summary>Acts on an environment's state, from an episode's first decision on.</summary>
public delegate void Expert(ReadOnlySpan<double> state, Span<float> action);

/// <summary>A task: its environment, its data, its scale.</summary>
public sealed record TaskCard
{
    /// <summary>Task name with its version.</summary>
    public string Name => Environment.Name;
    /// <summary>The task in a sentence.</summary>
    public required string Description { get; init; }
    /// <summary>The environment of evaluations, without state.</summary>
    public required IEnvironment Environment { get; init; }
    /// <summary>The environment when it is a model of MuJoCo, else null.</summary>
    public MujocoEnvironment? Robot => Environment as MujocoEnvironment;
    /// <summary>The maze of a walker, or null.</summary>
    public AntMaze? AntMaze => Robot?.World.Task as AntMaze;
    /// <summary>Its walls and goal, or null.</summary>
    public Maze? Maze { get; init; }
    /// <summary>The maze if observations start with x and y in it, else null.</summary>
    public Maze? Map => Environment.ActionSpace.IsDiscrete ? null : Maze;
    /// <summary>Makes the data set; null: the user has it in a file.</summary>
    public Recipe? Dataset { get; init; }
    /// <summary>Transitions to collect by default.</summary>
    public int DatasetSize { get; init; } = 1_000_000;
    /// <summary>Whether an episode brings one reward at its end, so that its score is a success rate.</summary>
    public bool Sparse { get; init; }

    /// <summary>The rule for rewards in training: r − 1 for sparse tasks, so that advantages count decisions (Kostrikov
    /// et al. 2021, arXiv:2110.06169, appendix B).</summary>
    public RewardRule Rewards => Sparse ? RewardRule.AntMaze : RewardRule.None;

    /// <summary>Makes an expert for an episode, the reference for a score of 100, or null. It is the controller, if
    /// there is one, with the goal as its target.</summary>
    public Func<Seed, Expert>? Expert { get => field ?? (Controller == null ? null : Drive); init; }

    /// <summary>Makes a point maze's controller, without a target yet, or null.</summary>
    public Func<Seed, WaypointController>? Controller { get; init; }
    /// <summary>The returns of scores 0 and 100.</summary>
    public ReferenceScore Reference => ReferenceScores.Find(Name)!;

    Expert Drive(Seed seed)
    {
        var (drive, aimed) = (Controller!(seed), false);
        var (row, column) = Maze!.Cells[Maze.Goal];
        return (state, action) =>
        {
            if (!aimed) drive.Aim(state[0], state[1], row, column);
            aimed = true;
            drive.Act(state, action);
        };
    }
}

/// <summary>The tasks that have an environment here; docs/environments.md says more of each.</summary>
public static class Tasks
{
    /// <summary>The tasks that need no files and no library, in the order of their names.</summary>
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
            Windy("large", Mazes.Large, 150),
            Grid("medium", Mazes.MediumStitch, 25),
            Grid("large", Mazes.LargeStitch, 40),
        }.OrderBy(card => card.Name, StringComparer.Ordinal),
    ];

    static readonly ConcurrentDictionary<string, TaskCard> Own = [];

    /// <summary>The task of a name, MuJoCo's and the added ones included, or null.</summary>
    public static TaskCard? Find(string name) => Included(name) ?? Own.GetValueOrDefault(name);

    /// <summary>Makes an environment of one's own a task by its name, for this process. The last one of a name
    /// counts: a notebook's cell may run again.</summary>
    /// <exception cref="InputException">The environment cannot be used, or Iql has a task of its name.</exception>
    public static TaskCard Add(IEnvironment environment)
    {
        OwnEnvironment.Try(environment, environment.GetType().Name);
        Check.That(Included(environment.Name) is null, "environment", "a name that is no task's of Iql",
            environment.Name);
        return Own[environment.Name] = new() { Environment = environment, Description = "An environment of your own." };
    }

    static TaskCard? Included(string name) =>
        All.FirstOrDefault(card => card.Name == name) ?? MujocoTasks.Find(name);

    /// <summary>The task of a name.</summary>
    public static TaskCard Get(string name) => Find(name) ?? throw new InputException(
        $"task: expected one of {string.Join(", ", All.Select(card => card.Name))}, or one of MuJoCo's " +
        $"({MujocoTasks.Names}), got {name}.");

    static TaskCard Wandering(string size, Maze maze, int timeLimit)
    {
        var environment = new PointMaze($"pointmaze-{size}-v0", maze, timeLimit);
        return new()
        {
            Environment = environment,
            Maze = maze,
            Controller = seed => new(maze, seed),
            Description = $"Reach the goal of the {size} maze from anywhere and stay there: " +
                $"reward 1 for each of {timeLimit} decisions spent at it.",
            Dataset = new WanderingData().In(environment, maze),
        };
    }

    static TaskCard Stitch(string size, Maze maze, int timeLimit) =>
        Pieces(new($"pointmaze-{size}-stitch-v0", maze, timeLimit, endsAtGoal: true, frameSkip: 20, PointMass.Syrup),
            $"Find the way through the {size} maze", new(), 100_000);

    // Starts anywhere, few and bad data, and luck: scores tell hyperparameters apart.
    static TaskCard Windy(string size, Maze maze, int timeLimit) =>
        Pieces(new($"pointmaze-{size}-windy-v0", maze, timeLimit, endsAtGoal: true, frameSkip: 20, PointMass.Syrup,
            gusts: 0.5), $"In gusts of wind, find the way from anywhere in the {size} maze",
            new() { TowardShare = 0.25 }, 10_000);

    static TaskCard Pieces(PointMaze environment, string aim, StitchData data, int count) => new()
    {
        Environment = environment,
        Maze = environment.Maze,
        Sparse = true,
        // An action lasts 0.2 seconds, in which the disc moves up to half a cell: softer than Maze2D's 10 and 1.
        Controller = seed => new(environment.Maze, seed, proportional: 4, derivative: 0.3),
        Description = $"{aim} from short pieces that lead anywhere, mostly away from the goal: " +
            $"reward 1 at the goal, within {environment.TimeLimit} decisions.",
        Dataset = data.In(environment),
        DatasetSize = count,
    };

    static TaskCard Grid(string size, Maze maze, int limit)
    {
        var environment = new GridMaze($"gridmaze-{size}-v0", maze, limit);
        return new()
        {
            Description = $"Walk through the {size} maze in moves up, down, left and right (discrete actions), from " +
                $"short pieces that lead mostly away from the goal: reward 1 at the goal, within {limit} decisions.",
            Environment = environment,
            Maze = maze,
            Sparse = true,
            Dataset = new GridWalks().In(environment),
            DatasetSize = 50_000,
            Expert = _ => (state, action) => ActionSpace.Write(environment.Best((int)state[0]), action),
        };
    }
}
