using Iql.Data;

namespace Iql.Environments.Tasks;

/// <summary>
/// Logs of a careless walker in a <see cref="GridMaze"/>, as <see cref="StitchData"/> are of a driver: short pieces, of which none leads
/// far, and from nearly every cell most moves lead away from the goal. Doing what is mostly done fails; the best of what was tried
/// is the shortest way.
/// </summary>
/// <remarks>
/// A piece starts in any free cell but the goal's. A move is that of the shortest way with probability <see cref="TowardShare"/>; else one of
/// those that lead to a cell farther from the goal, all alike; in a dead end one of those into a wall.
/// </remarks>
public sealed record GridWalks
{
    const int ShardLength = 10_000, Actions = 4;

    /// <summary>Probability of a move towards the goal, in [0, 1].</summary>
    public double TowardShare { get; init; } = 0.35;

    /// <summary>Moves in a piece at most, at least 1.</summary>
    public int MaxLength { get; init; } = 5;

    /// <summary>Collects pieces until there are N transitions; the last piece may be cut.</summary>
    /// <param name="environment">Where.</param>
    /// <param name="seed">Where every draw comes from.</param>
    /// <param name="size">N, at least 1.</param>
    /// <param name="threads">At most this many, 0 for one a core; the bits do not depend on it.</param>
    public Transitions Collect(GridMaze environment, Seed seed, int size, int threads = 0) =>
        Columns.Collect(environment, seed, size, threads, ShardLength, Roll(environment)).ToTransitions(Name(environment));

    /// <summary>The same transitions in pieces, made as they are asked for: for data sets beyond memory. An episode never crosses pieces.</summary>
    /// <param name="environment">As above.</param>
    /// <param name="seed">As above.</param>
    /// <param name="size">N in all, at least 1.</param>
    /// <param name="threads">As above.</param>
    public IEnumerable<Transitions> Pieces(GridMaze environment, Seed seed, long size, int threads = 0) =>
        Columns.Pieces(environment, seed, size, 50 * ShardLength, threads, ShardLength, Roll(environment)).Select(columns => columns.ToTransitions(Name(environment)));

    static string Name(GridMaze environment) => $"{environment.Name}/walks";

    Action<Columns, Seed, int, int> Roll(GridMaze environment)
    {
        Check.That(TowardShare is >= 0 and <= 1, nameof(TowardShare), "a number in [0, 1]", TowardShare);
        Check.AtLeast(MaxLength, 1, nameof(MaxLength));
        return Shard;

        void Shard(Columns columns, Seed shard, int first, int last)
        {
            var row = first;
            for (var piece = 0UL; row < last; piece++) row = Piece(environment, columns, shard.Split(piece), row, Math.Min(row + MaxLength, last));
        }
    }

    // Writes the rows first … last − 1, fewer when the goal is reached; returns the row after the piece.
    int Piece(GridMaze environment, Columns columns, Seed seed, int first, int last)
    {
        Span<double> state = [environment.Start(seed, 0)];
        GridMaze.Observe((int)state[0], columns.Observation(first));
        for (var (i, drawn) = (first, 1UL); ; i++, drawn += 2)
        {
            var cell = (int)state[0];
            ActionSpace.Write(seed.Unit(drawn) < TowardShare ? environment.Best(cell) : Away(environment, cell, seed, drawn + 1), columns.Action(i));
            var result = environment.Step(state, columns.Action(i), columns.NextObservation(i));
            columns.End(i, result, i + 1 == last);
            if (result.Terminal || i + 1 == last) return i + 1;
            columns.NextObservation(i).CopyTo(columns.Observation(i + 1));
        }
    }

    static int Away(GridMaze environment, int cell, Seed seed, ulong draw)
    {
        var maze = environment.Maze;
        Span<int> farther = stackalloc int[Actions], walls = stackalloc int[Actions];
        int fartherCount = 0, wallCount = 0;
        for (var action = 0; action < Actions; action++)
        {
            var after = environment.After(cell, action);
            if (after == cell) walls[wallCount++] = action;
            else if (maze.Distance(after, maze.Goal) > maze.Distance(cell, maze.Goal)) farther[fartherCount++] = action;
        }
        return fartherCount > 0 ? farther[seed.Below(draw, fartherCount)]
            : wallCount > 0 ? walls[seed.Below(draw, wallCount)] : environment.Best(cell);
    }
}
