using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Data;
using Iql.Environments;
using Iql.Environments.Tasks;
using Iql.Execution;

namespace Iql.Training;

/// <summary>What a group of runs has in common: one learner that trains a member for each of them.</summary>
public sealed record TrainingPlan
{
    /// <summary>The learner; member i belongs to run i.</summary>
    public required Learner Learner { get; init; }

    /// <summary>What it learns from, normalised already as the configurations say.</summary>
    public required IDataset Transitions { get; init; }

    /// <summary>Where policies are evaluated; null is nowhere.</summary>
    public IEnvironment? Environment { get; init; }

    /// <summary>The task's scale; null asks <see cref="ReferenceScores"/> by the environment's name.</summary>
    public ReferenceScore? Reference { get; init; }

    /// <summary>Threads that share each step, at least 1. The numbers do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Where to train; null is the processor, by <see cref="Threads"/>. It stays the caller's.</summary>
    public IDevice? Device { get; init; }
}

/// <summary>One run: its folder and what it is.</summary>
public sealed record TrainingRun(RunFolder Folder, RunConfig Config);

/// <summary>Runs that can go on together, because all are at the same step.</summary>
/// <param name="Step">Steps made; 0 without a checkpoint.</param>
/// <param name="Runs">The runs, in the order they were given.</param>
public sealed record TrainingGroup(long Step, ImmutableArray<TrainingRun> Runs);

/// <summary>How one run of a group came out.</summary>
/// <param name="Run">The run.</param>
/// <param name="Status">Finished, diverged or cancelled.</param>
/// <param name="Result">What stands in its result.json; null when it was cancelled.</param>
public sealed record TrainingOutcome(TrainingRun Run, RunStatus Status, RunResult? Result);

/// <summary>How far a group is, at each train line and each evaluation.</summary>
/// <param name="Runs">Names of the runs that still go on.</param>
/// <param name="Step">Steps made.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="StepsPerSecond">Pace since the last report, evaluations and files not counted.</param>
/// <param name="Remaining">Time to the end at that pace.</param>
/// <param name="Loss">
/// The first run's last metric whose name ends in "Loss", of those its learner names first; NaN before there is one.
/// </param>
/// <param name="Score">Mean over the runs of the last normalised score; null before there is one.</param>
public sealed record TrainingProgress(
    ImmutableArray<string> Runs, long Step, long Steps, double StepsPerSecond, TimeSpan Remaining,
    double Loss, double? Score);
