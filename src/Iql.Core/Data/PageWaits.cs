using System.Runtime.InteropServices;

namespace Iql.Data;

/// <summary>Counts waits for pages of a mapped file.</summary>
static unsafe partial class PageWaits
{
    /// <summary>This thread's (macOS: process's) waits for a page, if <see cref="MemoryAdvice.Works"/>.</summary>
    internal static long Count()
    {
        // struct rusage: two times of two words, then maxrss, ixrss, idrss, isrss, minflt, majflt and eight more.
        const int majorFaults = 9, words = 18;
        var usage = stackalloc long[words];
        const int process = 0, thread = 1;
        return getrusage(OperatingSystem.IsLinux() ? thread : process, usage) == 0 ? usage[majorFaults] : 0;
    }

    [LibraryImport("libc")]
    private static partial int getrusage(int who, long* usage);
}
