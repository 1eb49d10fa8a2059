using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Iql.Torch;

/// <summary>An NVIDIA card, as its driver describes it.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Name">"NVIDIA H200".</param>
/// <param name="Bytes">Its memory.</param>
public readonly record struct Card(int Index, string Name, long Bytes);

/// <summary>What NVIDIA's driver says of this machine, by its library libcuda.</summary>
/// <param name="Version">The newest CUDA that the driver serves, "13.0"; null without a driver.</param>
/// <param name="Cards">The cards, none without a driver.</param>
public sealed partial record NvidiaDriver(Version? Version, ImmutableArray<Card> Cards)
{
    const string Library = "cuda";

    /// <summary>Asks the driver.</summary>
    public static NvidiaDriver Read()
    {
        var none = new NvidiaDriver(null, []);
        var name = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(name, out var driver)) return none;
        LibTorch.Resolve(Library, driver);
        if (cuDriverGetVersion(out var version) != 0) return none;
        var serves = new Version(version / 1000, version % 1000 / 10);
        if (cuInit(0) != 0 || cuDeviceGetCount(out var count) != 0) return new(serves, []);
        return new(serves, [.. Enumerable.Range(0, count).Select(Described)]);
    }

    /// <summary>libtorch's context of a card, made where there is none, and entered.</summary>
    internal static nint Context(int index)
    {
        nint context = 0;
        Check.That(cuDeviceGet(out var device, index) == 0 && cuDevicePrimaryCtxRetain(out context, device) == 0,
            "libcuda", $"a context of card {index}", "none");
        Enter(context);
        return context;
    }

    /// <summary>Makes a context the calling thread's.</summary>
    internal static void Enter(nint context) =>
        Check.That(cuCtxSetCurrent(context) == 0, "libcuda", "a context that can be entered", "another");

    /// <summary>Bytes free on a card.</summary>
    internal static long FreeBytes(int index)
    {
        Context(index);
        Check.That(cuMemGetInfo_v2(out var free, out _) == 0, "libcuda", $"the free memory of card {index}", "none");
        return (long)free;
    }

    static Card Described(int index)
    {
        var name = new byte[256];
        if (cuDeviceGet(out var device, index) != 0) return new(index, "a card that does not answer", 0);
        _ = cuDeviceGetName(name, name.Length, device);
        _ = cuDeviceTotalMem_v2(out var bytes, device);
        return new(index, Encoding.ASCII.GetString(name).TrimEnd('\0'), (long)bytes);
    }

    [LibraryImport(Library)]
    private static partial int cuInit(uint flags);

    [LibraryImport(Library)]
    private static partial int cuDriverGetVersion(out int version);

    [LibraryImport(Library)]
    private static partial int cuDeviceGetCount(out int count);

    [LibraryImport(Library)]
    private static partial int cuDeviceGet(out int device, int index);

    [LibraryImport(Library)]
    private static partial int cuDeviceGetName([Out] byte[] name, int length, int device);

    [LibraryImport(Library)]
    private static partial int cuDeviceTotalMem_v2(out nuint bytes, int device);

    [LibraryImport(Library)]
    private static partial int cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library)]
    private static partial int cuCtxSetCurrent(nint context);

    [LibraryImport(Library)]
    private static partial int cuMemGetInfo_v2(out nuint free, out nuint total);
}
