using System.Runtime.InteropServices;

namespace Iql;

/// <summary>Advice to the system about memory: random access, pages needed soon, large pages.</summary>
/// <remarks>Where the system takes none (Windows), nothing happens and nothing fails.</remarks>
static unsafe partial class MemoryAdvice
{
    // madvise's first two numbers are the same on Linux and macOS; large pages are Linux' alone.
    const int RandomAccess = 1, WillNeed = 3, HugePage = 14;
    static readonly nuint Page = (nuint)Environment.SystemPageSize;

    /// <summary>Whether the system takes advice.</summary>
    internal static bool Works { get; } = (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        && Environment.Is64BitProcess && Try();

    /// <summary>Single rows are read at random: do not read around them.</summary>
    internal static void Random(void* start, long length) => Give(start, length, RandomAccess);
    /// <summary>These bytes are needed soon. Returns at once.</summary>
    internal static void Soon(void* start, long length) => Give(start, length, WillNeed);

    /// <summary>Large pages are welcome here.</summary>
    internal static void Large(void* start, long length)
    {
        if (OperatingSystem.IsLinux()) Give(start, length, HugePage);
    }

    static void Give(void* start, long length, int advice)
    {
        if (!Works) return;
        var from = (nuint)start & ~(Page - 1);
        _ = madvise((void*)from, (nuint)start + (nuint)length - from, advice);
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
    private static partial int madvise(void* address, nuint length, int advice);
}
