using System.Runtime.InteropServices;

namespace Iql.Data;

/// <summary>Names on the disk: a renamed file survives a power cut only after its folder is written too.</summary>
/// <remarks>.NET opens no folders. Where the system cannot flush one (Windows, some network disks), nothing
/// fails. Source: man fsync(2), "… does not necessarily ensure that the entry in the directory …".</remarks>
static partial class FolderSync
{
    /// <summary>Waits until a folder's names are on the disk; false where the system cannot say so.</summary>
    internal static bool Flush(string folder)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) return false;
        const int readOnly = 0;
        var handle = open(folder, readOnly);
        if (handle < 0) return false;
        var flushed = fsync(handle) == 0;
        _ = close(handle);
        return flushed;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fsync(int handle);

    [LibraryImport("libc")]
    private static partial int close(int handle);
}
