using System.Runtime.InteropServices;

namespace Iql.Data;

/// <summary>
/// Tells the system which parts of a mapped file are wanted, so that reading overlaps with computing. Advice only: where it is not to be had
/// (Windows), pages are read when they are touched.
/// </summary>
static unsafe partial class ReadAhead
{
    // The same numbers on Linux and macOS.
    const int RandomAccess = 1, WillNeed = 3;

    static readonly nuint Page = (nuint)Environment.SystemPageSize;

    /// <summary>Whether the system takes advice.</summary>
    internal static bool Works { get; } = (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()) && Environment.Is64BitProcess && Try();

    /// <summary>Single rows are wanted, anywhere: what lies around them is not worth reading.</summary>
    internal static void Random(void* start, long length)
    {
        if (Works) Advise(start, length, RandomAccess);
    }

    /// <summary>These bytes are wanted soon. Returns before they are there.</summary>
    internal static void Soon(void* start, long length) => Advise(start, length, WillNeed);

    /// <summary>How often this thread (on macOS, this process) had to wait for a page from a disk so far.</summary>
    internal static long Waits()
    {
        // struct rusage: two times of two words, then maxrss, ixrss, idrss, isrss, minflt, majflt and eight more; a word has 64 bits.
        const int majorFaults = 9, words = 18;
        var usage = stackalloc long[words];
        const int process = 0, thread = 1;
        return getrusage(OperatingSystem.IsLinux() ? thread : process, usage) == 0 ? usage[majorFaults] : 0;
    }

    static int Advise(void* start, long length, int advice)
    {
        var from = (nuint)start & ~(Page - 1);
        return madvise((void*)from, (nuint)start + (nuint)length - from, advice);
    }

    static bool Try()
    {
        try
        {
            _ = madvise(null, 0, RandomAccess);
            return true;
        }
        catch (Exception absent) when (absent is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc")]
    private static partial int getrusage(int who, long* usage);

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);
}
