using System.Collections.Immutable;
using static Iql.Invariant;

namespace Iql.Environments.Mujoco;

/// <summary>D4RL's AntMaze, version 2: an ant walks from one end of a maze to the other. Observation [29]: positions
/// and velocities; action [8]: the motors' torques as shares of 30. Reward 1 and the end within 0.5 of the goal, else
/// 0; a fall ends nothing.</summary>
/// <remarks>Fu et al. 2020, arXiv:2004.07219; code d4rl/locomotion. Cells are 4 wide. The start cell's corner is the
/// origin; x runs along the drawing, y down it. Each episode draws a goal, unobserved: its cell plus U(0, 1) plus U(0,
/// 0.5) per axis.</remarks>
public sealed class AntMaze : IMujocoTask
{
    /// <summary>Side of a cell.</summary>
    public const double CellSize = 4;
    /// <summary>Distance within which the goal is reached.</summary>
    public const double GoalRadius = 0.5;

    const double Torque = 30;
    readonly Maze maze;
    readonly ImmutableArray<int> starts, goals;
    readonly bool wanders;

    /// <summary>A task in a maze.</summary>
    public AntMaze(Maze maze) : this(maze, [maze.Start], [maze.Goal], wanders: false)
    {
    }

    AntMaze(Maze maze, ImmutableArray<int> starts, ImmutableArray<int> goals, bool wanders)
    {
        Check.That(maze.Start >= 0, nameof(maze), "a maze with a start 'S'", "none");
        (this.maze, this.starts, this.goals, this.wanders) = (maze, starts, goals, wanders);
        Model = Ant.Mjcf(timeStep: "0.02", contact: """ solref="0.02 1" solimp="0.8 0.8 0.01" """,
            gear: "1", range: "-30 30", walls: string.Concat(Walls()));
    }

    /// <summary>The same maze for data: goals change by episode, end nothing and are two more numbers of the
    /// observation. A start is a cell's corner plus U(0, 1) per axis.</summary>
    /// <param name="goals">Goal cells.</param>
    public AntMaze Wandering(ImmutableArray<int> starts, ImmutableArray<int> goals) =>
        new(maze, starts, goals, wanders: true);

    /// <summary>The maze.</summary>
    public Maze Maze => maze;
    public string Model { get; }
    public int PositionCount => 15;
    public int VelocityCount => 14;
    public int ActionSize => 8;
    public int ObservationSize => wanders ? 31 : 29;
    /// <summary>The goal's x and y.</summary>
    public int MemorySize => 2;
    public string MemoryName => "infos/goal";
    public int FrameSkip => 5;

    /// <summary>x and y of a cell's corner, the origin of its noise.</summary>
    public (double X, double Y) Corner(int cell)
    {
        var ((row, column), (startRow, startColumn)) = (maze.Cells[cell], maze.Cells[maze.Start]);
        return (CellSize * (column - startColumn), CellSize * (row - startRow));
    }

    /// <summary>The free cell of a place in D4RL's planner (corners lie mid-way); −1 in a wall.</summary>
    public int CellAt(double x, double y)
    {
        var (row, column) = Place(x, y);
        return maze.CellAt(row, column);
    }

    /// <summary>The next cell on the shortest way to a cell; from a wall's edge, the nearest free neighbour.</summary>
    public int Next(double x, double y, int target)
    {
        var cell = CellAt(x, y);
        if (cell >= 0) return maze.Next(cell, target);
        var (row, column) = Place(x, y);
        foreach (var (r, c) in new[] { (row, column - 1), (row, column + 1), (row + 1, column), (row - 1, column) })
        {
            var neighbour = maze.CellAt(r, c);
            if (neighbour >= 0 && (cell < 0 || maze.Distance(neighbour, target) < maze.Distance(cell, target)))
                cell = neighbour;
        }
        return cell >= 0 ? cell : target;
    }

    (int Row, int Column) Place(double x, double y)
    {
        var (startRow, startColumn) = maze.Cells[maze.Start];
        return ((int)(startRow + y / CellSize), (int)(startColumn + x / CellSize));
    }

    /// <summary>A goal in a cell: corner plus U(0, 1) plus U(0, 0.5) per axis, at least 0.</summary>
    public (double X, double Y) Goal(int cell, Seed seed)
    {
        var (x, y) = Corner(cell);
        return (Math.Max(x + seed.Unit(0) + 0.5 * seed.Unit(1), 0), Math.Max(y + seed.Unit(2) + 0.5 * seed.Unit(3), 0));
    }

    /// <summary>Positions plus U(−0.1, 0.1) at the start cell's corner, velocities 0.1 N(0, 1), a new goal.</summary>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory)
    {
        Span<double> positions = simulation.Positions, velocities = simulation.Velocities;
        for (var i = 0; i < positions.Length; i++) positions[i] += seed.Uniform((ulong)i, 0.1);
        var draws = seed.Split("velocities");
        for (var i = 0; i < velocities.Length; i++) velocities[i] = 0.1 * draws.Normal((ulong)i);
        var places = seed.Split("places");
        if (wanders && starts.Length > 0)
        {
            var (x, y) = Corner(starts[places.Below(0, starts.Length)]);
            (positions[0], positions[1]) = (Math.Max(x + places.Unit(1), 0), Math.Max(y + places.Unit(2), 0));
        }
        simulation.Forward();
        (memory[0], memory[1]) = Goal(goals[places.Below(3, goals.Length)], seed.Split("goal"));
    }

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        for (var i = 0; i < action.Length; i++) simulation.Controls[i] = Torque * action[i];
        simulation.Step(FrameSkip);
        var (x, y) = (simulation.Positions[0] - memory[0], simulation.Positions[1] - memory[1]);
        var there = Math.Sqrt(x * x + y * y) <= GoalRadius;
        return new(there ? 1 : 0, there && !wanders);
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        simulation.Positions.CopyTo(observation);
        simulation.Velocities.CopyTo(observation[PositionCount..]);
        if (wanders) memory.CopyTo(observation[29..]);
    }

    public Picture Draw(MujocoEnvironment environment, double[] start, float[] observation)
    {
        var (startRow, startColumn) = maze.Cells[maze.Start];
        var goal = environment.Memory(start);
        var plan = new PictureMaze(maze, (goal[0], goal[1]), (x, y) =>
            [
                (float)x, (float)y, .. observation[2..PositionCount],
                .. new float[observation.Length - PositionCount],
            ])
        { Side = CellSize, Origin = (-CellSize * startColumn, -CellSize * startRow) };
        var picture = MujocoPicture.Above(environment);
        return picture with { Maze = plan, Frame = Picture.Inside(plan), Motion = PictureMotion.Still };
    }

    IEnumerable<string> Walls()
    {
        var (startRow, startColumn) = maze.Cells[maze.Start];
        return
            from row in Enumerable.Range(0, maze.Rows)
            from column in Enumerable.Range(0, maze.Columns)
            where maze.IsWall(row, column)
            let place = Say($"{CellSize * (column - startColumn)} {CellSize * (row - startRow)} 1")
            select $"<geom type=\"box\" size=\"2 2 1\" pos=\"{place}\" contype=\"1\" conaffinity=\"1\"/>\n";
    }
}
