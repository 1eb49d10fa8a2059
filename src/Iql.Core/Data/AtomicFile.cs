using System.Collections.Concurrent;
using System.Diagnostics;

namespace Iql.Data;

/// <summary>Files and folders that exist whole or not at all. What killed writers of a path left beside it is removed
/// by its next writer.</summary>
public static class AtomicFile
{
    /// <summary>How long the temporary file of another machine's process must be unchanged to count as left.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>Says in a name whose process writes: the process's number follows.</summary>
    static readonly string Mark = $".{Environment.MachineName}-";

    static volatile bool abandoned;
    /// <summary>What this process is writing.</summary>
    static readonly ConcurrentDictionary<string, bool> Living = [];

    /// <summary>Lets <paramref name="write"/> fill a temporary file beside <paramref name="path"/>, then renames it.
    /// Makes the folder when it is missing. When writing throws, the old file stays.</summary>
    /// <param name="write">Takes the temporary path and leaves a closed file there.</param>
    /// <param name="before">Where the old file is kept; null keeps none.</param>
    public static void Write(string path, Action<string> write, string? before = null) =>
        Beside(path, (temporary, full) =>
        {
            write(temporary);
            if (before is not null && File.Exists(full)) File.Move(full, before, overwrite: true);
            File.Move(temporary, full, overwrite: true);
        });

    /// <summary>The same for a file written as a stream, which is on the disk before the file gets its name.</summary>
    public static void Write(string path, Action<Stream> write, string? before = null) =>
        Write(path, (string temporary) =>
        {
            using var stream = new FileStream(
                temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
            write(stream);
            stream.Flush(flushToDisk: true);
        }, before);

    /// <summary>The same for a new folder.</summary>
    public static void WriteFolder(string path, Action<string> write) => Beside(path, (temporary, full) =>
    {
        Directory.CreateDirectory(temporary);
        write(temporary);
        Directory.Move(temporary, full);
    });

    static void Beside(string path, Action<string, string> write)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        SweepAbandoned(full);
        var temporary = $"{full}{Mark}{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        Living[temporary] = true;
        try
        {
            if (abandoned) throw new OperationCanceledException("expected a process that goes on, got one that ends.");
            write(temporary, full);
            FolderSync.Flush(Path.GetDirectoryName(full)!);
        }
        finally
        {
            Remove(temporary);
            Living.TryRemove(temporary, out _);
        }
    }

    /// <summary>Removes what this process is writing. The process must end now: its writers fail.</summary>
    public static void Abandon()
    {
        abandoned = true;
        // Twice: a writer may have a name and make its file a moment later.
        for (var i = 0; i < 2 && !Living.IsEmpty; i++)
        {
            foreach (var temporary in Living.Keys)
            {
                try { Remove(temporary); }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException) { } // next writer's
            }
            Thread.Sleep(50);
        }
    }

    /// <summary>Removes what killed writers of a path left, and nothing of a living one: safe at any time.</summary>
    public static void SweepAbandoned(string path)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder)) return;
        foreach (var temporary in Directory.GetFileSystemEntries(folder, Path.GetFileName(full) + ".*-*.tmp"))
        {
            try
            {
                if (IsAbandoned(temporary)) Remove(temporary);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException) { } // not ours to remove
        }
    }

    /// <summary>Removes temporary files that killed writers left in a folder. Nobody may be writing there.</summary>
    public static void Sweep(string folder)
    {
        foreach (var temporary in Directory.GetFiles(folder, "*.tmp")) File.Delete(temporary);
    }

    static void Remove(string temporary)
    {
        if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        else File.Delete(temporary);
    }

    /// <summary>An IOException where a living writer holds the file open.</summary>
    static bool IsAbandoned(string temporary)
    {
        if (Living.ContainsKey(temporary)) return false;
        if (File.Exists(temporary))
            using (new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
        var at = temporary.LastIndexOf(Mark, StringComparison.Ordinal);
        return at > 0 && int.TryParse(temporary[(at + Mark.Length)..].Split('-')[0], out var process)
            ? process == Environment.ProcessId || !IsRunning(process)
            : DateTime.UtcNow - File.GetLastWriteTimeUtc(temporary) > Patience;
    }

    static bool IsRunning(int process)
    {
        try
        {
            Process.GetProcessById(process).Dispose();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
