using System.Diagnostics;

namespace Iql.Training;

/// <summary>Keeps a group's status file up to date while this process trains the group. Whoever lost the group's claim
/// writes nothing more, and so does who finds the sweep's folder moved. A disk that fails stops no training.</summary>
public sealed class StatusFile : IDisposable
{
    /// <summary>Time from one write to the next, at least.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    readonly string folder;
    readonly Claim claim;
    readonly Timer pulse;
    readonly Lock gate = new();
    readonly Stopwatch clock = Stopwatch.StartNew();
    GroupStatus latest;
    (TimeSpan Time, long Step)? first;
    TimeSpan written;

    /// <summary>Says that the group is running.</summary>
    /// <param name="folder">The sweep's folder.</param>
    /// <param name="begun">The group as it begins here.</param>
    /// <param name="claim">The claim of one of its runs.</param>
    public StatusFile(string folder, GroupStatus begun, Claim claim)
    {
        (this.folder, this.claim, latest) = (folder, claim, begun);
        Write(begun, TimeSpan.Zero);
        pulse = new(_ => Write(null, TimeSpan.Zero), null, GroupStatus.Pulse, GroupStatus.Pulse);
    }

    /// <summary>The group has made so many steps.</summary>
    public void Advance(long step)
    {
        first ??= (clock.Elapsed, step);
        var (since, from) = first.Value;
        var pace = Math.Round((step - from) / Math.Max((clock.Elapsed - since).TotalSeconds, 1e-3), 1);
        Write(latest with { Step = step, StepsPerSecond = step > from ? pace : null }, Pause);
    }

    /// <summary>The group is over here.</summary>
    public void End(GroupState state, string? reason)
    {
        var step = state == GroupState.Done ? latest.Steps : latest.Step;
        Write(latest with { State = state, Step = step, Reason = reason }, TimeSpan.Zero);
    }

    /// <summary>Writes what is new, or the latest again, unless the last time is not so long ago.</summary>
    void Write(GroupStatus? status, TimeSpan pause)
    {
        lock (gate)
        {
            if (latest.State != GroupState.Running) return; // a pulse that comes late does not undo the end
            latest = status ?? latest;
            if (clock.Elapsed - written < pause || !File.Exists(SweepPlan.PathIn(folder)) || !claim.Holds()) return;
            written = clock.Elapsed;
            try
            {
                (latest with { Written = DateTimeOffset.UtcNow }).Write(folder);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException) { }
        }
    }

    public void Dispose() => pulse.Dispose();
}
