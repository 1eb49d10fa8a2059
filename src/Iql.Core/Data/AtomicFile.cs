namespace Iql.Data;

/// <summary>Files that exist whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>Lets <paramref name="write"/> fill a temporary file beside <paramref name="path"/>, then renames it.
    /// Makes the folder when it is missing. When writing throws, the old file stays.</summary>
    /// <param name="write">Takes the temporary path and leaves a closed file there.</param>
    public static void Write(string path, Action<string> write)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        try { write(temporary); File.Move(temporary, full, overwrite: true); }
        finally { File.Delete(temporary); }
    }

    /// <summary>The same for a file written as a stream, which is on the disk before the file gets its name.</summary>
    public static void Write(string path, Action<Stream> write) => Write(path, (string temporary) =>
    {
        using var stream = new FileStream(
            temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        write(stream);
        stream.Flush(flushToDisk: true);
    });

    /// <summary>Removes temporary files that killed writers of a path left. A living writer holds its file, which
    /// stays: safe at any time, but only for files written as a stream.</summary>
    public static void SweepAbandoned(string path)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder)) return;
        foreach (var temporary in Directory.GetFiles(folder, Path.GetFileName(full) + ".*-*.tmp"))
        {
            try
            {
                using (new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
                File.Delete(temporary);
            }
            catch (IOException) { } // somebody is writing it
        }
    }

    /// <summary>Removes temporary files that killed writers left in a folder. Nobody may be writing there.</summary>
    public static void Sweep(string folder)
    {
        foreach (var temporary in Directory.GetFiles(folder, "*.tmp")) File.Delete(temporary);
    }
}
