namespace Iql.Environments;

/// <summary>The three mazes of D4RL's Maze2D, version 1.</summary>
public static class Mazes
{
    /// <summary>A U of 7 free cells, the goal at one end.</summary>
    public static Maze UMaze { get; } = new(
        "#####",
        "#GOO#",
        "###O#",
        "#OOO#",
        "#####");

    /// <summary>The U with a start at the other end, 6 cells from the goal.</summary>
    public static Maze UMazeStitch { get; } = Starting(UMaze, 3, 1);

    /// <summary>26 free cells, the goal in the lower right.</summary>
    public static Maze Medium { get; } = new(
        "########",
        "#OO##OO#",
        "#OO#OOO#",
        "##OOO###",
        "#OO#OOO#",
        "#O#OO#O#",
        "#OOO#OG#",
        "########");

    /// <summary>46 free cells, the goal in the lower right.</summary>
    public static Maze Large { get; } = new(
        "############",
        "#OOOO#OOOOO#",
        "#O##O#O#O#O#",
        "#OOOOOO#OOO#",
        "#O####O###O#",
        "#OO#O#OOOOO#",
        "##O#O#O#O###",
        "#OO#OOO#OGO#",
        "############");

    /// <summary>The U as AntMaze has it: from its upper to its lower end.</summary>
    public static Maze UMazeAcross { get; } = new(
        "#####",
        "#SOO#",
        "###O#",
        "#GOO#",
        "#####");

    /// <summary>The medium maze with a start in the upper left, 10 cells from the goal.</summary>
    public static Maze MediumStitch { get; } = Starting(Medium, 1, 1);
    /// <summary>The large maze with a start in the upper left, 14 cells from the goal.</summary>
    public static Maze LargeStitch { get; } = Starting(Large, 1, 1);

    static Maze Starting(Maze maze, int row, int column) => new(
        [.. maze.Drawing.Select((text, r) => r == row ? $"{text[..column]}S{text[(column + 1)..]}" : text)]);
}
