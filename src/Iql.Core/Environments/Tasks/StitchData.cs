using Iql.Data;

namespace Iql.Environments.Tasks;

/// <summary>
/// Logs of a careless driver, for tasks with a far goal: short pieces, none of which leads from start to goal, and at every place
/// most of the actions lead away from it. Copying the actions fails, and so does valuing places by what is mostly done there
/// (τ = 0.5); taking the best that was tried at each place (τ near 1) stitches pieces into the whole way.
/// </summary>
/// <remarks>
/// A piece starts in any free cell but the goal's, at its centre plus U(−0.25, 0.25) per axis, with velocity U(−0.5, 0.5) per axis. At
/// each decision the driver heads towards the goal with probability <see cref="TowardShare"/>, else away from it: to w, the centre of
/// the next cell of the shortest path, or of a neighbour that is farther from the goal (in a dead end, of its own cell), plus
/// U(−0.2, 0.2) per axis; a = clip(4 (w − x) + noise N(0, 1), ±1).
/// </remarks>
public sealed record StitchData
{
    const int ShardLength = 10_000;

    /// <summary>Probability of heading towards the goal, in [0, 1].</summary>
    public double TowardShare { get; init; } = 0.35;

    /// <summary>Standard deviation of the noise on the actions, at least 0.</summary>
    public double Noise { get; init; } = 0.5;

    /// <summary>Decisions in a piece at most, at least 1: too few to get from start to goal.</summary>
    public int MaxLength { get; init; } = 5;

    /// <summary>Collects pieces until there are N transitions; the last piece may be cut.</summary>
    /// <param name="environment">A task that ends at its goal.</param>
    /// <param name="seed">Where every draw comes from.</param>
    /// <param name="size">N, at least 1.</param>
    /// <param name="threads">At most this many, 0 for one a core; the bits do not depend on it.</param>
    public Transitions Collect(PointMaze environment, Seed seed, int size, int threads = 0) =>
        Columns.Collect(environment, seed, size, threads, ShardLength, Roll(environment)).ToTransitions(Name(environment));

    /// <summary>The same transitions in pieces, made as they are asked for: for data sets beyond memory. An episode never crosses pieces.</summary>
    /// <param name="environment">As above.</param>
    /// <param name="seed">As above.</param>
    /// <param name="size">N in all, at least 1.</param>
    /// <param name="threads">As above.</param>
    public IEnumerable<Transitions> Pieces(PointMaze environment, Seed seed, long size, int threads = 0) =>
        Columns.Pieces(environment, seed, size, 50 * ShardLength, threads, ShardLength, Roll(environment)).Select(columns => columns.ToTransitions(Name(environment)));

    static string Name(PointMaze environment) => $"{environment.Name}/pieces";

    Action<Columns, Seed, int, int> Roll(PointMaze environment)
    {
        Check.That(environment.EndsAtGoal, environment.Name, "a task that ends at its goal", "one that never ends", "Use WanderingData.");
        Check.That(TowardShare is >= 0 and <= 1, nameof(TowardShare), "a number in [0, 1]", TowardShare);
        Check.AtLeast(Noise, 0, nameof(Noise));
        Check.AtLeast(MaxLength, 1, nameof(MaxLength));
        return Shard;

        void Shard(Columns columns, Seed shard, int first, int last)
        {
            var row = first;
            for (var piece = 0UL; row < last; piece++)
                row = Piece(environment, columns, shard.Split(piece), row, Math.Min(row + MaxLength, last));
        }
    }

    // Writes the rows first … last − 1, fewer when the goal is reached; returns the row after the piece.
    int Piece(PointMaze environment, Columns columns, Seed seed, int first, int last)
    {
        var (maze, draws, noise) = (environment.Maze, seed.Split("draws"), seed.Split("noise"));
        Span<double> state = stackalloc double[4];
        var start = draws.Below(0, maze.Cells.Length - 1);
        var (row, column) = maze.Cells[start < maze.Goal ? start : start + 1];
        (state[0], state[1]) = (row + draws.Uniform(1, 0.25), column + draws.Uniform(2, 0.25));
        (state[2], state[3]) = (draws.Uniform(3, 0.5), draws.Uniform(4, 0.5));
        PointMaze.Observe(state, columns.Observation(first));
        for (var (i, drawn) = (first, 5UL); ; i++, drawn += 4)
        {
            var cell = maze.CellAt(state[0], state[1]);
            (row, column) = maze.Cells[draws.Unit(drawn) < TowardShare ? maze.Next(cell, maze.Goal) : Farther(maze, cell, draws.Word(drawn + 1))];
            var (x, y) = (row + draws.Uniform(drawn + 2, 0.2), column + draws.Uniform(drawn + 3, 0.2));
            var step = 2 * (ulong)(i - first);
            var action = columns.Action(i);
            action[0] = (float)Math.Clamp(4 * (x - state[0]) + Noise * noise.Normal(step), -1, 1);
            action[1] = (float)Math.Clamp(4 * (y - state[1]) + Noise * noise.Normal(step + 1), -1, 1);
            var result = environment.Step(state, action, columns.NextObservation(i));
            columns.End(i, result, i + 1 == last);
            if (result.Terminal || i + 1 == last) return i + 1;
            columns.NextObservation(i).CopyTo(columns.Observation(i + 1));
        }
    }

    // One of the neighbours that are farther from the goal, else the cell itself.
    static int Farther(Maze maze, int cell, ulong draw)
    {
        Span<int> farther = stackalloc int[4];
        var count = 0;
        foreach (var neighbour in maze.Neighbours(cell))
            if (maze.Distance(neighbour, maze.Goal) > maze.Distance(cell, maze.Goal)) farther[count++] = neighbour;
        return count == 0 ? cell : farther[(int)(draw % (ulong)count)];
    }
}
