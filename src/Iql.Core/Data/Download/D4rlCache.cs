using System.Collections.Immutable;
using System.Security.Cryptography;
using Iql.Data.Files;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Download;

/// <summary>The folder of D4RL's loader, shared with it.</summary>
public static class D4rlCache
{
    /// <summary>The mirrors in order, unless IQL_D4RL_MIRRORS names others between blanks. {path}, {file} and {task}
    /// stand for "gym_mujoco_v2/hopper_medium-v2.hdf5", "hopper_medium-v2.hdf5" and "hopper-medium-v2"; without them,
    /// /{path} is added.</summary>
    public static ImmutableArray<string> Mirrors =>
        Environment.GetEnvironmentVariable("IQL_D4RL_MIRRORS") is { Length: > 0 } named
        ? [.. named.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)]
        :
        [
            // Nobody on the way can change what comes by https. D4RL's own address is the last.
            "https://huggingface.co/datasets/imone/D4RL/resolve/main/{task}.hdf5",
            "https://rail.eecs.berkeley.edu/datasets/offline_rl/{path}",
            "http://rail.eecs.berkeley.edu/datasets/offline_rl/{path}",
        ];

    /// <summary>The environment variable D4RL_DATASET_DIR, or ~/.d4rl/datasets.</summary>
    public static string Folder =>
        Environment.GetEnvironmentVariable("D4RL_DATASET_DIR") is { Length: > 0 } named ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".d4rl", "datasets");

    /// <summary>The path of a task's file.</summary>
    public static string PathOf(D4rlFile file) => Path.Combine(Folder, file.FileName);

    /// <summary>Downloads a file into the cache. An old one stays until the new one is whole and verified.</summary>
    /// <param name="sha256">Its SHA-256 in hexadecimal; null: unknown.</param>
    /// <param name="progress">Called with the bytes here and, if known, of all.</param>
    /// <param name="cancellation">Stops; the next call continues.</param>
    /// <param name="pauses">Seconds to wait after consecutive failures; null: 1, 2, 4, 8.</param>
    /// <param name="say">Called with a line for each mirror that is tried, and for each that fails; null: the message
    /// of the exception has the reasons.</param>
    /// <exception cref="FileException">No mirror gave the file, or one with another checksum or number of rows, or no
    /// data set.</exception>
    public static string Download(D4rlFile file, IReadOnlyList<string> mirrors, string? sha256 = null,
        Action<long, long?>? progress = null, CancellationToken cancellation = default,
        IReadOnlyList<double>? pauses = null, Action<string>? say = null)
    {
        var path = PathOf(file);
        Directory.CreateDirectory(Folder);
        var outcomes = new List<string>();
        foreach (var address in mirrors.Select(mirror => Address(mirror, file)).ToArray())
        {
            say?.Invoke($"mirror {outcomes.Count + 1} of {mirrors.Count}: {address}");
            try
            {
                ResumableDownload.Fetch(address, path + ".part", progress, pauses ?? [1, 2, 4, 8], cancellation);
                Accept(file, path, sha256, address.ToString());
                return path;
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException or HttpRequestException)
            {
                outcomes.Add(failure.Message);
                say?.Invoke($"  failed: {failure.Message.Replace($"{address}: ", "", StringComparison.Ordinal)}");
                // Nothing came, so there is nothing to continue.
                if (new FileInfo(path + ".part") is { Exists: true, Length: 0 })
                    ResumableDownload.Forget(path + ".part");
            }
        }
        var reasons = say is null ? $": {string.Join("; ", outcomes)}" : "";
        var message = $"{file.Task}: expected {file.FileName} from one of {mirrors.Count} mirrors, got none{reasons}. "
            + $"Bring the file another way, then run `iql data download {file.Task} --from FOLDER`.";
        throw outcomes.Count > 0 && outcomes.All(outcome => outcome.Contains("expected the file of "))
            ? new FileException(message) : new FileException(new IOException(message));
    }

    /// <summary>Copies a file from a folder, under D4RL's name or the task's.</summary>
    /// <inheritdoc cref="Download" path="/exception"/>
    public static string Import(D4rlFile file, string folder, string? sha256 = null)
    {
        string[] names = [file.FileName, file.Task + ".hdf5", file.Task + ".h5"];
        var found = names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new FileException(new FileNotFoundException(
                $"{folder}: expected {string.Join(" or ", names)} there, found none of them."));
        var path = PathOf(file);
        if (Path.GetFullPath(found) == Path.GetFullPath(path)) return path;
        Directory.CreateDirectory(Folder);
        File.Copy(found, path + ".part", overwrite: true);
        Accept(file, path, sha256, found);
        return path;
    }

    /// <summary>Verifies a file, and stores its SHA-256 beside it for later reads.</summary>
    public static void Verify(D4rlFile file, string path, string? sha256, string source)
    {
        var sum = Checked(file, path, sha256, source);
        RequireStored(file);
        if (!File.Exists(Note(path))) Keep(path, sum);
    }

    /// <summary>Compares a cached file with the SHA-256 that was stored beside it when it came; without one, all is
    /// well.</summary>
    /// <exception cref="FileException">It is another file now.</exception>
    public static void RequireStored(D4rlFile file)
    {
        var path = PathOf(file);
        if (!File.Exists(path) || !File.Exists(Note(path))) return;
        var (stored, got) = (File.ReadAllText(Note(path)).Split(' ')[0], Sum(path));
        if (got != stored) throw new FileException($"{path}: expected SHA-256 {stored}, as {Note(path)} has it, "
            + $"got {got}. The file was damaged or replaced: iql data download {file.Task} --again");
    }

    /// <summary>The file of a checksum, in the form that sha256sum --check reads.</summary>
    static string Note(string path) => path + ".sha256";

    static void Keep(string path, string sum) => AtomicFile.Write(Note(path),
        (string temporary) => File.WriteAllText(temporary, $"{sum}  {Path.GetFileName(path)}\n"));

    static string Sum(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>The SHA-256 of a file that is what it should be.</summary>
    static string Checked(D4rlFile file, string path, string? sha256, string source)
    {
        var sum = Sum(path);
        if (sha256 != null && !sum.Equals(sha256, StringComparison.OrdinalIgnoreCase))
            throw Wrong($"SHA-256 {sha256.ToLowerInvariant()}", sum);
        long rows;
        try
        {
            using var data = DatasetFile.Open(path);
            rows = ColumnShapes.Of(data).Rows;
        }
        catch (FileException failure) when (failure.InnerException is InvalidDataException)
        {
            throw Wrong("an HDF5 file in D4RL's layout", failure.Message);
        }
        if (file.Rows is { } known && known != rows)
            throw Wrong(FormattableString.Invariant($"{known:N0} rows"), FormattableString.Invariant($"{rows:N0}"));
        return sum;

        FileException Wrong(string expected, string got) =>
            new($"{source}: expected the file of {file.Task} with {expected}, got {got}");
    }

    static void Accept(D4rlFile file, string path, string? sha256, string source)
    {
        var part = path + ".part";
        string sum;
        try { sum = Checked(file, part, sha256, source); }
        catch { ResumableDownload.Forget(part); throw; }
        // A kill in between leaves a file without a checksum, never with that of another file.
        File.Delete(Note(path));
        ResumableDownload.Rename(part, path);
        Keep(path, sum);
    }

    static Uri Address(string mirror, D4rlFile file)
    {
        var template = mirror.Contains('{') ? mirror : mirror.TrimEnd('/') + "/{path}";
        var text = template.Replace("{path}", file.Path).Replace("{file}", file.FileName).Replace("{task}", file.Task);
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https") ? address
            : throw new InputException(
                $"mirror: expected an address that begins with http:// or https://, got {mirror}.");
    }
}
