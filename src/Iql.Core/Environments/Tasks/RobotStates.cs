using Iql.Data.Files;
using Iql.Data.Files.Arrays;
using Iql.Environments.Mujoco;

namespace Iql.Environments.Tasks;

/// <summary>Positions and velocities of a data set's rows, as far as they are known.</summary>
sealed class RobotStates
{
    readonly RawDataset raw;
    readonly IMujocoTask task;
    readonly double[]? positions, velocities;
    readonly int hidden;
    readonly double limit;

    /// <summary>Reads D4RL's infos/qpos and infos/qvel where the file has them.</summary>
    /// <param name="file">The open file, or null.</param>
    internal RobotStates(RawDataset raw, IMujocoTask task, IArrayFile? file)
    {
        (this.raw, this.task) = (raw, task);
        (hidden, limit) = task is Locomotion robot ? (robot.Hidden, robot.VelocityLimit) : (0, double.PositiveInfinity);
        (positions, velocities) = (Column("infos/qpos", task.PositionCount), Column("infos/qvel", task.VelocityCount));
        if (positions == null || velocities == null) (positions, velocities) = (null, null);

        double[]? Column(string name, int width) =>
            file?.Entries.FirstOrDefault(entry => entry.Name == name) is { Kind: "float64" or "float32" } entry
            && entry.Shape.AsSpan().SequenceEqual([raw.Count, width]) ? Wide(file.Read(name).Values) : null;
    }

    /// <summary>The source of states, in words.</summary>
    internal string Source => positions != null ? "infos/qpos and infos/qvel"
        : hidden == 0 ? "observations" : "observations, which show all but the way covered";

    /// <summary>Writes a row's state, but hidden positions; false for a clipped or infinite velocity.</summary>
    internal bool TryRead(int row, Span<double> position, Span<double> velocity)
    {
        if (positions != null)
        {
            positions.AsSpan(row * position.Length, position.Length).CopyTo(position);
            velocities.AsSpan(row * velocity.Length, velocity.Length).CopyTo(velocity);
            return true;
        }
        var observation = raw.Observations.AsSpan(row * raw.ObservationSize, raw.ObservationSize);
        for (var i = hidden; i < position.Length; i++) position[i] = observation[i - hidden];
        var known = true;
        for (var i = 0; i < velocity.Length; i++)
        {
            velocity[i] = observation[position.Length - hidden + i];
            known &= Math.Abs(velocity[i]) < limit;
        }
        return known;
    }

    static double[] Wide(Array numbers) =>
        numbers as double[] ?? Array.ConvertAll((float[])numbers, number => (double)number);
}
