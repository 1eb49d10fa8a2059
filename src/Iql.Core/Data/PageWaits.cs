using System.Runtime.InteropServices;

namespace Iql.Data;

/// <summary>How often pages of a mapped file were not there yet.</summary>
static unsafe partial class PageWaits
{
    /// <summary>How often this thread (on macOS, this process) had to wait for a page from a disk so far; only where <see cref="MemoryAdvice.Works"/>.</summary>
    internal static long Count()
    {
        // struct rusage: two times of two words, then maxrss, ixrss, idrss, isrss, minflt, majflt and eight more; a word has 64 bits.
        const int majorFaults = 9, words = 18;
        var usage = stackalloc long[words];
        const int process = 0, thread = 1;
        return getrusage(OperatingSystem.IsLinux() ? thread : process, usage) == 0 ? usage[majorFaults] : 0;
    }

    [LibraryImport("libc")]
    private static partial int getrusage(int who, long* usage);
}
