using System.Collections.Concurrent;

namespace Iql.Training;

/// <summary>Shares run folders among processes, on one machine or many. A claim whose process is gone is taken over at
/// once; a claim that did not change for a whole lease, after that lease. Each process measures it on its own
/// clock.</summary>
public sealed class Claims : IDisposable
{
    /// <summary>How long a claim may stay unchanged.</summary>
    public static readonly TimeSpan StandardLease = TimeSpan.FromMinutes(5);

    readonly TimeSpan lease;
    readonly TimeProvider clock;
    readonly ITimer timer;
    readonly ConcurrentDictionary<string, Reading> readings = [];
    readonly ConcurrentDictionary<Claim, bool> held = [];

    /// <summary>Another's claim: its text, since when, and whether the same holder wrote another text before.</summary>
    sealed record Reading(string Text, long Since, bool Renewed)
    {
        public string Holder => Text.Split('\n')[0];
    }

    /// <summary>Shares folders; claims made here are renewed thirty times a lease.</summary>
    /// <param name="lease">How long a claim may stay unchanged; null is <see cref="StandardLease"/>.</param>
    /// <param name="clock">The clock; null is the system's.</param>
    public Claims(TimeSpan? lease = null, TimeProvider? clock = null)
    {
        (this.lease, this.clock) = (lease ?? StandardLease, clock ?? TimeProvider.System);
        Pause = this.lease / 30;
        timer = this.clock.CreateTimer(_ => { foreach (var claim in held.Keys) claim.Renew(); }, null, Pause, Pause);
    }

    /// <summary>Time from one renewal to the next.</summary>
    public TimeSpan Pause { get; }

    /// <summary>Claims a folder, which is made if need be; null where another process has it.</summary>
    public Claim? TryTake(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = PathIn(folder);
        if (Read(path) is { } other && !(IsAbandoned(other) && Claim.Remove(path, other.Holder))) return null;
        try
        {
            var claim = new Claim(this, path);
            held[claim] = true;
            return claim;
        }
        catch (IOException) when (File.Exists(path))
        {
            return null; // another process was faster
        }
    }

    /// <summary>Claims all of several folders, or none; null where another process has one of them.</summary>
    public Claim[]? TryTake(IEnumerable<string> folders)
    {
        var taken = new List<Claim>();
        foreach (var folder in folders)
        {
            if (TryTake(folder) is not { } claim)
            {
                taken.ForEach(each => each.Dispose());
                return null;
            }
            taken.Add(claim);
        }
        return [.. taken];
    }

    /// <summary>Who holds a folder; null for nobody.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="renewed">Whether the holder renewed it since this object first read it.</param>
    public ClaimHolder? Holder(string folder, out bool renewed)
    {
        var reading = Read(PathIn(folder));
        renewed = reading is { Renewed: true };
        return Claim.Holder(reading?.Holder);
    }

    /// <summary>Removes what killed processes left beside a folder's claim.</summary>
    public static void Sweep(string folder) => Claim.Sweep(PathIn(folder));

    static string PathIn(string folder) => Path.Combine(folder, "claim.json");

    Reading? Read(string path)
    {
        if (Claim.Read(path) is { } text)
        {
            var now = new Reading(text, clock.GetTimestamp(), Renewed: false);
            return readings.AddOrUpdate(path, now, (_, before) =>
                before.Text == text ? before : now with { Renewed = before.Holder == now.Holder });
        }
        readings.TryRemove(path, out _);
        return null;
    }

    // A living holder's next renewal mends a damaged claim.
    bool IsAbandoned(Reading reading) => clock.GetElapsedTime(reading.Since) is var silent
        && (Claim.Holder(reading.Holder) is { } holder ? holder.IsGone || silent >= lease : silent >= 3 * Pause);

    internal void Forget(Claim claim) => held.TryRemove(claim, out _);

    /// <summary>Gives back every claim that is still held.</summary>
    public void Dispose()
    {
        timer.Dispose();
        foreach (var claim in held.Keys) claim.Dispose();
    }
}
