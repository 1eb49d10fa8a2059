namespace Iql.Environments;

/// <summary>Drives a disc to a target along the shortest path of cells: a = clip(p (w − x) − d v, ±1) towards waypoint
/// w, and the next one within 0.1 of it. Waypoints are cells' centres plus U(−0.1, 0.1), the target the last.</summary>
/// <remarks>D4RL's Maze2D controller has p = 10, d = 1 and, in its shifted coordinates, an offset of −0.1. Its further
/// rule, that the last displacement is below 0.1 at a waypoint, always holds.</remarks>
/// <param name="maze">Where it drives.</param>
/// <param name="proportional">p, 1 per cell.</param>
/// <param name="derivative">d, seconds per cell.</param>
/// <param name="offset">The middle of ways less a cell's number, per axis.</param>
public struct WaypointController(
    Maze maze, Seed seed, double proportional = 10, double derivative = 1, double offset = 0)
{
    /// <summary>A waypoint counts as reached below this distance, in cells.</summary>
    public const double Near = 0.1;

    ulong draws;
    int cell, targetCell;
    double targetX, targetY, waypointX, waypointY;

    /// <summary>Plans the way between two points in free cells.</summary>
    public void Aim(double x, double y, double targetX, double targetY)
    {
        (this.targetX, this.targetY) = (targetX, targetY);
        (cell, targetCell) = (maze.CellAt(x, y), maze.CellAt(targetX, targetY));
        Check.That(cell >= 0 && targetCell >= 0, "path", "two points in free cells",
            $"({x}, {y}) to ({targetX}, {targetY})");
        Advance();
    }

    /// <summary>The next action, to the next waypoint if this one is reached.</summary>
    /// <param name="state">x, y, v_x, v_y.</param>
    /// <param name="action">Written, [2].</param>
    /// <returns>Whether the target is reached; the action then holds the disc there.</returns>
    public bool Act(ReadOnlySpan<double> state, Span<float> action)
    {
        var near = Square(waypointX - state[0], waypointY - state[1]) < Near * Near;
        var reached = near && cell == targetCell;
        if (near && !reached) Advance();
        action[0] = (float)Math.Clamp(proportional * (waypointX - state[0]) - derivative * state[2], -1, 1);
        action[1] = (float)Math.Clamp(proportional * (waypointY - state[1]) - derivative * state[3], -1, 1);
        return reached;
    }

    void Advance()
    {
        cell = maze.Next(cell, targetCell);
        if (cell == targetCell)
        {
            (waypointX, waypointY) = (targetX, targetY);
            return;
        }
        var (row, column) = maze.Cells[cell];
        waypointX = row + offset + seed.Uniform(draws, 0.1);
        waypointY = column + offset + seed.Uniform(draws + 1, 0.1);
        draws += 2;
    }

    static double Square(double x, double y) => x * x + y * y;
}
