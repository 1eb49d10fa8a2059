using System.Collections.Frozen;

namespace Iql.Environments.Tasks;

/// <summary>A task's scale: score = 100 (return − random) / (expert − random).</summary>
/// <param name="Task">Task name with its version.</param>
/// <param name="Random">Mean return of a random policy: score 0.</param>
/// <param name="Expert">Mean return of a reference policy: score 100, not a bound.</param>
/// <param name="Source">The source of the two.</param>
public sealed record ReferenceScore(string Task, double Random, double Expert, int TimeLimit, string Source)
{
    /// <summary>Normalised score (0 random, 100 expert) of an undiscounted sum of raw rewards.</summary>
    public double Normalised(double @return) => 100 * (@return - Random) / (Expert - Random);
    /// <summary>The return that has this normalised score.</summary>
    public double Return(double score) => Random + score / 100 * (Expert - Random);
}

/// <summary>Reference scores of every D4RL task and of the tasks that come with Iql.</summary>
/// <remarks>D4RL's numbers are those of its task registrations (Fu et al. 2020, arXiv:2004.07219; code 1.1), as in the
/// literature. maze2d's expert did not replan in each episode (issues 159, 215): scores may far exceed 100.</remarks>
public static class ReferenceScores
{
    const string Paper = "D4RL registration";

    static readonly FrozenDictionary<string, ReferenceScore> ByTask =
        Everything().ToFrozenDictionary(score => score.Task);

    /// <summary>All of them, in alphabetical order.</summary>
    public static IEnumerable<ReferenceScore> All => ByTask.Values.OrderBy(score => score.Task, StringComparer.Ordinal);
    /// <summary>A task's reference scores; null for a name that is not known.</summary>
    public static ReferenceScore? Find(string task) => ByTask.GetValueOrDefault(task);

    static IEnumerable<ReferenceScore> Everything() =>
        [.. Locomotion(), .. AntMaze(), .. Adroit(), .. Kitchen(), .. Maze2D(), .. Own()];

    static IEnumerable<ReferenceScore> Locomotion()
    {
        foreach (var (name, random, expert) in new (string, double, double)[]
        {
            ("halfcheetah", -280.178953, 12135.0),
            ("hopper", -20.272305, 3234.3),
            ("walker2d", 1.629008, 4592.3),
            ("ant", -325.6, 3879.7),
        })
        {
            string[] levels = ["random", "medium", "medium-replay", "medium-expert", "expert", "full-replay"];
            foreach (var data in levels)
                foreach (var version in new[] { "v0", "v1", "v2" })
                    yield return new($"{name}-{data}-{version}", random, expert, 1000, Paper);
            var source = $"gym's own task, on the scale of D4RL's {name} data sets";
            yield return new($"{name}-v4", random, expert, 1000, source);
        }
    }

    static IEnumerable<ReferenceScore> AntMaze() =>
        from maze in new[] { "umaze", "umaze-diverse", "medium-play", "medium-diverse", "large-play", "large-diverse" }
        from version in new[] { "v0", "v2" }
        let limit = maze.StartsWith("umaze", StringComparison.Ordinal) ? 700 : 1000
        select new ReferenceScore($"antmaze-{maze}-{version}", 0, 1, limit, Paper);

    static IEnumerable<ReferenceScore> Adroit()
    {
        foreach (var (hand, random, expert, limit, longHorizon) in new (string, double, double, int, int)[]
        {
            ("pen", 96.262799, 3076.8331017826877, 100, 200),
            ("hammer", -274.856578, 12794.134825156867, 200, 600),
            ("door", -56.512833, 2880.5693087298737, 200, 300),
            ("relocate", -6.425911, 4233.877797728884, 200, 500),
        })
        {
            foreach (var data in new[] { "human", "cloned", "expert" })
                foreach (var version in new[] { "v0", "v1" })
                    yield return new($"{hand}-{data}-{version}", random, expert, limit, Paper);
            yield return new($"{hand}-human-longhorizon-v0", random, expert, longHorizon, Paper);
        }
    }

    static IEnumerable<ReferenceScore> Kitchen() =>
        from data in new[] { "complete", "partial", "mixed" }
        select new ReferenceScore($"kitchen-{data}-v0", 0, 4, 280, Paper);

    static IEnumerable<ReferenceScore> Maze2D() =>
    [
        new("maze2d-open-v0", 0.01, 20.66, 150, Paper),
        new("maze2d-umaze-v0", 0.94, 62.6, 150, Paper),
        new("maze2d-medium-v0", 5.77, 85.14, 250, Paper),
        new("maze2d-large-v0", 4.83, 191.99, 600, Paper),
        new("maze2d-umaze-v1", 23.85, 161.86, 300, Paper),
        new("maze2d-medium-v1", 13.13, 277.39, 600, Paper),
        new("maze2d-large-v1", 6.7, 273.99, 800, Paper),
        new("maze2d-umaze-dense-v1", 68.537689, 193.66285642381482, 300, Paper),
        new("maze2d-medium-dense-v1", 44.264742, 297.4552547777125, 600, Paper),
        new("maze2d-large-dense-v1", 30.569041, 303.4857382709002, 800, Paper),
        new("maze2d-eval-umaze-v1", 36.63, 141.4, 300, Paper),
        new("maze2d-eval-medium-v1", 13.07, 204.93, 600, Paper),
        new("maze2d-eval-large-v1", 16.4, 302.22, 800, Paper),
    ];

    /// <summary>Measured by <see cref="ReferenceMeasurement"/> (<c>iql env reference TASK</c>): 10,000 episodes each,
    /// seed 0, standard errors at most 0.8 (random) and 1.2 (expert). The score of stitch and windy tasks is the
    /// success rate in per cent, 0 and 1 by definition. Measured: 0.009, 0.0016, 0 (umaze, medium, large) and
    /// 0.107 (windy); controller 1, in wind 0.995.</summary>
    static IEnumerable<ReferenceScore> Own()
    {
        const string episodes = "ReferenceMeasurement, 10000 episodes, seed 0: uniform random";
        const string measured = $"{episodes} actions; waypoint controller", success = "success rate";
        const string walks = $"{episodes} moves; shortest walks";
        return
        [
            new("pointmaze-umaze-v0", 38.8103, 223.9208, 300, measured),
            new("pointmaze-medium-v0", 20.4379, 427.9012, 600, measured),
            new("pointmaze-large-v0", 11.6541, 562.2932, 800, measured),
            new("pointmaze-umaze-stitch-v0", 0, 1, 50, success),
            new("pointmaze-medium-stitch-v0", 0, 1, 100, success),
            new("pointmaze-large-stitch-v0", 0, 1, 150, success),
            new("pointmaze-large-windy-v0", 0, 1, 150, success),
            new("gridmaze-medium-v0", 0.1337, 1, 25, walks),
            new("gridmaze-large-v0", 0.0985, 1, 40, walks),
        ];
    }
}
