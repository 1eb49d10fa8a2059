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

    /// <summary>Verifies a file.</summary>
    public static void Verify(D4rlFile file, string path, string? sha256, string source)
    {
        if (sha256 != null)
        {
            using var stream = File.OpenRead(path);
            var got = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (!got.Equals(sha256, StringComparison.OrdinalIgnoreCase))
                throw Wrong($"SHA-256 {sha256.ToLowerInvariant()}", got);
        }
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

        FileException Wrong(string expected, string got) =>
            new($"{source}: expected the file of {file.Task} with {expected}, got {got}");
    }

    static void Accept(D4rlFile file, string path, string? sha256, string source)
    {
        var part = path + ".part";
        try { Verify(file, part, sha256, source); }
        catch { ResumableDownload.Forget(part); throw; }
        ResumableDownload.Rename(part, path);
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
