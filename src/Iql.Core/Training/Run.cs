using System.Collections.Immutable;

namespace Iql.Training;

/// <summary>A run folder, read: everything that reports are made of.</summary>
/// <param name="Labels">What tells it from the other runs of its sweep, value by axis; empty for a run alone.</param>
/// <param name="Config">What it was asked to do.</param>
/// <param name="Evaluations">The evaluations whose returns are finite.</param>
/// <param name="Weights">The histograms of the policy's weights.</param>
/// <param name="Result">What came out; null while there is no result.</param>
public sealed record Run(
    string Name, OrderedDictionary<string, string> Labels, RunConfig Config, ImmutableArray<TrainLine> Train,
    ImmutableArray<EvaluationLine> Evaluations, ImmutableArray<WeightsLine> Weights, RunResult? Result)
{
    /// <summary>The episodes that ended while it acted online, whose returns are finite.</summary>
    public ImmutableArray<ActingLine> Acting { get; init; } = [];

    /// <summary>How it ended.</summary>
    public RunStatus Status => Result?.Status ?? RunStatus.Unfinished;

    /// <summary>Steps made, as far as the files show.</summary>
    public long Step => Result?.Steps
        ?? Train.Select(line => line.Step).Concat(Evaluations.Select(line => line.Step)).Append(0).Max();

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"Run {Name}: {Config}, {Status.ToString().ToLowerInvariant()} at step {Step}")
        + (Result?.Score is { } score ? FormattableString.Invariant($", score {score:F1}") : "");
}
