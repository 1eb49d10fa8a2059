using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Training;

namespace Iql.Estimation;

/// <summary>The policy of a run's last checkpoint, to be judged by data.</summary>
/// <param name="Checkpoint">SHA-256 of the checkpoint's file, 64 hexadecimal digits.</param>
sealed record JudgedPolicy(RunConfig Config, Learner Learner, LearnerState State, string Checkpoint)
{
    /// <summary>Reads it.</summary>
    /// <param name="data">Whose observations and actions have its sizes.</param>
    /// <exception cref="FileException">A file is damaged, or the policy has other sizes.</exception>
    /// <exception cref="InputException">There is no checkpoint, or another version's algorithm.</exception>
    internal static JudgedPolicy Read(RunFolder folder, Transitions data)
    {
        var config = folder.ReadConfig();
        var algorithm = Algorithm.Find(config.Algorithm) ?? throw new InputException(
            $"{folder.Path}: expected a run of {string.Join(", ", Algorithm.All.Select(each => each.Name))}, "
            + $"got one of {config.Algorithm}.");
        var learner = algorithm.Standard.FromJson(config.Hyperparameters)
            .Learner(data.ObservationSize, data.ActionSize);
        folder.Verified(config);
        var state = Iql.Training.Checkpoint.Load(folder, learner.Blocks[0], learner.Blocks[1])
            ?? throw new InputException($"{folder.Path}: expected a run with a checkpoint, found none. Train it first.");
        return new(config, learner, state, Sum(folder)!);
    }

    /// <summary>The checksum of a folder's checkpoint; null without one.</summary>
    internal static string? Sum(RunFolder folder) =>
        File.Exists(folder.CheckpointPath) ? MetricsMark.Sum(File.ReadAllBytes(folder.CheckpointPath)) : null;

    /// <summary>γ of its training; 0.99 where it learned no values.</summary>
    internal double Discount =>
        Learner.Step.Scalars.Contains("discount") ? Learner.Hyperparameter("discount", 0) : 0.99;
}
