using System.Runtime.InteropServices;

namespace Iql;

/// <summary>Native memory for numbers, aligned to cache lines; large blocks use large pages if there are any.</summary>
/// <remarks>Rows of a matrix lie a kilobyte apart, so a product crosses a 4 kB page every four rows; addresses in 2 MB
/// pages stay translated. IQL's step on a Zen 4 core, measured in turns: 1.5 to 6 % more steps a second.</remarks>
static unsafe class AlignedMemory
{
    const int Line = 64, LargePage = 2 << 20, Large = LargePage / 4;

    /// <summary>Floats of zero; <see cref="Free"/> releases them.</summary>
    public static float* Floats(int count)
    {
        var memory = Uncleared(count);
        NativeMemory.Clear(memory, (nuint)count * sizeof(float));
        return memory;
    }

    /// <summary>Floats of any value; <see cref="Free"/> releases them.</summary>
    public static float* Uncleared(long count)
    {
        var bytes = (nuint)count * sizeof(float);
        var isLarge = OperatingSystem.IsLinux() && bytes >= Large;
        if (isLarge) bytes = (bytes + LargePage - 1) / LargePage * LargePage;
        var memory = (float*)NativeMemory.AlignedAlloc(bytes, isLarge ? (nuint)LargePage : Line);
        if (isLarge) MemoryAdvice.Large(memory, (long)bytes);
        return memory;
    }

    /// <summary>Releases memory.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);
}
