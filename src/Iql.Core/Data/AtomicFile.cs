namespace Iql.Data;

/// <summary>Files that are there whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Lets <paramref name="write"/> fill a file of a temporary name beside <paramref name="path"/>, then renames it. Makes the
    /// folder when it is missing. When writing throws, the temporary file is removed and what was at the path stays.
    /// </summary>
    /// <param name="path">Where the file shall be.</param>
    /// <param name="write">Takes the temporary path and leaves a closed file there.</param>
    public static void Write(string path, Action<string> write)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        try
        {
            write(temporary);
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
