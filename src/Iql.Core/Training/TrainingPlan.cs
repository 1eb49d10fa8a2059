using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Data;
using Iql.Environments;
using Iql.Environments.Tasks;
using Iql.Execution;

namespace Iql.Training;

/// <summary>What a group of runs has in common: one learner that trains a member for each of them.</summary>
/// <param name="Learner">The learner; member i belongs to run i.</param>
/// <param name="Transitions">What it learns from, normalised already as the configurations say.</param>
/// <param name="Environment">Where policies are evaluated; null is nowhere.</param>
/// <param name="Reference">The task's scale; null takes that of the environment's name.</param>
/// <param name="Threads">Threads that share each step, at least 1. The numbers do not depend on it.</param>
/// <param name="Device">Where to train; null is the processor. It stays the caller's.</param>
public sealed record TrainingPlan(
    Learner Learner, IDataset Transitions, IEnvironment? Environment = null, ReferenceScore? Reference = null,
    int Threads = 1, IDevice? Device = null)
{
    /// <summary>Threads that a learner's batch feeds: each takes 16 of its rows at a time.</summary>
    public static int MostThreads(Learner learner)
    {
        var shape = learner.Batch["observations"].Shape;
        return Math.Max(1, (shape.Count / shape[-1] + 15) / 16);
    }
}

/// <summary>One run: its folder and what it is.</summary>
public sealed record TrainingRun(RunFolder Folder, RunConfig Config)
{
    /// <summary>Its result; null where it is not done, or was done with fewer steps than are asked for now.</summary>
    public RunResult? Result() => Enough(Folder.ReadResult());

    /// <summary>The same, after every file was compared with its checksum: <see cref="RunFolder.Verified"/>.</summary>
    public RunResult? Verified() => Enough(Folder.Verified(Config));

    RunResult? Enough(RunResult? result) =>
        result?.Status == RunStatus.Finished && result.Steps < Config.Steps ? null : result;
}

/// <summary>Runs that can go on together, because all are at the same step.</summary>
/// <param name="Step">Steps made; 0 without a checkpoint.</param>
/// <param name="Runs">The runs, in the order they were given.</param>
public sealed record TrainingGroup(long Step, ImmutableArray<TrainingRun> Runs);

/// <summary>How one run of a group came out.</summary>
/// <param name="Status">Finished, diverged or cancelled.</param>
/// <param name="Result">Its result.json; null when it was cancelled.</param>
/// <param name="Problem">Why its files could not be written, in words; null where they could.</param>
public sealed record TrainingOutcome(TrainingRun Run, RunStatus Status, RunResult? Result, string? Problem = null);

/// <summary>How far a group is, at each train line and each evaluation.</summary>
/// <param name="Runs">Names of the runs that still go on.</param>
/// <param name="Step">Steps made.</param>
/// <param name="StepsPerSecond">Pace since the last report, evaluations and files not counted.</param>
/// <param name="Remaining">Time to the end at that pace.</param>
/// <param name="Loss">The first metric of the first run whose name ends in "Loss"; NaN before there is one.</param>
/// <param name="LossName">Name of that metric, "valueLoss"; empty before there is one.</param>
/// <param name="Score">Mean over the runs of the last normalised score; null before there is one.</param>
public sealed record TrainingProgress(
    ImmutableArray<string> Runs, long Step, long Steps, double StepsPerSecond, TimeSpan Remaining,
    double Loss, string LossName, double? Score);
