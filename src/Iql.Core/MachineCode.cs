using System.Runtime.InteropServices;

namespace Iql;

/// <summary>Machine instructions of our own, for the few things that .NET cannot express.</summary>
static unsafe partial class MachineCode
{
    /// <summary>A page with the instructions: written, then made executable. Null on another processor, on Windows
    /// (another calling convention), and on a system that forbids new code.</summary>
    public static byte* Place(ReadOnlySpan<byte> instructions)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())) return null;
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
