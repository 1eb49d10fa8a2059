using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Iql.Data.Rows;

/// <summary>The layout of a row file: one page (magic, version, N, S, A, floats a row, bytes of the description, at 48
/// and 80 the SHA-256 of marks and description, at its end that of the page; little-endian), N rows
/// (<see cref="RowLayout"/>), the marks: a bit a row in words of 64 (whether its next action is known), the description
/// as JSON with the rows' fingerprint. The page is written last and makes the file whole.</summary>
readonly record struct RowFileHeader(
    long Count, RowLayout Layout, long DescriptionBytes, byte[] MarksSum, byte[] DescriptionSum)
{
    internal const int Page = 4096, Version = 2;
    const int PageSum = Page - SHA256.HashSizeInBytes;
    internal static ReadOnlySpan<byte> Magic => "IQL rows"u8;
    internal long MarksOffset => Page + Count * Layout.Bytes;
    internal long DescriptionOffset => MarksOffset + (Count + 63) / 64 * sizeof(ulong);
    internal long FileBytes => DescriptionOffset + DescriptionBytes;

    internal byte[] ToBytes()
    {
        var page = new byte[Page];
        Magic.CopyTo(page);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(16), Count);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(24), Layout.ObservationSize);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(28), Layout.ActionSize);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(32), Layout.Stride);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(40), DescriptionBytes);
        MarksSum.CopyTo(page, 48);
        DescriptionSum.CopyTo(page, 80);
        SHA256.HashData(page.AsSpan(0, PageSum), page.AsSpan(PageSum));
        return page;
    }

    /// <summary>Whether a file begins as a row file does.</summary>
    internal static bool Fits(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Reads the page and compares it with the file's length.</summary>
    /// <exception cref="FileException">Another kind of file or version, a damaged file.</exception>
    internal static RowFileHeader Read(string path, Stream stream)
    {
        var page = new byte[Page];
        var got = stream.ReadAtLeast(page, Page, throwOnEndOfStream: false);
        if (!Fits(page.AsSpan(0, got))) throw Wrong("a row file",
            got == 0 ? "an empty file"
                : $"first bytes of another kind ({Convert.ToHexString(page.AsSpan(0, Math.Min(8, got)))})",
            "Make one with iql data pack.");
        if (got < Page) throw Truncated(Page, got);
        var version = Int(8);
        if (version != Version) throw Wrong(
            $"a row file of version {Version}", $"version {version}", "Pack the data again with this program.");
        var layout = new RowLayout(Int(24), Int(28));
        var header = new RowFileHeader(Long(16), layout, Long(40), page[48..80], page[80..112]);
        var stride = Int(32);
        const int widest = 1 << 24;
        if (layout.ObservationSize is < 1 or > widest || layout.ActionSize is < 1 or > widest || stride != layout.Stride
            || header.Count < 1 || header.Count > long.MaxValue / 2 / layout.Bytes
            || header.DescriptionBytes is < 2 or > int.MaxValue)
            throw Wrong("a first page that fits itself",
                $"{header.Count} rows of {layout.ObservationSize} and {layout.ActionSize} numbers, {stride} floats " +
                $"a row, {header.DescriptionBytes} bytes of description", "The file is damaged; pack the data again.");
        if (stream.Length != header.FileBytes) throw Truncated(header.FileBytes, stream.Length);
        return page.AsSpan(PageSum).SequenceEqual(SHA256.HashData(page.AsSpan(0, PageSum))) ? header : throw Wrong(
            "the first page that was packed", "another", "The file is damaged; copy or pack it again.");

        int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(page.AsSpan(at));
        long Long(int at) => BinaryPrimitives.ReadInt64LittleEndian(page.AsSpan(at));
        FileException Truncated(long expected, long bytes) => Wrong($"{expected} bytes", $"{bytes}",
            $"{(bytes < expected ? "The file is truncated" : "Something was added to the file")}; " +
            "copy or pack it again.");
        FileException Wrong(string expected, string got, string hint) =>
            new($"{path}: expected {expected}, got {got}. {hint}");
    }
}

/// <summary>The description of a row file, JSON at its end.</summary>
sealed record RowFileDescription(
    string Name, ImmutableArray<string> Columns, string Fingerprint, ImmutableSortedDictionary<string, string> Metadata,
    DatasetStatistics Statistics, ActionKind ActionKind = ActionKind.Continuous)
{
    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };

    internal static ImmutableArray<string> ColumnsOf(RowLayout layout) =>
    [
        $"observations [{layout.ObservationSize}]", $"actions [{layout.ActionSize}]", "rewards", "terminals",
        "timeouts", $"nextObservations [{layout.ObservationSize}]",
    ];

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    internal static RowFileDescription Read(string path, Stream stream, RowFileHeader header)
    {
        var text = new byte[header.DescriptionBytes];
        stream.Position = header.DescriptionOffset;
        stream.ReadExactly(text);
        if (!header.DescriptionSum.AsSpan().SequenceEqual(SHA256.HashData(text)))
            throw new FileException($"{path}: expected the description that was packed, got another. "
                + "The file is damaged; copy or pack it again.");
        try
        {
            var description = JsonSerializer.Deserialize<RowFileDescription>(text, Options)
                ?? throw new JsonException("got null.");
            var size = description.Statistics.ObservationMean.Length;
            return size == header.Layout.ObservationSize ? description
                : throw new JsonException($"got statistics of {size} observations.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: expected a description as JSON behind the rows, " +
                $"{error.Message} The file is damaged; pack the data again.", error);
        }
    }
}
