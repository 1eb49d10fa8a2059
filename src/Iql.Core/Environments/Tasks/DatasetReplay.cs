using Iql.Data.Files;
using Iql.Data.Files.Arrays;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>Replays decisions of a data set: from a row's state and action, are the next observation and the reward the
/// environment's? One decision at a time, so that errors do not add up.</summary>
/// <remarks>A step also reads the solver's warm start and the ant's last known x. Both are left by the decision before,
/// which is therefore replayed first; at an episode's start they follow from the state.</remarks>
public static class DatasetReplay
{
    /// <summary>Rows to replay by default.</summary>
    public const int StandardRows = 2000;

    // Errors that count, as a share of 1 + |x|. Files of gym and ours stay below 1e-4 in observations and 1e-5 in
    // rewards; D4RL's are of older simulators (antmaze: 2e-4). A wrong reward is a thousand times the median off.
    const double StateTolerance = 5e-3, RewardFloor = 1e-4, RewardTolerance = 1e-2, Unusual = 1000;

    /// <summary>Replays rows of a data set.</summary>
    /// <param name="environment">A task whose episodes share a model; needs the MuJoCo library.</param>
    /// <param name="raw">The columns, of the task's sizes.</param>
    /// <param name="file">Their file, for infos/qpos and infos/qvel, or null.</param>
    /// <param name="terminalsLead">Whether a terminal row's next observation is its own: not in D4RL parity.</param>
    /// <exception cref="FileException">Observations or actions of other sizes than the task's.</exception>
    public static ReplayReport Of(MujocoEnvironment environment, RawDataset raw, IArrayFile? file = null,
        int rows = StandardRows, bool terminalsLead = true)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        if (raw.ObservationSize != environment.ObservationSize
            || raw.ActionKind != ActionKind.Continuous || raw.ActionSize != environment.ActionSize)
            throw new InvalidDataException(
                $"{raw.Source}: expected {environment.ActionSpace.Beside(environment.ObservationSize)}, as in " +
                $"{environment.Name}, got " +
                $"{new ActionSpace(raw.ActionKind, raw.ActionSize).Beside(raw.ObservationSize)}.");
        var task = environment.World.Task;
        Check.That(!task.ChangesModel, nameof(environment),
            "a task whose state is told by positions and velocities", environment.Name);
        var states = new RobotStates(raw, task, file);
        List<(int Row, double Error)> missed = [], rewards = [], before = [];
        var wrong = new List<int>();
        Span<double> state = stackalloc double[environment.StateSize], action = stackalloc double[raw.ActionSize];
        Span<double> observation = stackalloc double[raw.ObservationSize];
        for (var i = 0; i < Math.Min(rows, raw.Count); i++)
        {
            var row = raw.Count <= rows ? i : (int)((long)i * raw.Count / rows);
            var next = Next(raw, row);
            if (next.IsEmpty || raw.Terminals[row] && !terminalsLead || !Prepare(environment, raw, states, row, state))
                continue;
            Action(raw, row, action);
            var reward = environment.StepInFull(state, action, observation).Reward;
            var error = Distance(observation, next, out var met);
            if (double.IsNaN(error)) continue;
            missed.Add((row, error));
            if (!met) wrong.Add(row);
            else if (task is not (AntMaze or Maze2D)) rewards.Add((row, Math.Abs(raw.Rewards[row] - reward)));
            else if (task is Maze2D maze)
            {
                rewards.Add((row, Math.Abs(raw.Rewards[row] - reward)));
                var place = raw.Observations.AsSpan(row * raw.ObservationSize, 2);
                before.Add((row, Math.Abs(raw.Rewards[row] - maze.Reward(place[0], place[1]))));
            }
        }
        var rule = $"{environment.Name}'s own";
        if (task is Maze2D)
        {
            var first = Wrong(raw, before).Count() <= Wrong(raw, rewards).Count();
            if (first) rewards = before;
            rule = $"{rule}, of the place {(first ? "before the action, as D4RL has it" : "after the action")}";
        }
        else if (task is AntMaze ants)
        {
            var ((x, y), errors) = AntMazeRewards.Of(ants, raw);
            rewards = errors;
            rule = Invariant.Say($"{rule}, of one goal that fits them best, at ({x:F2}, {y:F2})");
        }
        return new(environment.Name, states.Source,
            missed.Count, Median(missed), Largest(missed), WrongStates: [.. wrong],
            rule, rewards.Count, Median(rewards), Largest(rewards), WrongRewards: [.. Wrong(raw, rewards)]);
    }

    /// <summary>The full state before a row's decision; false where it is unknown.</summary>
    static bool Prepare(MujocoEnvironment environment, RawDataset raw, RobotStates states, int row, Span<double> state)
    {
        state.Clear();
        var begins = row == 0 || Ends(raw, row - 1);
        if (!begins && states.TryRead(row - 1, environment.Positions(state), environment.Velocities(state)))
        {
            Begin(environment, state);
            Span<double> action = stackalloc double[raw.ActionSize], reached = stackalloc double[raw.ObservationSize];
            Action(raw, row - 1, action);
            environment.StepInFull(state, action, reached);
            // Flags may be wrong: where the decision before leads elsewhere, this row starts an episode.
            Distance(reached, raw.Observations.AsSpan(row * raw.ObservationSize, raw.ObservationSize), out var met);
            if (met) return states.TryRead(row, environment.Positions(state), environment.Velocities(state));
        }
        state.Clear();
        // The ant's last x is lost with the decision before.
        if (!begins && environment.World.Task is Locomotion { TrackedBody: >= 0 }) return false;
        if (!states.TryRead(row, environment.Positions(state), environment.Velocities(state))) return false;
        Begin(environment, state);
        return true;
    }

    /// <summary>Sets the warm start and the memory as a reset does.</summary>
    static void Begin(MujocoEnvironment environment, Span<double> state)
    {
        var simulation = environment.Show(state);
        var (positions, velocities) = (environment.Positions(state).Length, environment.Velocities(state).Length);
        simulation.WarmStart.CopyTo(state.Slice(positions + velocities, velocities));
        if (environment.World.Task is Locomotion { TrackedBody: >= 0 } robot)
            environment.Memory(state)[0] = simulation.BodyPosition(robot.TrackedBody)[0];
    }

    static bool Ends(RawDataset raw, int row) => raw.Terminals[row] || raw.Timeouts is { } timeouts && timeouts[row];

    /// <summary>s′ of a row; empty where it is unknown.</summary>
    static ReadOnlySpan<float> Next(RawDataset raw, int row) =>
        raw.NextObservations is { } next ? next.AsSpan(row * raw.ObservationSize, raw.ObservationSize)
        : row + 1 < raw.Count && !Ends(raw, row)
            ? raw.Observations.AsSpan((row + 1) * raw.ObservationSize, raw.ObservationSize) : [];

    static void Action(RawDataset raw, int row, Span<double> action)
    {
        for (var i = 0; i < action.Length; i++) action[i] = raw.Actions[row * action.Length + i];
    }

    static double Distance(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, out bool met)
    {
        var most = 0.0;
        met = true;
        for (var i = 0; i < actual.Length; i++)
        {
            var error = Math.Abs(expected[i] - actual[i]);
            most = double.IsNaN(error) ? double.NaN : Math.Max(most, error);
            met &= error <= StateTolerance * (1 + Math.Abs(expected[i]));
        }
        return most;
    }

    static IEnumerable<int> Wrong(RawDataset raw, List<(int Row, double Error)> errors)
    {
        var tolerance = Math.Clamp(Unusual * Median(errors), RewardFloor, RewardTolerance);
        return errors.Where(pair => !(pair.Error <= tolerance * (1 + Math.Abs(raw.Rewards[pair.Row]))))
            .Select(pair => pair.Row);
    }

    static double Largest(List<(int Row, double Error)> errors) =>
        errors.Select(pair => pair.Error).DefaultIfEmpty().Max();

    static double Median(List<(int Row, double Error)> errors) =>
        errors.Count == 0 ? 0 : errors.Select(pair => pair.Error).Order().ElementAt(errors.Count / 2);
}
