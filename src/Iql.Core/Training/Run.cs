using System.Collections.Immutable;

namespace Iql.Training;

/// <summary>A run folder, read: everything that reports are made of.</summary>
public sealed record Run
{
    /// <summary>The folder's own name.</summary>
    public required string Name { get; init; }

    /// <summary>What tells it from the other runs of its sweep, value by axis; empty for a run alone.</summary>
    public OrderedDictionary<string, string> Labels { get; init; } = [];

    /// <summary>What it was asked to do.</summary>
    public required RunConfig Config { get; init; }

    /// <summary>The training lines.</summary>
    public ImmutableArray<TrainLine> Train { get; init; } = [];

    /// <summary>The evaluations whose returns are finite.</summary>
    public ImmutableArray<EvaluationLine> Evaluations { get; init; } = [];

    /// <summary>The histograms of the policy's weights.</summary>
    public ImmutableArray<WeightsLine> Weights { get; init; } = [];

    /// <summary>What came out; null while there is no result.</summary>
    public RunResult? Result { get; init; }

    /// <summary>How it ended.</summary>
    public RunStatus Status => Result?.Status ?? RunStatus.Unfinished;

    /// <summary>Steps made, as far as the files tell.</summary>
    public long Step => Result?.Steps ?? Train.Select(line => line.Step).Concat(Evaluations.Select(line => line.Step)).LastOrDefault();
}
