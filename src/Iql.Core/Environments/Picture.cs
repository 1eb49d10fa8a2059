using System.Collections.Immutable;

namespace Iql.Environments;

/// <summary>A round bar of a picture; a disc if both ends are the same.</summary>
/// <param name="Radius">Half its thickness.</param>
/// <param name="Colour">"#0072b2".</param>
public readonly record struct PictureBar(double Radius, string Colour);

/// <summary>A moment of a picture.</summary>
/// <param name="Ends">x and y of both ends, bar after bar.</param>
/// <param name="X">Place of the moving thing, to the right.</param>
/// <param name="Y">The same, downwards.</param>
public readonly record struct PictureMoment(double[] Ends, double X, double Y);

/// <summary>How a picture moves with its subject.</summary>
public enum PictureMotion
{
    /// <summary>No motion.</summary>
    Still,
    /// <summary>Follows along a floor at y = 0: a view from the side.</summary>
    AlongFloor,
    /// <summary>Follows everywhere: a view from above.</summary>
    OverGround,
}

/// <summary>The maze below a picture.</summary>
/// <param name="Maze">Walls and ways.</param>
/// <param name="Goal">x and y of the goal.</param>
/// <param name="Observe">The observation at rest at (x, y), else as at the start; null where the episode has
/// ended.</param>
public sealed record PictureMaze(Maze Maze, (double X, double Y) Goal, Func<double, double, float[]?> Observe)
{
    /// <summary>Side of a cell.</summary>
    public double Side { get; init; } = 1;
    /// <summary>x and y of the middle of the first row's first cell.</summary>
    public (double X, double Y) Origin { get; init; }
    /// <summary>Distance within which the goal is reached.</summary>
    public double GoalRadius { get; init; } = 0.5;
    /// <summary>Squares of colour along a cell, for values of places.</summary>
    public int Squares { get; init; } = 8;
    /// <summary>x and y of a cell's middle.</summary>
    public (double X, double Y) Middle(int row, int column) => (Origin.X + Side * column, Origin.Y + Side * row);
}

/// <summary>The drawing of an episode: bars that move in a plane, x right and y down, in metres or cells.</summary>
/// <param name="Seconds">Time from decision to decision.</param>
/// <param name="Bars">The bars, from back to front.</param>
/// <param name="Show">The places of the bars in a state.</param>
/// <param name="Frame">Two corners of the visible part, relative to the moving thing.</param>
public sealed record Picture(double Seconds, ImmutableArray<PictureBar> Bars, Func<double[], PictureMoment> Show,
    (double Left, double Top, double Right, double Bottom) Frame)
{
    /// <summary>How it follows the moving thing.</summary>
    public PictureMotion Motion { get; init; }
    /// <summary>The maze below, or null.</summary>
    public PictureMaze? Maze { get; init; }

    /// <summary>The visible part of a maze, with a bit of the walls around.</summary>
    internal static (double Left, double Top, double Right, double Bottom) Inside(PictureMaze maze)
    {
        var (left, top) = maze.Middle(0, 0);
        var (right, bottom) = maze.Middle(maze.Maze.Rows - 1, maze.Maze.Columns - 1);
        var bit = maze.Side / 5;
        return (left + bit, top + bit, right - bit, bottom - bit);
    }

    /// <summary>A disc in a maze.</summary>
    /// <param name="maze">Cells of side 1.</param>
    /// <param name="place">Row and column in a state, with <paramref name="shift"/>.</param>
    /// <param name="observe">The observation at a row and a column, counted alike.</param>
    /// <param name="shift">A cell's middle less its number.</param>
    internal static Picture OfDisc(Maze maze, double seconds, Func<double[], (double Row, double Column)> place,
        Func<double, double, float[]?> observe, double shift = 0)
    {
        var (row, column) = maze.Cells[maze.Goal];
        var plan = new PictureMaze(
            maze, (column + shift, row + shift), (x, y) => observe(y - shift, x - shift));
        return new(seconds, [new(0.1, "#0072b2")], Show, Inside(plan)) { Maze = plan };

        PictureMoment Show(double[] state)
        {
            var (y, x) = place(state);
            (x, y) = (x + shift, y + shift);
            return new([x, y, x, y], x, y);
        }
    }
}
