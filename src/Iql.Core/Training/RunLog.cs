using System.Collections.Immutable;
using System.Globalization;
using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Training.Online;

namespace Iql.Training;

/// <summary>A run folder in training. Nothing is written after its claim is lost.</summary>
sealed class RunLog : IDisposable
{
    readonly MetricsFile metrics;
    readonly Claim claim;
    readonly int member;
    MetricsMark saved;
    long firstRow;

    /// <summary>Opens a started folder: drops metrics after the checkpoint, and temporary files.</summary>
    internal RunLog(TrainingRun run, Claim claim, int member, long step)
    {
        (Run, this.claim, this.member, saved) = (run, claim, member, Checkpoint.Mark(run.Folder, step));
        Data.AtomicFile.Sweep(run.Folder.Path);
        if (run.Config.FineTuning is not null)
        {
            Acting = Checkpoint.Acting(run.Folder);
            firstRow = Acting?.FirstRow ?? 0;
            OnlineRows.DropFrom(run.Folder, Acting?.Rows ?? 0);
        }
        MetricsFile.Cut(run.Folder.MetricsPath, saved);
        var lines = MetricsFile.Read(run.Folder.MetricsPath);
        SecondsBefore = lines.IsEmpty ? 0 : lines[^1].Seconds;
        Score = lines.OfType<EvaluationLine>().LastOrDefault(line => line.ScoreMean is not null)?.ScoreMean;
        metrics = new(run.Folder.MetricsPath);
    }

    internal TrainingRun Run { get; }

    /// <summary>Where acting stood at the checkpoint; null before the switch.</summary>
    internal ActingState? Acting { get; }

    /// <summary>The run's share of the wall time before this process.</summary>
    internal double SecondsBefore { get; }
    /// <summary>The last normalised score.</summary>
    internal double? Score { get; private set; }
    /// <summary>What came out, null while it goes on.</summary>
    internal TrainingOutcome? Outcome { get; private set; }

    internal bool Live => Outcome is null;

    /// <summary>Whether the run goes on and is still this process's; called before every write.</summary>
    bool Held()
    {
        if (!Live || claim.Holds()) return Live;
        Cancel();
        // Nothing may be written under the old name: the state would be in two folders.
        if (!File.Exists(Run.Folder.ConfigPath))
            Outcome = Outcome! with
            {
                Problem = $"{Run.Folder.Path}: expected the folder of the run in training, found none. It was moved or "
                    + "deleted. Move it back and start the command again: the run continues from its checkpoint.",
            };
        return false;
    }

    internal void Train(long step, double seconds, double pace, IEnumerable<(string Name, double Value)> values)
    {
        var metrics = values.Select(metric => KeyValuePair.Create(metric.Name, metric.Value));
        Append(new TrainLine(new(metrics), Math.Round(pace, 1)) { Step = step, Seconds = seconds });
    }

    internal void Evaluation(long step, double seconds, EvaluationResult result)
    {
        Score = result.ScoreMean ?? Score;
        Append(new EvaluationLine
        {
            Step = step,
            Seconds = seconds,
            ReturnMean = result.ReturnMean,
            ReturnStd = result.ReturnStd,
            ScoreMean = result.ScoreMean,
            Returns = [.. result.Episodes.Select(episode => episode.Return)],
            Lengths = [.. result.Episodes.Select(episode => episode.Length)],
            Successes = [.. result.Episodes.Select(episode => episode.Success ? 1 : 0)],
            SuccessRate = result.SuccessRate,
        });
    }

    internal void Episode(long step, double seconds, ActedEpisode episode, ReplayBuffer rows) => Append(new ActingLine
    {
        Step = step,
        Seconds = seconds,
        EnvironmentSteps = episode.Rows,
        Return = episode.Return,
        Length = episode.Length,
        Terminal = episode.Terminal,
        Success = episode.Success ? 1 : 0,
        DataRows = rows.DataLeft,
        OnlineRows = rows.Added - rows.FirstAdded,
        StepsPerSecond = Math.Round(episode.StepsPerSecond, 1),
    });

