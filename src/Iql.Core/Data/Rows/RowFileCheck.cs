using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Iql.Data.Rows;

/// <summary>Compares the rows of a file with its fingerprint, and its marks with their checksum: the whole file is
/// read, in sequence. Opening a file checks all else.</summary>
static class RowFileCheck
{
    /// <summary>Larger files are checked once and remembered by path, length and time of the last change.</summary>
    internal const long Large = 1L << 28;

    /// <summary>Checks a whole file.</summary>
    /// <exception cref="FileException">A row or a mark is not what was packed.</exception>
    internal static void Run(string path, RowFileHeader header, string fingerprint)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete,
            bufferSize: 0, FileOptions.SequentialScan);
        stream.Position = RowFileHeader.Page;
        using var rows = new RowFingerprint(header.Layout);
        var buffer = new float[Math.Max(1, (1 << 18) / header.Layout.Stride) * header.Layout.Stride];
        for (var left = header.Count * header.Layout.Stride; left > 0; left -= buffer.Length)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
            stream.ReadExactly(MemoryMarshal.AsBytes(piece));
            rows.Add(piece);
        }
        var got = rows.Done();
        if (got != fingerprint) throw Damaged($"rows of the fingerprint {fingerprint}", got);
        using var marks = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = header.DescriptionOffset - header.MarksOffset; left > 0;)
        {
            var piece = MemoryMarshal.AsBytes(buffer.AsSpan())[..(int)Math.Min(4L * buffer.Length, left)];
            stream.ReadExactly(piece);
            marks.AppendData(piece);
            left -= piece.Length;
        }
        if (!marks.GetHashAndReset().AsSpan().SequenceEqual(header.MarksSum))
            throw Damaged("the marks of next actions that were packed", "others");

        FileException Damaged(string expected, string found) =>
            new($"{path}: expected {expected}, got {found}. The file is damaged; copy or pack it again.");
    }

    /// <summary>Checks a file, unless it is large and was checked as it is now.</summary>
    internal static void RunOnce(string path, RowFileHeader header, string fingerprint, string memory,
        long large = Large)
    {
        var file = new FileInfo(path);
        if (file.Length < large || memory == "")
        {
            Run(path, header, fingerprint);
            return;
        }
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(file.FullName)))[..16];
        var stamp = string.Create(CultureInfo.InvariantCulture,
            $"{fingerprint} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        var remembered = Path.Combine(memory, key);
        if (File.Exists(remembered) && File.ReadAllText(remembered) == stamp) return;
        Run(path, header, fingerprint);
        try
        {
            AtomicFile.Write(remembered, (string temporary) => File.WriteAllText(temporary, stamp));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { } // checked again then
    }

    /// <summary>The user's folder of checked files; empty where there is none.</summary>
    internal static string Memory
    {
        get
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named ? named
                : home == "" ? "" : Path.Combine(home, ".cache");
            return cache == "" ? "" : Path.Combine(cache, "iql", "checked-rows");
        }
    }
}
