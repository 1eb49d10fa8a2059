using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace Iql.Training;

/// <summary>metrics.jsonl: one flat JSON object a line, appended only. It can be read at any time.</summary>
public sealed class MetricsFile : IDisposable
{
    readonly FileStream stream;
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long lines, bytes;

    /// <summary>Opens a file for appending, made when absent.</summary>
    public MetricsFile(string path)
    {
        if (File.Exists(path)) Count(File.ReadAllBytes(path));
        stream = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }

    public void Append(MetricsLine line)
    {
        byte[] text = [.. JsonSerializer.SerializeToUtf8Bytes(line, line.GetType(), MetricsLine.Options), (byte)'\n'];
        stream.Write(text);
        Count(text);
    }

    void Count(byte[] text)
    {
        hash.AppendData(text);
        bytes += text.Length;
        lines += text.AsSpan().Count((byte)'\n');
    }

    /// <summary>All lines so far, as a checkpoint remembers them.</summary>
    public MetricsMark Mark(long step) => new(step, lines, bytes, Convert.ToHexStringLower(hash.GetCurrentHash()));

    /// <summary>Waits until all lines are on the disk.</summary>
    public void Flush() => stream.Flush(flushToDisk: true);

    public void Dispose()
    {
        stream.Dispose();
        hash.Dispose();
    }

    /// <summary>The lines of a file in order, without a last one that was cut short; none when it is absent.</summary>
    /// <exception cref="FileException">A line is damaged; the message names the file and the line.</exception>
    public static ImmutableArray<MetricsLine> Read(string path) =>
        Reading.Of(path, "lines of text",
            () => Lines(path).Select((text, i) => Parse(path, text, i)).ToImmutableArray());

    /// <summary>Drops everything after the lines that a checkpoint remembers.</summary>
    public static void Cut(string path, MetricsMark mark)
    {
        if (!File.Exists(path)) return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(mark.Bytes);
        file.Flush(flushToDisk: true);
    }

    static IEnumerable<string> Lines(string path)
    {
        if (!File.Exists(path)) yield break;
        using var lines = new LineReader(path);
        while (lines.Next() is { } line && lines.IsWhole) yield return line;
    }

    static MetricsLine Parse(string path, string text, int index) =>
        Reading.Of(path, "a JSON object of the kind train, evaluation, acting or weights",
            () => MetricsLine.Parse(text), () => $", line {index + 1}");
}
