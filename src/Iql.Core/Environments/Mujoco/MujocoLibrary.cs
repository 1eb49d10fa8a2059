using System.Runtime.InteropServices;

namespace Iql.Environments.Mujoco;

/// <summary>The system's MuJoCo C library 2.2.2, found at run time; <see cref="NativeGuard"/> calls it.</summary>
public static unsafe class MujocoLibrary
{
    /// <summary>The version with D4RL's numbers and the layout of <see cref="MjModel"/>.</summary>
    const int Version = 222;

    static readonly string[] Names =
    [
        "mj_loadXML", "mj_makeData", "mj_deleteData", "mj_deleteModel", "mj_copyModel", "mj_resetData", "mj_forward",
        "mj_step", "mj_id2name", "mj_defaultVFS", "mj_makeEmptyFileVFS", "mj_deleteVFS",
    ];

    /// <summary>One thread at a time may compile: MuJoCo's compiler keeps its errors in one place.</summary>
    internal static readonly Lock Gate = new();

    static readonly (nint Library, string Path, string? Problem) Found = Find();

    static readonly nint[] Functions = Found.Problem is null
        ? [.. Names.Select(name => NativeLibrary.GetExport(Found.Library, name))] : [];

    /// <summary>Whether this machine has the library.</summary>
    public static bool IsAvailable => Found.Problem is null;
    /// <summary>Its name or file.</summary>
    public static string Path => Found.Path;

    /// <summary>Throws, with a hint what to install, when the library is missing or of another version.</summary>
    public static void Require()
    {
        if (Found.Problem is { } problem) throw new DllNotFoundException(problem);
    }

    /// <summary>A function's address.</summary>
    internal static nint Function(string name)
    {
        Require();
        return Functions[Array.IndexOf(Names, name)];
    }

    static (nint, string, string?) Find()
    {
        const string hint =
            "Install it (Debian 12: apt-get install libmujoco2.2.2; elsewhere: the release 2.2.2 of MuJoCo), or name " +
            "its file in the environment variable IQL_MUJOCO. The pointmaze tasks need no library.";
        var candidates = Candidates().ToArray();
        foreach (var candidate in candidates)
        {
            if (!NativeLibrary.TryLoad(candidate, out var library)) continue;
            var found = ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "mj_version"))();
            var version = $"{found / 100}.{found / 10 % 10}.{found % 10}";
            if (found != Version)
                return (0, "", $"MuJoCo: expected version 2.2.2, found {version} in {candidate}. {hint}");
            if (!Environment.Is64BitProcess) return (0, "", "MuJoCo: expected a 64-bit process, got one of 32 bits.");
            NativeGuard.Install(library);
            return (library, candidate, null);
        }
        var names = string.Join(", ", candidates);
        return (0, "", $"MuJoCo: expected the system's MuJoCo library 2.2.2, found none of {names}. {hint}");
    }

    static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("IQL_MUJOCO") is { Length: > 0 } named) return [named];
        if (OperatingSystem.IsWindows()) return ["mujoco.dll"];
        if (OperatingSystem.IsMacOS()) return ["libmujoco.2.2.2.dylib", "libmujoco.dylib"];
        return ["libmujoco.so.2.2.2", "libmujoco.so"];
    }
}
