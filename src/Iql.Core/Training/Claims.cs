using System.Collections.Concurrent;

namespace Iql.Training;

/// <summary>
/// Shares run folders among processes, on one machine or many. A claim whose process is gone is taken over at once, and one that shows
/// no sign of life for a whole lease after that. Signs are changes seen by this process on its own clock; clocks are never compared.
/// </summary>
public sealed class Claims : IDisposable
{
    /// <summary>How long a claim may be silent.</summary>
    public static readonly TimeSpan StandardLease = TimeSpan.FromMinutes(5);

    readonly TimeSpan lease;
    readonly TimeProvider clock;
    readonly ITimer timer;
    readonly ConcurrentDictionary<string, Sighting> seen = [];
    readonly ConcurrentDictionary<Claim, bool> held = [];

    /// <summary>What was seen of another's claim: its text, when it became so, and whether it changed under the same holder.</summary>
    sealed record Sighting(string Text, long Since, bool Beats)
    {
        public string Holder => Text.Split('\n')[0];
    }

    /// <summary>Begins to share; claims made here show signs of life thirty times a lease.</summary>
    /// <param name="lease">How long a claim may be silent; null is <see cref="StandardLease"/>.</param>
    /// <param name="clock">The clock; null is the system's.</param>
    public Claims(TimeSpan? lease = null, TimeProvider? clock = null)
    {
        (this.lease, this.clock) = (lease ?? StandardLease, clock ?? TimeProvider.System);
        Pause = this.lease / 30;
        timer = this.clock.CreateTimer(_ => { foreach (var claim in held.Keys) claim.Beat(); }, null, Pause, Pause);
    }

    /// <summary>Time from one sign of life to the next.</summary>
    public TimeSpan Pause { get; }

    /// <summary>Claims a folder, which is made if need be; null where another process has it.</summary>
    public Claim? TryTake(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = PathIn(folder);
        if (Look(path) is { } other && !(IsAbandoned(other) && Claim.Remove(path, other.Holder))) return null;
        try
        {
            var claim = new Claim(this, path);
            held[claim] = true;
            return claim;
        }
        catch (IOException) when (File.Exists(path))
        {
            return null; // made by another process just now
        }
    }

    /// <summary>Claims all of several folders, or none; null where another process has one of them.</summary>
    public Claim[]? TryTake(IEnumerable<string> folders)
    {
        var taken = new List<Claim>();
        foreach (var folder in folders)
        {
            if (TryTake(folder) is { } claim)
            {
                taken.Add(claim);
                continue;
            }
            taken.ForEach(claim => claim.Dispose());
            return null;
        }
        return [.. taken];
    }

    /// <summary>Who holds a folder; null for nobody.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="beats">Whether a sign of life was seen from here.</param>
    public ClaimHolder? Holder(string folder, out bool beats)
    {
        var sighting = Look(PathIn(folder));
        beats = sighting is { Beats: true };
        return sighting is null ? null : Claim.Holder(sighting.Holder);
    }

    static string PathIn(string folder) => Path.Combine(folder, "claim.json");

    Sighting? Look(string path)
    {
        if (Claim.Read(path) is { } text)
            return seen.AddOrUpdate(path, _ => new(text, clock.GetTimestamp(), false), (_, before) =>
                before.Text == text ? before : new(text, clock.GetTimestamp(), before.Holder == text.Split('\n')[0]));
        seen.TryRemove(path, out _);
        return null;
    }

    bool IsAbandoned(Sighting sighting) =>
        Claim.Holder(sighting.Holder) is { IsGone: true } || clock.GetElapsedTime(sighting.Since) >= lease;

    internal void Forget(Claim claim) => held.TryRemove(claim, out _);

    /// <summary>Gives back every claim that is still held.</summary>
    public void Dispose()
    {
        timer.Dispose();
        foreach (var claim in held.Keys) claim.Dispose();
    }
}
