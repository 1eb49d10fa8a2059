using System.Runtime.CompilerServices;

namespace Iql.Environments;

/// <summary>A disc in a maze with a goal. State [4] and observation [4]: x, y, v_x, v_y; action [2]: the force, held
/// for <see cref="FrameSkip"/> physics steps. Reward 1 within 0.5 of the goal cell's centre after the decision, else 0.
/// The rules are D4RL Maze2D's (Fu et al. 2020, arXiv:2004.07219), the physics is our own.</summary>
public sealed class PointMaze : IEnvironment
{
    /// <summary>Distance within which the goal is reached, in cells.</summary>
    public const double GoalRadius = 0.5;

    readonly double goalX, goalY;

    /// <summary>A task in a maze.</summary>
    /// <param name="maze">Walls and goal; with a start cell every episode starts there, else in any free cell.</param>
    /// <param name="endsAtGoal">Whether the goal is terminal; else rewards go on, as in Maze2D.</param>
    /// <param name="frameSkip">Physics steps in a decision, at least 1.</param>
    /// <param name="physics">Maze2D's numbers when not given.</param>
    /// <param name="gusts">Standard deviation of the wind, at least 0: N(0, gusts²) is added to each action.</param>
    public PointMaze(string name, Maze maze, int timeLimit, bool endsAtGoal = false, int frameSkip = 1,
        PointMass? physics = null, double gusts = 0)
    {
        Check.AtLeast(timeLimit, 1, nameof(timeLimit));
        Check.AtLeast(frameSkip, 1, nameof(frameSkip));
        Check.AtLeast(gusts, 0, nameof(gusts));
        (Name, Maze, TimeLimit, EndsAtGoal, FrameSkip, Gusts) = (name, maze, timeLimit, endsAtGoal, frameSkip, gusts);
        Physics = (physics ?? new()).Checked();
        (goalX, goalY) = maze.Cells[maze.Goal];
    }

    public string Name { get; }
    /// <summary>Walls, goal, start.</summary>
    public Maze Maze { get; }
    /// <summary>The physics of the disc.</summary>
    public PointMass Physics { get; }
    /// <summary>Physics steps in a decision.</summary>
    public int FrameSkip { get; }
    /// <summary>Whether the goal is terminal.</summary>
    public bool EndsAtGoal { get; }
    /// <summary>Standard deviation of the wind, per axis and decision, in units of action.</summary>
    public double Gusts { get; }
    public int TimeLimit { get; }
    public int ObservationSize => 4;
    public ActionSpace ActionSpace => ActionSpace.Continuous(2);
    /// <summary>With wind one more: the seed of what is to come.</summary>
    public int StateSize => Gusts > 0 ? 5 : 4;

    /// <summary>Whether a point is within <see cref="GoalRadius"/> of the goal.</summary>
    public bool AtGoal(double x, double y)
    {
        var (dx, dy) = (x - goalX, y - goalY);
        return dx * dx + dy * dy <= GoalRadius * GoalRadius;
    }

    /// <summary>The start cell, or any free cell (not the goal's if it is terminal), plus U(−0.1, 0.1) per axis;
    /// velocity 0.1 N(0, 1) per axis.</summary>
    public void Reset(Seed seed, Span<double> state, Span<float> observation)
    {
        var (row, column) = Maze.Cells[Maze.Start >= 0 ? Maze.Start
            : EndsAtGoal ? Maze.Elsewhere(seed, 0) : seed.Below(0, Maze.Cells.Length)];
        (state[0], state[1]) = (row + seed.Uniform(1, 0.1), column + seed.Uniform(2, 0.1));
        (state[2], state[3]) = (0.1 * seed.Normal(2), 0.1 * seed.Normal(3));
        Begin(seed, state);
        Observe(state, observation);
    }

    /// <summary>The wind of an episode that starts in a state.</summary>
    internal void Begin(Seed episode, Span<double> state)
    {
        if (Gusts > 0) state[4] = episode.Split("gusts").AsScalar();
    }

    public StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation)
    {
        double actionX = Math.Clamp(action[0], -1f, 1f), actionY = Math.Clamp(action[1], -1f, 1f);
        if (Gusts > 0)
        {
            var wind = new Seed((ulong)state[4]);
            actionX += Gusts * wind.Normal(0);
            actionY += Gusts * wind.Normal(1);
            state[4] = wind.Split("next").AsScalar();
        }
        Physics.Advance(Maze, state, actionX, actionY, FrameSkip);
        Observe(state, observation);
        var there = AtGoal(state[0], state[1]);
        return new(there ? 1 : 0, there && EndsAtGoal);
    }

    public Picture Draw(double[] start, float[] observation) => Picture.OfDisc(Maze, Physics.TimeStep * FrameSkip,
        state => (state[0], state[1]), (row, column) => [(float)row, (float)column, 0, 0]);

    /// <summary>The observation of a state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Observe(ReadOnlySpan<double> state, Span<float> observation)
    {
        for (var i = 0; i < 4; i++) observation[i] = (float)state[i];
    }
}
