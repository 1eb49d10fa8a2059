using System.Collections.Immutable;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>The tasks on MuJoCo's models. A name of D4RL's gives the environment of its scores; its data come in the
/// user's file. A listing needs no library.</summary>
public static class MujocoTasks
{
    static readonly ImmutableArray<(string Family, string Description, Func<string, MujocoWorld> World)> Families =
    [
        ("ant", "Run with four legs: reward for speed, for being upright and for saving effort.",
            name => name == "ant-v4" ? Ant.World : Ant.PaddedWorld),
        ("halfcheetah", "Run with two legs that cannot fall: reward for speed and for saving effort.",
            _ => HalfCheetah.World),
        ("hammer", "A hand of 24 joints takes a hammer and drives a nail into a board: reward for a nail that is in.",
            _ => AdroitHammer.World),
        ("hopper", "Hop on one leg: reward for speed, for being upright and for saving effort.", _ => Hopper.World),
        ("door", "A hand of 24 joints on an arm turns a latch and pulls the door open: reward for an open door.",
            _ => AdroitDoor.World),
        ("pen", "A hand of 24 joints turns a pen between its fingers: reward for a pen that points where it should.",
            _ => AdroitPen.World),
        ("relocate",
            "A hand of 24 joints on an arm takes a ball to a place in the air: reward for a ball that is there.",
            _ => AdroitRelocate.World),
        ("walker2d", "Walk on two legs: reward for speed, for being upright and for saving effort.",
            _ => Walker2d.World),
    ];

    static readonly MujocoWorld
        AntUMaze = Ants(Mazes.UMazeAcross, "antmaze-umaze"),
        AntMedium = Ants(Mazes.MediumStitch, "antmaze-medium"),
        AntLarge = Ants(Mazes.LargeStitch, "antmaze-large");

    // Last: fields are set in order.
    static readonly ImmutableDictionary<string, TaskCard> ByName =
        Everything().ToImmutableDictionary(card => card.Name);

    /// <summary>All of them, in the order of their names.</summary>
    public static IEnumerable<TaskCard> All => ByName.Values.OrderBy(card => card.Name, StringComparer.Ordinal);

    /// <summary>Their names in short.</summary>
    public static string Names => string.Join(", ",
        ByName.Keys.Select(name => name.Split('-')[0] + "-*").Distinct().Order(StringComparer.Ordinal));

    /// <summary>The task of a name, or null.</summary>
    public static TaskCard? Find(string name) => ByName.GetValueOrDefault(name);

    static MujocoWorld Ants(Maze maze, string name) => new(new AntMaze(maze), name);

    static IEnumerable<TaskCard> Everything() => [.. Robots(), .. AntMazes(), .. Maze2Ds()];

    static IEnumerable<TaskCard> AntMazes() =>
        from score in ReferenceScores.All
        where score.Task.StartsWith("antmaze-", StringComparison.Ordinal)
        let ants = score.Task.Split('-')[1] switch { "umaze" => AntUMaze, "medium" => AntMedium, _ => AntLarge }
        let environment = new MujocoEnvironment(score.Task, ants, score.TimeLimit)
        select new TaskCard
        {
            Description = "Walk with four legs from one end of a maze to the other: " +
                "reward 1 at the goal, which ends the episode.",
            Environment = environment,
            Sparse = true,
        };

    static IEnumerable<TaskCard> Maze2Ds() =>
        from size in new[] { ("umaze", Mazes.UMaze), ("medium", Mazes.Medium), ("large", Mazes.Large) }
        let maze = size.Item2
        from reward in new[] { "", "-dense" }
        let score = ReferenceScores.Find($"maze2d-{size.Item1}{reward}-v1")!
        let task = new Maze2D(maze, dense: reward != "")
        let environment = new MujocoEnvironment(score.Task, new(task, score.Task), score.TimeLimit)
        let recipe = new WanderingData { Offset = Maze2D.Offset, RewardBefore = task.Reward }
        select new TaskCard
        {
            Description = "Push a ball through a maze to its goal and stay there: " +
                $"{(reward == "" ? "reward 1 at it" : "more reward the nearer")}.",
            Environment = environment,
            Maze = maze,
            Controller = seed => new(maze, seed, offset: Maze2D.Offset),
            Dataset = recipe.In(environment, maze),
        };

    static IEnumerable<TaskCard> Robots() =>
        from score in ReferenceScores.All
        from family in Families
        where score.Task.StartsWith(family.Family + "-", StringComparison.Ordinal)
        let environment = new MujocoEnvironment(score.Task, family.World(score.Task), score.TimeLimit)
        select new TaskCard { Description = family.Description, Environment = environment };
}
