using System.Runtime.InteropServices;

namespace Iql;

/// <summary>Native memory for numbers, on cache lines; large blocks lie on large pages where the system has them.</summary>
/// <remarks>
/// Rows of a matrix lie a kilobyte apart, so a product walks over a page of 4 kB every four rows; with pages of 2 MB its addresses
/// stay translated. IQL's step on a Zen 4 core, with and without in turns: 1.5 to 6 % more steps a second.
/// </remarks>
static unsafe class AlignedMemory
{
    const int Line = 64, LargePage = 2 << 20, Large = LargePage / 4;

    /// <summary>So many floats of zero; <see cref="Free"/> gives them back.</summary>
    public static float* Floats(int count)
    {
        var memory = Uncleared(count);
        NativeMemory.Clear(memory, (nuint)count * sizeof(float));
        return memory;
    }

    /// <summary>So many floats of any value; <see cref="Free"/> gives them back.</summary>
    public static float* Uncleared(long count)
    {
        var bytes = (nuint)count * sizeof(float);
        var isLarge = OperatingSystem.IsLinux() && bytes >= Large;
        if (isLarge) bytes = (bytes + LargePage - 1) / LargePage * LargePage;
        var memory = (float*)NativeMemory.AlignedAlloc(bytes, isLarge ? (nuint)LargePage : Line);
        if (isLarge) MemoryAdvice.Large(memory, (long)bytes);
        return memory;
    }

    /// <summary>Gives memory back.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);
}
