namespace Iql.Training;

/// <summary>
/// Files that are either the old one or the new one, never half of one: written beside their place, flushed to the disk, then
/// renamed. What a killed process leaves behind is a "*.partial" file, which nobody reads and the next writing replaces.
/// </summary>
public static class AtomicFile
{
    /// <summary>Replaces a file's contents. The folder must exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the new contents, from the start.</param>
    public static void Write(string path, Action<Stream> write)
    {
        var partial = path + ".partial";
        using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        File.Move(partial, path, overwrite: true);
    }
}
