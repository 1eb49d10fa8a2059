using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;
using Iql.Optimizers;
using Iql.Training.Online;

namespace Iql.Training;

/// <summary>The loop itself: steps, and what is due between them.</summary>
sealed class TrainingSession : IDisposable
{
    readonly TrainingPlan plan;
    readonly RunConfig config;
    readonly IReadOnlyList<RunLog> logs;
    readonly IDevice device;
    readonly IBatchSource batches;
    readonly Evaluation? evaluation;
    readonly OnlinePhase? online;
    readonly WeightHistogram? histogram;
    readonly Stopwatch wall = Stopwatch.StartNew(), training = new();
    Trainer trainer;
    Divergence? why;
    long reported;
    double pace, share, counted;
    (string Name, double Value) loss = ("", double.NaN);

    internal TrainingSession(TrainingPlan plan, IBatchSource batches, IReadOnlyList<RunLog> logs, LearnerState start)
    {
        (this.plan, this.logs, config) = (plan, logs, logs[0].Run.Config);
        // Acting beside the updates has a thread of its own.
        var threads = Math.Max(1, plan.Threads - (config.FineTuning?.ActingLag ?? 0));
        device = plan.Device ?? new CpuDevice(Math.Min(threads, TrainingPlan.MostThreads(plan.Learner)));
        if (config.FineTuning is { } how)
        {
            online = new(plan.Learner, plan.Transitions, plan.Environment!, config.Normalization, how, start.Seed,
                logs[0].Acting, Tell);
            if (logs[0].Acting is { } acting) OnlineRows.Read(logs[0].Run.Folder, acting, online.Rows);
            batches = online.Batches;
        }
        this.batches = batches;
        trainer = From(start);
        reported = start.Step;
        if (plan.Environment is { } environment && config.EvaluationEpisodes > 0)
            evaluation = new(plan.Learner, environment, config.Normalization, config.EvaluationEpisodes, start.Seed,
                plan.Reference, device);
        if (plan.Learner.Probe is not null) histogram = new(plan.Learner, plan.Transitions, start.Seed, device);
    }

    bool Resets => config.FineTuning is { ResetOptimizers: true };

    /// <summary>A trainer from a state on. Optimizers begin anew here: what is saved at the switch has their moments.
    /// </summary>
    Trainer From(LearnerState state)
    {
        if (!Resets || state.Step < Switch) return new(plan.Learner, batches, state, device);
        if (state.Step == Switch)
        {
            state = state with { Blocks = [.. state.Blocks.Select(block => block.Clone())] };
            foreach (var block in state.Blocks) AdamState.Clear(block);
        }
        return new(plan.Learner.Since(Switch), batches, state, device);
    }

    void Tell(ActedEpisode episode) => logs[0].Episode(trainer.Step, Seconds(logs[0]), episode, online!.Rows);

