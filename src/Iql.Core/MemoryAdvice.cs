using System.Runtime.InteropServices;

namespace Iql;

/// <summary>What the system may be told about memory: that a file is read here and there, that pages are wanted soon, that they may be large.</summary>
/// <remarks>Advice only: where it is not to be had (Windows), nothing happens and nothing fails.</remarks>
static unsafe partial class MemoryAdvice
{
    // madvise's first two numbers are the same on Linux and macOS; large pages are Linux' alone.
    const int RandomAccess = 1, WillNeed = 3, HugePage = 14;

    static readonly nuint Page = (nuint)Environment.SystemPageSize;

    /// <summary>Whether the system takes advice.</summary>
    internal static bool Works { get; } = (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()) && Environment.Is64BitProcess && Try();

    /// <summary>Single rows are wanted, anywhere: what lies around them is not worth reading.</summary>
    internal static void Random(void* start, long length) => Give(start, length, RandomAccess);

    /// <summary>These bytes are wanted soon. Returns before they are there.</summary>
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
