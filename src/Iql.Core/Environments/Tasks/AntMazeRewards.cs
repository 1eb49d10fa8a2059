using Iql.Data.Files;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>Checks AntMaze rewards against one goal in the task's goal cell: 1 within 0.5 of it after the decision,
/// else 0. The goal is not in the file: it is the one that contradicts the fewest rows. Every row is checked.</summary>
static class AntMazeRewards
{
    // A goal is its cell's corner plus U(0, 1) plus U(0, 0.5) per axis.
    const double Reach = 1.5, Coarse = 0.05, Fine = 0.002;

    // The maximum number of rewarded places, and of others near the cell, that choose the goal.
    const int Most = 1000;

    /// <summary>The goal, and |r − its reward| of rows with a known next place off the disc's edge.</summary>
    internal static ((double X, double Y) Goal, List<(int Row, double Error)> Errors) Of(AntMaze task, RawDataset raw)
    {
        var corner = task.Corner(task.Maze.Goal);
        var places = Places(raw).ToList();
        bool Near((int Row, double X, double Y) place) =>
            Math.Abs(place.X - corner.X - Reach / 2) < 2 && Math.Abs(place.Y - corner.Y - Reach / 2) < 2;
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
            var around = Enumerable.Range(-steps, 2 * steps + 1).Select(i => i * step).ToList();
            var candidates = around.SelectMany(x => around.Select(y => (X: middle.X + x, Y: middle.Y + y)));
            var ranked = candidates.ToLookup(Wrong);
            // Of equally good ones, the middle.
            var best = ranked[ranked.Min(group => group.Key)].ToList();
            return (best.Average(goal => goal.X), best.Average(goal => goal.Y));
        }

        int Wrong((double X, double Y) goal) => telling.Count(place => Reward(place, goal) != raw.Rewards[place.Row]);
    }

    static float Reward((int Row, double X, double Y) place, (double X, double Y) goal) =>
        Distance(place, goal) <= AntMaze.GoalRadius ? 1 : 0;

    static double Distance((int Row, double X, double Y) place, (double X, double Y) goal) =>
        Math.Sqrt((place.X - goal.X) * (place.X - goal.X) + (place.Y - goal.Y) * (place.Y - goal.Y));

    /// <summary>At most <see cref="Most"/>, evenly spaced.</summary>
    static IEnumerable<T> Some<T>(IReadOnlyList<T> all) => Enumerable.Range(0, Math.Min(Most, all.Count))
        .Select(i => all[(int)((long)i * all.Count / Math.Min(Most, all.Count))]);

    /// <summary>Places after decisions, without the last row, whose reward is always 0 in D4RL's files.</summary>
    static IEnumerable<(int Row, double X, double Y)> Places(RawDataset raw)
    {
        var size = raw.ObservationSize;
        for (var row = 0; row < raw.Count - 1; row++)
            if (raw.NextObservations is { } next) yield return (row, next[row * size], next[row * size + 1]);
            else if (raw.Timeouts is not { } timeouts || !timeouts[row])
                yield return (row, raw.Observations[(row + 1) * size], raw.Observations[(row + 1) * size + 1]);
    }
}