    internal void Weights(long step, double seconds, ImmutableArray<int> counts) =>
        Append(new WeightsLine(WeightHistogram.Edges, counts) { Step = step, Seconds = seconds });

    void Append(MetricsLine line)
    {
        if (Held()) metrics.Append(line);
    }

    /// <summary>Saves the member's state, unless it is saved already; the metrics are on the disk before it.</summary>
    /// <param name="online">What goes on online, from the switch on.</param>
    internal void Save(LearnerState state, OnlinePhase? online = null)
    {
        if (saved.Step == state.Step || !Held()) return;
        metrics.Flush();
        var mark = metrics.Mark(state.Step);
        try
        {
            // In this order: whatever a checkpoint needs is there before it.
            var acting = online?.State;
            if (online is not null) OnlineRows.Save(Run.Folder, online.Rows);
            Checkpoint.Save(Run.Folder, state, member, saved.Step == 0 ? [mark] : [saved, mark], acting);
            OnlineRows.DropBefore(Run.Folder, firstRow);
            firstRow = acting?.FirstRow ?? 0;
        }
        catch (IOException) when (!Held())
        {
            return; // the process that took the run over removed the temporary file
        }
        saved = mark;
    }

    /// <summary>Ends the run with a number that is not finite, and says why from the data.</summary>
    internal void Diverge(long step, double seconds, string metric, double value, Divergence why)
    {
        metrics.Flush();
        var text = value.ToString(CultureInfo.InvariantCulture);
        var kept = saved.Step == 0 ? "there is no checkpoint" : $"the checkpoint is that of step {saved.Step}";
        End(RunStatus.Diverged, step, seconds, new(step, metric, text,
            $"{metric} is {text} after {step} step{(step == 1 ? "" : "s")}; {kept}. "
            + why.Words(Run.Config, MetricsFile.Read(Run.Folder.MetricsPath).OfType<TrainLine>())));
    }

    internal void Finish(long step, double seconds) => End(RunStatus.Finished, step, seconds, null);

    /// <summary>Ends without a result: the run was asked to stop, or is another process's now.</summary>
    internal void Cancel() => Outcome = new(Run, RunStatus.Unfinished, null);

    void End(RunStatus status, long step, double seconds, RunFailure? failure)
    {
        if (!Held()) return;
        metrics.Flush();
        if (!metrics.Mark(step).Fits(File.ReadAllBytes(Run.Folder.MetricsPath)))
        {
            Outcome = new(Run, RunStatus.Unfinished, null, $"{Run.Folder.MetricsPath}: expected the lines that this "
                + "process wrote, got others. Start the command again: the run continues from a whole checkpoint.");
            return;
        }
        // Read back from the file: a resumed run's result is made of the same lines as an uninterrupted one's.
        var lines = MetricsFile.Read(Run.Folder.MetricsPath);
        var evaluations = lines.OfType<EvaluationLine>().Where(line => line.Step > 0).ToArray();
        var result = new RunResult
        {
            Status = status,
            Steps = step,
            Seconds = seconds,
            StepsPerSecond = Pace([.. lines.OfType<TrainLine>()]),
            Score = Finite(evaluations.LastOrDefault()?.ScoreMean),
            Scores = [.. evaluations.Select(line => Finite(line.ScoreMean)).OfType<double>()],
            Return = Finite(evaluations.LastOrDefault()?.ReturnMean),
            Failure = failure,
            Metrics = lines.OfType<TrainLine>().LastOrDefault()?.Metrics ?? [],
        };
        Run.Folder.WriteResult(result);
        Outcome = new(Run, status, result);
    }

    /// <summary>Steps a second over all lines.</summary>
    static double Pace(TrainLine[] lines)
    {
        var (seconds, before) = (0.0, 0L);
        foreach (var line in lines)
        {
            seconds += (line.Step - before) / Math.Max(line.StepsPerSecond, 0.1);
            before = line.Step;
        }
        return Math.Round(before / Math.Max(seconds, 1e-3), 1);
    }

    static double? Finite(double? number) => number is { } value && double.IsFinite(value) ? value : null;

    public void Dispose() => metrics.Dispose();
}
