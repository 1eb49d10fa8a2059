using System.Diagnostics;
using Iql.Algorithms;
using Iql.Data;
using Iql.Environments;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training.Online;

/// <summary>What happens between the updates of a run that goes on online: acting. Batches come from the same
/// counter-based draws before and after the switch, so they do not depend on threads.</summary>
sealed class OnlinePhase : IDisposable
{
    readonly FineTuning how;
    readonly Actor actor;
    readonly TensorBlock[] old;
    readonly WorkerTeam? beside;
    readonly Action<int> work;
    readonly Action<ActedEpisode> tell;
    readonly List<ActedEpisode> ended = [];
    long until, timed, ticks;
    bool busy;

    /// <param name="dataset">The data, in the form the run's batches start from.</param>
    /// <param name="root">The run's seed.</param>
    /// <param name="start">Where acting goes on, its rows restored by the caller; null begins.</param>
    /// <param name="tell">Gets each episode that ended, on the caller's thread.</param>
    internal OnlinePhase(Learner learner, IDataset dataset, IEnvironment environment, Normalization normalization,
        FineTuning how, Seed root, ActingState? start, Action<ActedEpisode> tell)
    {
        (this.how, this.tell) = (how, tell);
        // A thread that acts ahead writes rows that no batch has yet.
        var ahead = how.ActingLag == 0 ? 0 : (long)Math.Ceiling(1 / how.UpdatesPerStep) + 1;
        Rows = new(dataset, how.Room(dataset.Count), how.OnlineSteps, how.DataShare, how.DataRows,
            root.Split("data rows"), ahead, learner.Returns);
        if (start is not null) Rows.StartAt(start.FirstRow);
        Batches = new Sampler(dataset, learner.Batch, buffer: Rows,
            bounded: how.Calibration == OnlineCalibration.Off ? how.OfflineSteps : long.MaxValue);
        actor = new(learner, environment, normalization, dataset, how, Rows, root, start);
        old = how.ActingLag == 0 ? [] : [new(learner.Blocks[0]), new(learner.Blocks[1])];
        beside = how.ActingLag == 0 ? null : new(2);
        // The caller is worker 0: it goes on to its update.
        work = worker =>
        {
            if (worker == 1) Collect(old[0], old[1], until);
        };
    }

    /// <summary>The buffer that batches are drawn from.</summary>
    internal ReplayBuffer Rows { get; }
    internal IBatchSource Batches { get; }

    /// <summary>Where acting stands; nothing is under way.</summary>
    internal ActingState State
    {
        get
        {
            Settle();
            return actor.State;
        }
    }

    /// <summary>Whether there is acting to do before a step's update.</summary>
    /// <param name="step">Steps made, of both phases.</param>
    internal bool IsDue(long step) =>
        step >= how.OfflineSteps
        && (busy || Rows.Added < StepsBefore(step - how.OfflineSteps + how.ActingLag));

    /// <summary>Acts before a step's update; with a lag, also begins what goes on beside it.</summary>
    /// <param name="blocks">The parameters now; nobody changes them meanwhile.</param>
    internal void Act(long step, ReadOnlySpan<TensorBlock> blocks)
    {
        Settle();
        var update = step - how.OfflineSteps;
        Collect(blocks[0], blocks[1], StepsBefore(update));
        Tell();
        if (how.ActingLag == 0 || (until = StepsBefore(update + 1)) <= Rows.Added) return;
        for (var i = 0; i < old.Length; i++) blocks[i].StreamTo(old[i], actor.Reads[i]);
        busy = true;
        beside!.Start(work);
    }

    /// <summary>Waits for acting beside an update; its rows can be drawn from now on.</summary>
    internal void Settle()
    {
        if (!busy) return;
        busy = false;
        beside!.Finish();
        Tell();
    }

    void Tell()
    {
        Rows.Publish();
        foreach (var episode in ended) tell(episode);
        ended.Clear();
    }

    long StepsBefore(long update) => how.StepsBefore(Math.Min(update, how.Updates - 1));

    void Collect(TensorBlock shared, TensorBlock policy, long target)
    {
        if (Rows.Written >= target && !GoesOn()) return;
        var (start, before) = (Stopwatch.GetTimestamp(), Rows.Written);
        while (Rows.Written < target || GoesOn())
        {
            if (actor.Decide(shared, policy) is not { } episode) continue;
            Count();
            ended.Add(episode with { StepsPerSecond = timed * (double)Stopwatch.Frequency / Math.Max(ticks, 1) });
            (timed, ticks) = (0, 0);
        }
        Count();
        if (Rows.Written == how.OnlineSteps) actor.Cut();

        void Count()
        {
            var now = Stopwatch.GetTimestamp();
            (timed, ticks) = (timed + Rows.Written - before, ticks + now - start);
            (start, before) = (now, Rows.Written);
        }
        bool GoesOn() => how.Turns == Turns.Episodes && !actor.IsAtStart && Rows.Written < how.OnlineSteps;
    }

    public void Dispose()
    {
        beside?.Dispose(); // waits, whatever came of it
        actor.Dispose();
        foreach (var block in old) block.Dispose();
    }
}
