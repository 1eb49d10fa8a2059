using System.Text;
using System.Text.Json;

namespace Iql.Training;

/// <summary>The process that trains in a run folder, as its claim says.</summary>
/// <param name="Host">The machine's name.</param>
/// <param name="Process">The process's number there.</param>
/// <param name="Start">When it started, on which boot and among which processes; nothing where the system does not tell.</param>
/// <param name="Token">Random: no two claims have the same.</param>
public sealed record ClaimHolder(string Host, int Process, string Start, string Token)
{
    // On another boot, or in another container, the same number is another process.
    static readonly string Here = Try("/proc/sys/kernel/random/boot_id") is { } boot
        ? $"{boot.Trim()} {File.ResolveLinkTarget("/proc/self/ns/pid", false)?.Name} "
        : "";

    /// <summary>This process, with a new token.</summary>
    internal static ClaimHolder New() => new(
        Environment.MachineName, Environment.ProcessId, StartOf(Environment.ProcessId) ?? Here, Guid.NewGuid().ToString("N"));

    /// <summary>Whether the process is known to be gone. Of processes elsewhere nothing is known.</summary>
    internal bool IsGone
    {
        get
        {
            if (Here == "" ? Host != Environment.MachineName : !Start.StartsWith(Here, StringComparison.Ordinal)) return false;
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

    /// <summary>When a process here started; null where that is not shown.</summary>
    static string? StartOf(int process) =>
        // The name stands in brackets and may hold anything; then come the state (Z: dead, but still listed) and 18 numbers.
        Try($"/proc/{process}/stat")?.Split(") ")[^1].Split(' ') is { } fields ? fields[0] == "Z" ? "" : Here + fields[19] : null;

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

/// <summary>
/// The right to train in a run folder: claim.json there, made exclusively, on any file system. Its first line says who holds it; its
/// second is a count that goes up while the holder lives. <see cref="Claims"/> makes and takes over claims.
/// </summary>
public sealed class Claim : IDisposable
{
    const FileShare Anyone = FileShare.ReadWrite | FileShare.Delete;

    readonly Claims claims;
    readonly string path, identity;
    readonly FileStream file;
    long beats;

    /// <summary>Makes the file; an IOException where there is one.</summary>
    internal Claim(Claims claims, string path)
    {
        (this.claims, this.path, identity) = (claims, path, JsonSerializer.Serialize(ClaimHolder.New(), MetricsLine.Options));
        // The stream stays open: once the file was moved away, what this process still writes goes with it.
        file = new(path, FileMode.CreateNew, FileAccess.Write, Anyone, bufferSize: 0);
        Beat();
    }

    /// <summary>Who took the claim over; null while nobody did, or where the taker is done already.</summary>
    public ClaimHolder? Taker { get; private set; }

    /// <summary>Whether the claim was found to be lost.</summary>
    public bool Lost { get; private set; }

    /// <summary>Whether the claim is still this process's: reads the file. To be asked before everything that is written.</summary>
    public bool Holds()
    {
        if (Lost) return false;
        var line = FirstLine(path);
        // Somebody who moved it away by mistake puts it back at once.
        for (var patience = 0; line is null && patience < 20; patience++, line = FirstLine(path)) Thread.Sleep(5);
        Lost = line != identity;
        if (Lost) Taker = Holder(line);
        return !Lost;
    }

    /// <summary>Shows that this process lives. What cannot be shown is silence, which <see cref="Holds"/> finds out about.</summary>
    internal void Beat()
    {
        lock (file)
        {
            if (!file.CanWrite) return;
            try
            {
                file.Position = 0;
                file.Write(Encoding.UTF8.GetBytes($"{identity}\n{++beats}\n"));
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

    /// <summary>
    /// Removes the claim of one holder, and no other: moves the file to a name that nobody knows, which succeeds for one of several
    /// processes, and looks at it there. Another's claim is put back.
    /// </summary>
    internal static bool Remove(string path, string identity)
    {
        if (FirstLine(path) != identity) return false;
        var aside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.Move(path, aside, overwrite: true); // a single rename; without "overwrite" it is a link and a removal
            if (FirstLine(aside) != identity) File.Move(aside, path, overwrite: false);
            else
            {
                File.Delete(aside);
                return true;
            }
        }
        catch (IOException) { } // somebody was faster
        return false;
    }

    /// <summary>The holder that the first line of a claim names; null where it names none, as while it is being made.</summary>
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
