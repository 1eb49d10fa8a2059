namespace Iql.Environments;

/// <summary>The three mazes of D4RL's Maze2D, version 1.</summary>
public static class Mazes
{
    /// <summary>A U of 7 free cells.</summary>
    public static Maze UMaze { get; } = new(
        "#####",
        "#GOO#",
        "###O#",
        "#OOO#",
        "#####");

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

    /// <summary>The large one.</summary>
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
}
