using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Policies;
using Iql.Training;

namespace Iql.Estimation;

/// <summary>The policy of a run's last checkpoint, to be judged by data.</summary>
/// <param name="Checkpoint">SHA-256 of the checkpoint's file, 64 hexadecimal digits.</param>
sealed record JudgedPolicy(RunConfig Config, Learner Learner, LearnerState State, string Checkpoint)
{
    /// <summary>Reads it.</summary>
    /// <param name="data">Whose observations and actions must have its sizes.</param>
    /// <exception cref="FileException">There is no policy, or its files are damaged.</exception>
    /// <exception cref="InputException">It has other sizes.</exception>
    internal static JudgedPolicy Read(RunFolder folder, Transitions data)
    {
        using var policy = Policy.Load(folder.Path);
        var own = policy.Actions.Beside(policy.ObservationSize);
        var other = data.ActionSpace.Beside(data.ObservationSize);
        Check.That(own == other, data.Name, $"{own}, as the policy in {folder.Path} has", other);
        return new(policy.Config, policy.Learner, policy.State, Sum(folder)!);
    }

    /// <summary>The checksum of a folder's checkpoint; null without one.</summary>
    internal static string? Sum(RunFolder folder) =>
        File.Exists(folder.CheckpointPath) ? MetricsMark.Sum(File.ReadAllBytes(folder.CheckpointPath)) : null;

    /// <summary>γ of its training; 0.99 where it learned no values.</summary>
    internal double Discount =>
        Learner.Step.Scalars.Contains("discount") ? Learner.Hyperparameter("discount", 0) : 0.99;
}