    /// <summary>"name" of a learner's "name" or, for this member, "member:name"; null for another's.</summary>
    internal static string? NameFor(string name, int member)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var digits = name.AsSpan(0, Math.Max(colon, 0));
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var owner)) return name;
        return owner == member ? name[(colon + 1)..] : null;
    }

    /// <summary>A run's share of the wall time: what passes is divided among the runs that go on.</summary>
    double Seconds(RunLog log)
    {
        var now = wall.Elapsed.TotalSeconds;
        share += (now - counted) / Live.Count();
        counted = now;
        return Math.Round(log.SecondsBefore + share, 3);
    }

    IEnumerable<(RunLog Log, int Member)> Live =>
        logs.Select((log, member) => (log, member)).Where(pair => pair.log.Live);

    internal void Train(Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        if (trainer.Step == 0) Evaluate(withWeights: false);
        while (trainer.Step < config.Steps && Live.Any())
        {
            var to = Math.Min(Math.Min(Next(config.LogEvery), Next(config.EvaluateEvery)),
                Math.Min(Next(config.CheckpointEvery), trainer.Step < Switch ? Switch : config.Steps));
            var (logs, evaluates) = (Due(config.LogEvery), Due(config.EvaluateEvery));
            var saves = Due(config.CheckpointEvery);
            if (!Advance(to, logs, cancellation))
            {
                Cancel();
                return;
            }
            if (logs) Log();
            if (evaluates || saves) CheckParameters();
            if (evaluates) Evaluate();
            if (saves) Save();
            if (logs || evaluates) Report(progress);
            if (Resets && to == Switch)
            {
                using var before = trainer;
                trainer = From(before.State);
            }

            bool Due(long every) => to % every == 0 || to == config.Steps || to == Switch;
        }
        foreach (var (log, _) in Live.ToArray()) log.Finish(trainer.Step, Seconds(log));
    }

    /// <summary>The step at which acting begins, where everything is due; that of the end without.</summary>
    long Switch => config.FineTuning?.OfflineSteps ?? config.Steps;

    long Next(long every) => (trainer.Step / every + 1) * every;

    /// <summary>Makes steps up to a number, the last with metrics or without; false when cancelled before.</summary>
    bool Advance(long to, bool withMetrics, CancellationToken cancellation)
    {
        training.Start();
        while (trainer.Step < to && !cancellation.IsCancellationRequested)
        {
            if (online?.IsDue(trainer.Step) == true) online.Act(trainer.Step, trainer.Blocks);
            trainer.Advance(withMetrics && trainer.Step == to - 1);
        }
        trainer.Finish();
        training.Stop();
        return trainer.Step == to;
    }

    void Log()
    {
        Pace();
        var metrics = trainer.Metrics;
        foreach (var (log, member) in Live.ToArray())
        {
            var own = metrics.Select(metric => (Name: NameFor(metric.Name, member)!, metric.Value))
                .Where(metric => metric.Name is not null).ToArray();
            log.Train(trainer.Step, Seconds(log), pace, own);
            var bad = own.FirstOrDefault(metric => !double.IsFinite(metric.Value));
            if (bad.Name is not null) log.Diverge(trainer.Step, Seconds(log), bad.Name, bad.Value, Why);
        }
        var first = Live.Select(pair => pair.Member).FirstOrDefault();
        loss = metrics.Select(metric => (Name: NameFor(metric.Name, first) ?? "", metric.Value))
            .Where(metric => metric.Name.EndsWith("Loss", StringComparison.Ordinal))
            .FirstOrDefault(("", double.NaN));
    }

    Divergence Why => why ??= Divergence.Of(plan.Transitions);

    /// <summary>A state that is not finite is neither evaluated nor saved. What is shared ends every run.</summary>
    void CheckParameters()
    {
        var shared = Breach("shared", trainer.Blocks[0]);
        foreach (var (log, member) in Live.ToArray())
            if ((shared ?? Breach("member", trainer.Blocks[member + 1])) is var (name, value))
                log.Diverge(trainer.Step, Seconds(log), name, value, Why);
    }

    /// <summary>The first number that is not finite, and its tensor.</summary>
    static (string Name, double Value)? Breach(string prefix, TensorBlock block)
    {
        foreach (var entry in block.Layout.Entries)
            for (var row = 0; row < entry.Rows; row++)
                if (Finite.FirstNonFinite(block.Row(entry, row)) is >= 0 and var at)
                    return ($"{prefix}/{entry.Name}", block.Row(entry, row)[at]);
        return null;
    }

    void Evaluate(bool withWeights = true)
    {
        foreach (var (log, member) in Live.ToArray())
        {
            var (shared, block) = (trainer.Blocks[0], trainer.Blocks[member + 1]);
            if (withWeights && histogram is not null)
                log.Weights(trainer.Step, Seconds(log), histogram.Count(shared, block, member));
            if (evaluation is null) continue;
            ulong? number = online is null ? null : (ulong)trainer.Step;
            var result = evaluation.Run(shared, block, member: member, number: number);
            log.Evaluation(trainer.Step, Seconds(log), result);
            if (!double.IsFinite(result.ReturnMean))
                log.Diverge(trainer.Step, Seconds(log), "returnMean", result.ReturnMean, Why);
        }
    }

    void Save()
    {
        var state = trainer.State;
        online?.Settle();
        foreach (var (log, _) in Live) log.Save(state, online);
    }

    void Cancel()
    {
        CheckParameters();
        Save();
        foreach (var (log, _) in Live.ToArray()) log.Cancel();
    }

    /// <summary>Steps a second since the last report.</summary>
    void Pace()
    {
        if (trainer.Step == reported) return;
        pace = (trainer.Step - reported) / Math.Max(training.Elapsed.TotalSeconds, 1e-9);
        reported = trainer.Step;
        training.Reset();
    }

    void Report(Action<TrainingProgress>? progress)
    {
        Pace();
        if (progress is null || !Live.Any()) return;
        progress(new(
            [.. Live.Select(pair => pair.Log.Run.Folder.Name)], trainer.Step, config.Steps, pace,
            TimeSpan.FromSeconds((config.Steps - trainer.Step) / pace), loss.Value, loss.Name,
            Live.Average(pair => pair.Log.Score)));
    }

    public void Dispose()
    {
        trainer.Dispose();
        online?.Dispose();
        evaluation?.Dispose();
        histogram?.Dispose();
        if (plan.Device is null) device.Dispose();
    }
}
