using System.Text;
using System.Text.Json;

namespace Iql.Training;

/// <summary>The process that trains in a run folder, as its claim says.</summary>
/// <param name="Process">The process's number there.</param>
/// <param name="Start">Boot, process namespace and start time; empty where the system shows none.</param>
/// <param name="Token">Random: no two claims have the same.</param>
public sealed record ClaimHolder(string Host, int Process, string Start, string Token)
{
    // The same number on another boot, or in another container, is another process.
    static readonly string Here = Try("/proc/sys/kernel/random/boot_id") is { } boot
        ? $"{boot.Trim()} {File.ResolveLinkTarget("/proc/self/ns/pid", false)?.Name} "
        : "";

    /// <summary>This process, with a new token.</summary>
    internal static ClaimHolder New() => new(Environment.MachineName, Environment.ProcessId,
        StartOf(Environment.ProcessId) ?? Here, Guid.NewGuid().ToString("N"));

    /// <summary>Whether the process is known to be gone; false for a process on another machine.</summary>
    internal bool IsGone
    {
        get
        {
            if (Here == "" ? Host != Environment.MachineName : !Start.StartsWith(Here, StringComparison.Ordinal))
                return false;
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(Process);
                return StartOf(Process) is { } start && start != Start;
            }
            catch (ArgumentException)
            {
                return true; // no process has this number
            }
        }
    }

    // After the name in brackets, which may be any text: the state (Z: dead, but still listed), then 18 numbers.
    static string? StartOf(int process) =>
        Try($"/proc/{process}/stat")?.Split(") ")[^1].Split(' ') is not { } fields ? null
        : fields[0] == "Z" ? "" : Here + fields[19];

    static string? Try(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>"process 4711 on host"</summary>
    public override string ToString() => $"process {Process} on {Host}";
}

/// <summary>The right to train in a run folder: its claim.json, which one process alone creates, on any file system.
/// Its first line names the holder; its second is a number that the living holder raises. <see cref="Claims"/> makes
/// claims.</summary>
public sealed class Claim : IDisposable
{
    const FileShare Anyone = FileShare.ReadWrite | FileShare.Delete;

    readonly Claims claims;
    readonly string path, identity;
    readonly FileStream file;
    long renewals;

    /// <summary>Makes the file; an IOException where there is one.</summary>
    internal Claim(Claims claims, string path)
    {
        (this.claims, this.path) = (claims, path);
        identity = JsonSerializer.Serialize(ClaimHolder.New(), MetricsLine.Options);
        // The stream stays open: after the file is moved away, later writes go to the moved file.
        file = new(path, FileMode.CreateNew, FileAccess.Write, Anyone, bufferSize: 0);
        Renew();
    }

    /// <summary>Who took the claim over; null while nobody did, or after the taker gave it back.</summary>
    public ClaimHolder? Taker { get; private set; }
    /// <summary>Whether the claim was found to be lost.</summary>
    public bool Lost { get; private set; }

    /// <summary>Whether the claim is still this process's, by its file. Ask before every write to the run.</summary>
    public bool Holds()
    {
        if (Lost) return false;
        var line = FirstLine(path);
        // A process that moved the file away by mistake puts it back at once.
        for (var attempt = 0; line is null && attempt < 20; attempt++, line = FirstLine(path)) Thread.Sleep(5);
        Lost = line != identity;
        if (Lost) Taker = Holder(line);
        return !Lost;
    }

    /// <summary>Raises the number in the file. A failure is ignored: <see cref="Holds"/> decides.</summary>
    internal void Renew()
    {
        lock (file)
        {
            if (!file.CanWrite) return;
            try
            {
                file.Position = 0;
                file.Write(Encoding.UTF8.GetBytes($"{identity}\n{++renewals}\n"));
                file.Flush(flushToDisk: true);
            }
            catch (IOException) { }
        }
    }

    /// <summary>Gives the claim back.</summary>
    public void Dispose()
    {
        claims.Forget(this);
        lock (file) file.Dispose();
        if (!Lost) Remove(path, identity);
    }

    /// <summary>Removes the claim of one holder only. It moves the file to a new name, which one of several processes
    /// can do, and reads it there. Another holder's claim is moved back.</summary>
    internal static bool Remove(string path, string identity)
    {
        if (FirstLine(path) != identity) return false;
        var aside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.Move(path, aside, overwrite: true); // a single rename; without "overwrite" it is a link and a removal
            if (FirstLine(aside) == identity)
            {
                File.Delete(aside);
                return true;
            }
            File.Move(aside, path, overwrite: false);
        }
        catch (IOException) { } // another process was faster
        return false;
    }

    /// <summary>Removes claims that a killed process moved aside; not those of a living process.</summary>
    internal static void Sweep(string path)
    {
        if (!Directory.Exists(Path.GetDirectoryName(path))) return;
        foreach (var aside in Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*.tmp"))
        {
            var isOld = DateTime.UtcNow - File.GetLastWriteTimeUtc(aside) > TimeSpan.FromHours(1);
            if (isOld || Holder(FirstLine(aside)) is not { IsGone: false }) File.Delete(aside);
        }
    }

    /// <summary>The holder in the first line of a claim; null where it has none, as in a file just made.</summary>
    internal static ClaimHolder? Holder(string? line)
    {
        try
        {
            return line is null ? null : JsonSerializer.Deserialize<ClaimHolder>(line, MetricsLine.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A claim's text; null without a file.</summary>
    internal static string? Read(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, Anyone));
            return reader.ReadToEnd();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    static string? FirstLine(string path) => Read(path)?.Split('\n')[0];
}
