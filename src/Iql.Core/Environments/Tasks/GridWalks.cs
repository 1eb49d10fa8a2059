namespace Iql.Environments.Tasks;

/// <summary>Logs of a careless walker in a <see cref="GridMaze"/>, like <see cref="StitchData"/>'s of a driver. In
/// short pieces most moves lead away from the goal. Frequent actions fail; the best make the shortest way.</summary>
/// <remarks>A piece starts in any free cell but the goal's. With probability <see cref="TowardShare"/> a move is that
/// of the shortest way. Else it is one of the moves away from the goal; in a dead end, into a wall.</remarks>
public sealed record GridWalks
{
    const int Actions = 4;

    /// <summary>Probability of a move towards the goal, in [0, 1].</summary>
    public double TowardShare { get; init; } = 0.35;
    /// <summary>Maximum moves in a piece, at least 1.</summary>
    public int MaxLength { get; init; } = 5;

    /// <summary>The recipe in a maze.</summary>
    public Recipe In(GridMaze environment)
    {
        Check.That(TowardShare is >= 0 and <= 1, nameof(TowardShare), "a number in [0, 1]", TowardShare);
        Check.AtLeast(MaxLength, 1, nameof(MaxLength));
        return Recipe.OfPieces(environment, "walks", MaxLength, (columns, seed, first, last) =>
            Piece(environment, columns, seed, first, last));
    }

    // Writes rows first … last − 1, fewer at the goal; returns the row after the piece.
    int Piece(GridMaze environment, Columns columns, Seed seed, int first, int last)
    {
        Span<double> state = [environment.Maze.Elsewhere(seed, 0)];
        GridMaze.Observe((int)state[0], columns.Observation(first));
        for (var (i, drawn) = (first, 1UL); ; i++, drawn += 2)
        {
            var cell = (int)state[0];
            var toward = seed.Unit(drawn) < TowardShare;
            ActionSpace.Write(toward ? environment.Best(cell) : Away(environment, cell, seed, drawn + 1),
                columns.Action(i));
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
