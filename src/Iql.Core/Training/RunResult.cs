using System.Collections.Immutable;

namespace Iql.Training;

/// <summary>How a run ended.</summary>
public enum RunStatus
{
    /// <summary>All steps were made.</summary>
    Finished,
    /// <summary>A number became infinite or not a number; the checkpoint is the last good one.</summary>
    Diverged,
    /// <summary>There is no result: it goes on from its checkpoint. No file says so.</summary>
    Unfinished,
}

/// <summary>Where a run diverged.</summary>
/// <param name="Step">Steps made when it was noticed.</param>
/// <param name="Metric">Name of the metric, or of the parameter as in the checkpoint.</param>
/// <param name="Value">The number as text: "NaN", "Infinity", "-Infinity".</param>
/// <param name="Message">All of it as a sentence.</param>
public sealed record RunFailure(long Step, string Metric, string Value, string Message);

/// <summary>The files that a result was made with. They are compared wherever the run is read.</summary>
/// <param name="Run">The run's <see cref="RunConfig.Identity"/>.</param>
/// <param name="Metrics">SHA-256 of metrics.jsonl, 64 hexadecimal digits.</param>
/// <param name="Checkpoint">SHA-256 of checkpoint.safetensors; null without one.</param>
public sealed record RunFiles(string Run, string Metrics, string? Checkpoint);

/// <summary>The result.json of a run folder, written last.</summary>
public sealed record RunResult
{
    public required RunStatus Status { get; init; }
    public required long Steps { get; init; }

    /// <summary>Wall time in seconds, evaluations included, interruptions not. Runs that train together share it: the
    /// sum over them is the time that passed.</summary>
    public required double Seconds { get; init; }

    /// <summary>Pace of the steps, each made by all runs of a group at once; evaluations are not counted.</summary>
    public required double StepsPerSecond { get; init; }

    /// <summary>Normalised score of the last evaluation (0 random, 100 expert), or null.</summary>
    public double? Score { get; init; }
    /// <summary>Normalised scores of all evaluations after step 0.</summary>
    public ImmutableArray<double> Scores { get; init; } = [];
    /// <summary>Mean return of the last evaluation, or null.</summary>
    public double? Return { get; init; }
    /// <summary>Where it diverged, or null.</summary>
    public RunFailure? Failure { get; init; }
    /// <summary>Metrics of the last train line, in its order; NaN, in the file null, is no finite number.</summary>
    public OrderedDictionary<string, double> Metrics { get; init; } = [];
    /// <summary>The files it was made with; <see cref="RunFolder.WriteResult"/> fills it in.</summary>
    public RunFiles Files { get; init; } = new("", "", null);

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"RunResult: {Status.ToString().ToLowerInvariant()} at step {Steps}")
        + (Score is { } score ? FormattableString.Invariant($", score {score:F1}") : "");
}
