namespace Iql.Environments;

/// <summary>A walk through a maze, cell by cell, with four discrete actions: 0 up, 1 down, 2 left, 3 right in the
/// drawing. A move into a wall has no effect. Observation [cells]: one-hot, so a linear network is a table. Reward 1
/// and a terminal at the goal, else 0. Only the start is random, any free cell but the goal.</summary>
public sealed class GridMaze : IEnvironment
{
    readonly int[] after;

    /// <summary>A task in a maze.</summary>
    /// <param name="maze">Walls and goal; its start cell is not used.</param>
    public GridMaze(string name, Maze maze, int timeLimit)
    {
        Check.AtLeast(timeLimit, 1, nameof(timeLimit));
        (Name, Maze, TimeLimit) = (name, maze, timeLimit);
        after = [.. Enumerable.Range(0, maze.Cells.Length).SelectMany(cell => Maze.Moves.Select(move =>
        {
            var there = maze.CellAt(maze.Cells[cell].Row + move.Row, maze.Cells[cell].Column + move.Column);
            return there < 0 ? cell : there;
        }))];
    }

    public string Name { get; }
    /// <summary>Walls and goal.</summary>
    public Maze Maze { get; }
    public int TimeLimit { get; }
    public int ObservationSize => Maze.Cells.Length;
    public ActionSpace ActionSpace => ActionSpace.Discrete(Maze.Moves.Length);
    /// <summary>The cell's number.</summary>
    public int StateSize => 1;

    /// <summary>The cell after a move.</summary>
    /// <param name="cell">Number of a free cell.</param>
    /// <param name="action">0 up, 1 down, 2 left, 3 right.</param>
    public int After(int cell, int action) => after[cell * Maze.Moves.Length + action];

    /// <summary>The first action of a shortest walk from a cell to the goal; at the goal, 0.</summary>
    public int Best(int cell) =>
        Enumerable.Range(0, ActionSpace.Size).FirstOrDefault(move => After(cell, move) == Maze.Next(cell, Maze.Goal));

    /// <summary>Starts in any free cell but the goal's.</summary>
    public void Reset(Seed seed, Span<double> state, Span<float> observation)
    {
        state[0] = Maze.Elsewhere(seed, 0);
        Observe((int)state[0], observation);
    }

    public StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation)
    {
        var cell = After((int)state[0], ActionSpace.Choice(action));
        state[0] = cell;
        Observe(cell, observation);
        return new(cell == Maze.Goal ? 1 : 0, cell == Maze.Goal);
    }

    public Picture Draw(double[] start, float[] observation)
    {
        // A walk in cells has no time.
        var picture = Picture.OfDisc(Maze, seconds: 0.4, state => Maze.Cells[(int)state[0]], Rest);
        return picture with { Maze = picture.Maze! with { Squares = 1 } };
    }

    float[]? Rest(double row, double column)
    {
        var (cell, observation) = (Maze.CellAt(row, column), new float[ObservationSize]);
        if (cell == Maze.Goal) return null;
        Observe(cell, observation);
        return observation;
    }

    /// <summary>The observation of a cell.</summary>
    public static void Observe(int cell, Span<float> observation) => ActionSpace.Write(cell, observation);
}
