namespace Iql.Environments.Tasks;

/// <summary>Logs of a careless driver, for tasks with a far goal. Pieces are short: none leads from start to goal, and
/// at every place most actions lead away from it. Copying the actions fails. So do values of the frequent actions (τ =
/// 0.5). The best actions at each place (τ near 1) stitch pieces into the whole way.</summary>
/// <remarks>A piece starts in any free cell but the goal's: at its centre plus U(−0.25, 0.25) per axis, with velocity
/// U(−0.5, 0.5) per axis. A decision heads towards the goal with probability <see cref="TowardShare"/>, else away. Its
/// target w is a cell's centre plus U(−0.2, 0.2) per axis: the next cell of the shortest path, or a neighbour farther
/// from the goal (in a dead end, the own cell). a = clip(4 (w − x) + noise N(0, 1), ±1).</remarks>
public sealed record StitchData
{
    /// <summary>Probability of heading towards the goal, in [0, 1].</summary>
    public double TowardShare { get; init; } = 0.35;
    /// <summary>Standard deviation of the noise on the actions, at least 0.</summary>
    public double Noise { get; init; } = 0.5;
    /// <summary>Maximum decisions in a piece, at least 1: too few to get from start to goal.</summary>
    public int MaxLength { get; init; } = 5;

    /// <summary>The recipe in a maze that ends at its goal.</summary>
    public Recipe In(PointMaze environment)
    {
        Check.That(environment.EndsAtGoal, environment.Name, "a task that ends at its goal", "one that never ends",
            "Use WanderingData.");
        Check.That(TowardShare is >= 0 and <= 1, nameof(TowardShare), "a number in [0, 1]", TowardShare);
        Check.AtLeast(Noise, 0, nameof(Noise));
        Check.AtLeast(MaxLength, 1, nameof(MaxLength));
        return Recipe.OfPieces(environment, "pieces", MaxLength, (columns, seed, first, last) =>
            Piece(environment, columns, seed, first, last));
    }

    // Writes rows first … last − 1, fewer at the goal; returns the row after the piece.
    int Piece(PointMaze environment, Columns columns, Seed seed, int first, int last)
    {
        var (maze, draws, noise) = (environment.Maze, seed.Split("draws"), seed.Split("noise"));
        Span<double> state = stackalloc double[environment.StateSize];
        var (row, column) = maze.Cells[maze.Elsewhere(draws, 0)];
        (state[0], state[1]) = (row + draws.Uniform(1, 0.25), column + draws.Uniform(2, 0.25));
        (state[2], state[3]) = (draws.Uniform(3, 0.5), draws.Uniform(4, 0.5));
        environment.Begin(seed, state);
        PointMaze.Observe(state, columns.Observation(first));
        for (var (i, drawn) = (first, 5UL); ; i++, drawn += 4)
        {
            var cell = maze.CellAt(state[0], state[1]);
            var toward = draws.Unit(drawn) < TowardShare;
            (row, column) =
                maze.Cells[toward ? maze.Next(cell, maze.Goal) : Farther(maze, cell, draws.Word(drawn + 1))];
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
