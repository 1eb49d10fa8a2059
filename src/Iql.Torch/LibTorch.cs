using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Iql.Torch;

/// <summary>libtorch in this process: found in a folder, checked, loaded once.</summary>
public sealed partial class LibTorch
{
    const string Hint = "Install PyTorch 2.10 or later and name its folder torch/lib by --libtorch or IQL_LIBTORCH.";
    static readonly Lock gate = new();
    static LibTorch? loaded;

    LibTorch(string folder, bool hasCuda)
    {
        (Folder, HasCuda) = (folder, hasCuda);
        var version = Native.aoti_torch_abi_version();
        Version = new((int)(version >> 56), (int)(version >> 48 & 0xff));
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>Its version, of at least 2.10.</summary>
    public Version Version { get; }

    /// <summary>Whether it is built for NVIDIA cards.</summary>
    public bool HasCuda { get; }

    /// <summary>"libtorch 2.10 (CPU)"</summary>
    public override string ToString() => $"libtorch {Version} ({(HasCuda ? "CUDA" : "CPU")})";

    /// <summary>The folder that would be loaded: the one named, IQL_LIBTORCH, or the newest in NuGet's cache; null
    /// without one.</summary>
    public static string? Find(string? folder = null)
    {
        if (folder is not null) return folder;
        if (Environment.GetEnvironmentVariable("IQL_LIBTORCH") is { Length: > 0 } named) return named;
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        if (!Directory.Exists(packages)) return null;
        return Directory.EnumerateDirectories(packages, "libtorch-c*")
            .SelectMany(Directory.EnumerateDirectories)
            .Select(version => Path.Combine(version, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Where(native => File.Exists(Path.Combine(native, FileName("torch_cpu"))))
            .OrderByDescending(native => native.Contains("libtorch-cuda", StringComparison.Ordinal))
            .ThenByDescending(native => native, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    /// <summary>Loads libtorch. A process can hold one; loading the same again returns it.</summary>
    /// <param name="folder">The folder with its libraries; null looks as <see cref="Find"/> does.</param>
    /// <param name="tf32">Whether products on cards may have 10 bits of precision, which is faster. libtorch reads it
    /// when it is loaded.</param>
    /// <exception cref="InputException">No libtorch, one too old, or another one is loaded.</exception>
    public static LibTorch Load(string? folder = null, bool tf32 = false)
    {
        lock (gate)
        {
            var found = Find(folder) is { } path ? Path.GetFullPath(path)
                : throw new InputException($"libtorch: expected a folder with it, got none. {Hint}");
            if (loaded is not null)
            {
                Check.That(loaded.Folder == found, "libtorch", $"{loaded.Folder}, which is loaded already", found,
                    "A process can hold one.");
                return loaded;
            }
            return loaded = Open(found, tf32);
        }
    }

    static LibTorch Open(string folder, bool tf32)
    {
        Check.That(Directory.Exists(folder), "libtorch", $"a folder with {FileName("torch_cpu")}",
            $"{folder}, which does not exist", Hint);
        Check.That(File.Exists(Path.Combine(folder, FileName("torch_cpu"))), "libtorch",
            $"a folder with {FileName("torch_cpu")}", folder, Hint);
        var hasCuda = File.Exists(Path.Combine(folder, FileName("torch_cuda")));
        Prepare(tf32);
        var library = Open(folder, "torch_cpu");
        if (hasCuda) Resolve("torch_cuda", Open(folder, "torch_cuda"));
        Check.That(NativeLibrary.TryGetExport(library, "torch_call_dispatcher", out _)
            && NativeLibrary.TryGetExport(library, "torch_new_list_reserve_size", out _),
            folder, "libtorch 2.10 or later", "an older one", Hint);
        Resolve(Native.Library, library);
        return new(folder, hasCuda);
    }

    static readonly ConcurrentDictionary<string, nint> libraries = new();

    /// <summary>Binds the imports of a name to a loaded library.</summary>
    internal static void Resolve(string name, nint library)
    {
        libraries[name] = library;
        lock (libraries)
        {
            if (resolves) return;
            NativeLibrary.SetDllImportResolver(
                Assembly.GetExecutingAssembly(), (name, _, _) => libraries.GetValueOrDefault(name));
            resolves = true;
        }
    }

    static bool resolves;

    static nint Open(string folder, string name)
    {
        var file = Path.Combine(folder, FileName(name));
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            throw new InputException($"{file}: expected a library that loads here, got: {exception.Message.Trim()}");
        }
    }

    static string FileName(string name) => OperatingSystem.IsWindows() ? $"{name}.dll"
        : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    // Idle threads of OpenMP spin by default, which makes a shared machine many times slower. Both libraries read the
    // process's own environment when they are loaded; .NET keeps a copy.
    static void Prepare(bool tf32)
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [("GOMP_SPINCOUNT", "0"), ("OMP_WAIT_POLICY", "PASSIVE"),
            ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", tf32 ? "1" : "0")])
            _ = SetEnvironment(name, value, overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
