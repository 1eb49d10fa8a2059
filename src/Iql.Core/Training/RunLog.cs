using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Iql.Algorithms;

namespace Iql.Training;

/// <summary>One run's folder while it is trained in, its metrics open for appending.</summary>
sealed class RunLog : IDisposable
{
    readonly MetricsFile metrics;
    readonly int member;
    long saved;

    /// <summary>Takes a started folder that nobody else uses: drops the metrics of steps after the checkpoint, and what a killed process left half-written.</summary>
    internal RunLog(TrainingRun run, int member, long step)
    {
        (Run, this.member, saved) = (run, member, step);
        Data.AtomicFile.Sweep(run.Folder.Path);
        MetricsFile.Truncate(run.Folder.MetricsPath, step);
        var lines = MetricsFile.Read(run.Folder.MetricsPath);
        SecondsBefore = lines.Length == 0 ? 0 : lines[^1].GetProperty("seconds").GetDouble();
        Score = lines.Select(line => Number(line, "scoreMean")).LastOrDefault(score => score is not null);
        metrics = new(run.Folder.MetricsPath);
    }

    internal TrainingRun Run { get; }

    /// <summary>Wall time of what was trained before this process.</summary>
    internal double SecondsBefore { get; }

    /// <summary>The last normalised score.</summary>
    internal double? Score { get; private set; }

    /// <summary>What came out, null while it goes on.</summary>
    internal TrainingOutcome? Outcome { get; private set; }

    internal bool Live => Outcome is null;

    internal void Train(long step, double seconds, double stepsPerSecond, IEnumerable<(string Name, double Value)> values) =>
        metrics.Append("train", step, seconds, json =>
        {
            foreach (var (name, value) in values) MetricsFile.Number(json, name, value);
            json.WriteNumber("stepsPerSecond", Math.Round(stepsPerSecond, 1));
        });

    internal void Evaluation(long step, double seconds, EvaluationResult result)
    {
        Score = result.ScoreMean ?? Score;
        metrics.Append("evaluation", step, seconds, json =>
        {
            MetricsFile.Number(json, "returnMean", result.ReturnMean);
            MetricsFile.Number(json, "returnStd", result.ReturnStd);
            if (result.ScoreMean is { } score) MetricsFile.Number(json, "scoreMean", score);
            MetricsFile.Numbers(json, "returns", result.Episodes.Select(episode => episode.Return));
            MetricsFile.Numbers(json, "lengths", result.Episodes.Select(episode => (double)episode.Length));
            MetricsFile.Numbers(json, "successes", result.Episodes.Select(episode => episode.Success ? 1.0 : 0.0));
            MetricsFile.Number(json, "successRate", result.SuccessRate);
        });
    }

    internal void Weights(long step, double seconds, ImmutableArray<int> counts) => metrics.Append("weights", step, seconds, json =>
    {
        MetricsFile.Numbers(json, "edges", WeightHistogram.Edges);
        MetricsFile.Numbers(json, "counts", counts.Select(count => (double)count));
    });

    /// <summary>Saves the member's state, unless it is saved already; all metrics up to here are on the disk before it.</summary>
    internal void Save(LearnerState state)
    {
        if (saved == state.Step) return;
        metrics.Flush();
        Checkpoint.Save(Run.Folder, state, member);
        saved = state.Step;
    }

    /// <summary>Ends the run with a number that is not finite.</summary>
    internal void Diverge(long step, double seconds, string metric, double value)
    {
        var text = value.ToString(CultureInfo.InvariantCulture);
        var kept = saved == 0 ? "there is no checkpoint" : $"the checkpoint is that of step {saved}";
        End(RunStatus.Diverged, step, seconds, new(step, metric, text, $"{metric} is {text} after {step} steps; {kept}. Try a smaller learning rate."));
    }

    internal void Finish(long step, double seconds) => End(RunStatus.Finished, step, seconds, null);

    internal void Cancel() => Outcome = new(Run, RunStatus.Cancelled, null);

    void End(RunStatus status, long step, double seconds, RunFailure? failure)
    {
        metrics.Flush();
        // Read back from the file: a resumed run's result is made of the same lines as an uninterrupted one's.
        var lines = MetricsFile.Read(Run.Folder.MetricsPath);
        var evaluations = lines.Where(line => Kind(line) == "evaluation").ToArray();
        var last = lines.LastOrDefault(line => Kind(line) == "train");
        var result = new RunResult
        {
            Status = status,
            Steps = step,
            Seconds = Math.Round(seconds, 3),
            StepsPerSecond = Math.Round(step / Math.Max(seconds, 1e-3), 1),
            Score = evaluations.Length == 0 ? null : Number(evaluations[^1], "scoreMean"),
            Scores = [.. evaluations.Select(line => Number(line, "scoreMean")).OfType<double>()],
            Return = evaluations.Length == 0 ? null : Number(evaluations[^1], "returnMean"),
            Failure = failure,
            Metrics = last.ValueKind != JsonValueKind.Object ? [] : new(last.EnumerateObject()
                .Where(field => field.Name is not ("kind" or "step" or "seconds" or "stepsPerSecond"))
                .Select(field => KeyValuePair.Create(field.Name, Number(last, field.Name) ?? double.NaN))),
        };
        Run.Folder.WriteResult(result);
        Outcome = new(Run, status, result);
    }

    static string? Kind(JsonElement line) => line.TryGetProperty("kind", out var kind) ? kind.GetString() : null;

    static double? Number(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    public void Dispose() => metrics.Dispose();
}
