using static Iql.Invariant;

namespace Iql.Environments.Mujoco;

/// <summary>D4RL's Maze2D, version 1: a force pushes a ball through a maze to a goal. Observation [4] x, y, v_x, v_y;
/// action [2]. Reward 1 within 0.5 of the goal after the decision (dense: exp(−distance)); never terminal.</summary>
/// <remarks>Fu et al. 2020, arXiv:2004.07219; code d4rl/pointmaze/maze_model.py. Coordinates are cells' numbers: a
/// cell's middle lies at its number less 0.2. D4RL never corrected that, so nor do starts, goals and controllers here.
/// Velocities are clipped to ±5 before each step.</remarks>
public sealed class Maze2D : IMujocoTask
{
    /// <summary>Shift of the waypoints of D4RL's controller from a cell's number.</summary>
    public const double Offset = -0.1;

    // Middle: a cell's number less its middle.
    const double GoalRadius = 0.5, MaxSpeed = 5, Middle = 0.2;
    readonly Maze maze;
    readonly bool dense;
    readonly double goalX, goalY;

    /// <summary>A task in a maze.</summary>
    /// <param name="maze">Walls and goal.</param>
    /// <param name="dense">Whether the reward falls off with distance.</param>
    public Maze2D(Maze maze, bool dense)
    {
        (this.maze, this.dense) = (maze, dense);
        (goalX, goalY) = maze.Cells[maze.Goal];
        Model = $"""
            <mujoco model="maze2d">
              <compiler inertiafromgeom="true" coordinate="local"/>
              <option timestep="0.01" gravity="0 0 0" iterations="20" integrator="Euler"/>
              <default>
                <joint damping="1" limited="false"/>
                <geom friction="0.5 0.1 0.1" density="1000" margin="0.002" condim="1" contype="2" conaffinity="1"/>
              </default>
              <worldbody>
                <geom type="plane" pos="0 0 -0.1" size="40 40 0.25" contype="1" conaffinity="0"/>
                {string.Concat(Walls(maze))}
                <body name="particle" pos="1.2 1.2 0">
                  <joint name="bx" type="slide" axis="1 0 0"/>
                  <joint name="by" type="slide" axis="0 1 0"/>
                  <geom type="sphere" size="0.1" contype="1"/>
                </body>
              </worldbody>
              <actuator>
                <motor joint="bx" ctrllimited="true" ctrlrange="-1 1" gear="100"/>
                <motor joint="by" ctrllimited="true" ctrlrange="-1 1" gear="100"/>
              </actuator>
            </mujoco>
            """;
    }

    public string Model { get; }
    public int PositionCount => 2;
    public int VelocityCount => 2;
    public int ActionSize => 2;
    public int ObservationSize => 4;
    public int MemorySize => 0;
    public int FrameSkip => 1;

    /// <summary>The reward of being at a place.</summary>
    public double Reward(double x, double y)
    {
        var distance = Math.Sqrt((x - goalX) * (x - goalX) + (y - goalY) * (y - goalY));
        return dense ? Math.Exp(-distance) : distance <= GoalRadius ? 1 : 0;
    }

    /// <summary>Any free cell's number plus U(−0.1, 0.1) per axis; velocity 0.1 N(0, 1) per axis.</summary>
    public void Start(Seed seed, MujocoSimulation simulation, Span<double> memory)
    {
        var (row, column) = maze.Cells[seed.Below(0, maze.Cells.Length)];
        Span<double> positions = simulation.Positions, velocities = simulation.Velocities;
        (positions[0], positions[1]) = (row + seed.Uniform(1, 0.1), column + seed.Uniform(2, 0.1));
        (velocities[0], velocities[1]) = (0.1 * seed.Normal(2), 0.1 * seed.Normal(3));
        simulation.Forward();
    }

    public Outcome Step(MujocoSimulation simulation, ReadOnlySpan<double> action, Span<double> memory)
    {
        for (var i = 0; i < 2; i++)
        {
            simulation.Velocities[i] = Math.Clamp(simulation.Velocities[i], -MaxSpeed, MaxSpeed);
            simulation.Controls[i] = action[i];
        }
        simulation.Step(FrameSkip);
        return new(Reward(simulation.Positions[0], simulation.Positions[1]), false);
    }

    public void Observe(MujocoSimulation simulation, ReadOnlySpan<double> memory, Span<double> observation)
    {
        simulation.Positions.CopyTo(observation);
        simulation.Velocities.CopyTo(observation[2..]);
    }

    public Picture Draw(MujocoEnvironment environment, double[] start, float[] observation) =>
        Picture.OfDisc(maze, environment.Seconds, state => (state[0], state[1]),
            (row, column) => [(float)row, (float)column, 0, 0], Middle);

    static IEnumerable<string> Walls(Maze maze) =>
        from row in Enumerable.Range(0, maze.Rows)
        from column in Enumerable.Range(0, maze.Columns)
        where maze.IsWall(row, column)
        select Say($"<geom type=\"box\" size=\"0.5 0.5 0.2\" pos=\"{row + 1} {column + 1} 0\"/>\n");
}
