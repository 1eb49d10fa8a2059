using Iql.Data.Files;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>
/// Whether the rewards of AntMaze data are those of one goal in the task's goal cell: 1 where the place after the decision is within 0.5 of it, else 0.
/// The goal stands nowhere in the file, so the one that contradicts the fewest rows is looked for. Needs no simulation, and looks at every row.
/// </summary>
static class AntMazeRewards
{
    // A goal is its cell's corner plus U(0, 1) plus U(0, 0.5) per axis.
    const double Reach = 1.5, Coarse = 0.05, Fine = 0.002;

    // Rewarded places, and places without a reward around the cell, that choose the goal: as many as are looked at quickly.
    const int Most = 1000;

    /// <summary>The goal and |r − its reward| of every row whose place after the decision is known and not on the edge of the goal's disc.</summary>
    internal static ((double X, double Y) Goal, List<(int Row, double Error)> Errors) Of(AntMaze task, RawDataset raw)
    {
        var corner = task.Corner(task.Maze.Goal);
        var places = Places(raw).ToList();
        bool Near((int Row, double X, double Y) place) => Math.Abs(place.X - corner.X - Reach / 2) < 2 && Math.Abs(place.Y - corner.Y - Reach / 2) < 2;
        List<(int Row, double X, double Y)> telling =
        [
            .. Some([.. places.Where(place => raw.Rewards[place.Row] != 0)]),
            .. Some([.. places.Where(place => raw.Rewards[place.Row] == 0 && Near(place))]),
        ];
        var goal = Best(Best((corner.X + Reach / 2, corner.Y + Reach / 2), Reach / 2, Coarse), 2 * Coarse, Fine);
        return (goal, [.. places.Where(place => Math.Abs(Distance(place, goal) - AntMaze.GoalRadius) > 2 * Coarse)
            .Select(place => (place.Row, Math.Abs(raw.Rewards[place.Row] - Reward(place, goal))))]);

        (double X, double Y) Best((double X, double Y) middle, double half, double step)
        {
            var steps = (int)Math.Round(half / step);
            var candidates = from i in Enumerable.Range(-steps, 2 * steps + 1) from j in Enumerable.Range(-steps, 2 * steps + 1) select (middle.X + i * step, middle.Y + j * step);
            // Of equally good ones, the middle.
            var ranked = candidates.Select(goal => (Goal: goal, Wrong: telling.Count(place => Reward(place, goal) != raw.Rewards[place.Row]))).ToList();
            var fewest = ranked.Min(each => each.Wrong);
            var best = ranked.Where(each => each.Wrong == fewest).Select(each => each.Goal).ToList();
            return (best.Average(goal => goal.Item1), best.Average(goal => goal.Item2));
        }
    }

    static float Reward((int Row, double X, double Y) place, (double X, double Y) goal) => Distance(place, goal) <= AntMaze.GoalRadius ? 1 : 0;

    static double Distance((int Row, double X, double Y) place, (double X, double Y) goal) =>
        Math.Sqrt((place.X - goal.X) * (place.X - goal.X) + (place.Y - goal.Y) * (place.Y - goal.Y));

    /// <summary>At most so many, evenly spaced.</summary>
    static IEnumerable<T> Some<T>(IReadOnlyList<T> all) => Enumerable.Range(0, Math.Min(Most, all.Count)).Select(i => all[(int)((long)i * all.Count / Math.Min(Most, all.Count))]);

    /// <summary>Places after decisions. The last row's reward is 0 wherever it is, as in D4RL's files.</summary>
    static IEnumerable<(int Row, double X, double Y)> Places(RawDataset raw)
    {
        var size = raw.ObservationSize;
        for (var row = 0; row < raw.Count - 1; row++)
            if (raw.NextObservations is { } next) yield return (row, next[row * size], next[row * size + 1]);
            else if (raw.Timeouts is not { } timeouts || !timeouts[row]) yield return (row, raw.Observations[(row + 1) * size], raw.Observations[(row + 1) * size + 1]);
    }
}
