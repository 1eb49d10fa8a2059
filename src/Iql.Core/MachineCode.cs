using System.Runtime.InteropServices;

namespace Iql;

/// <summary>Instructions of our own, for the little that .NET has no way to say.</summary>
static unsafe partial class MachineCode
{
    /// <summary>
    /// A page that holds the instructions, first written, then closed to writing and opened to running; null where that cannot be:
    /// on another processor, on Windows (whose functions take their arguments elsewhere), on a system that forbids new code.
    /// </summary>
    public static byte* Place(ReadOnlySpan<byte> instructions)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || !(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())) return null;
        const int readWrite = 3, readExecute = 5;
        var page = (nuint)Environment.SystemPageSize;
        var code = (byte*)NativeMemory.AlignedAlloc(page, page);
        NativeMemory.Clear(code, page);
        instructions.CopyTo(new Span<byte>(code, (int)page));
        if (mprotect(code, page, readExecute) == 0) return code;
        if (mprotect(code, page, readWrite) == 0) NativeMemory.AlignedFree(code);
        return null;
    }

    [LibraryImport("libc")] private static partial int mprotect(void* address, nuint size, int protection);
}
