using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Iql.Data;

namespace Iql.Training;

/// <summary>metrics.jsonl: one flat JSON object a line, appended only. It can be read at any time.</summary>
public sealed class MetricsFile : IDisposable
{
    readonly FileStream stream;

    /// <summary>Opens a file for appending, made when absent.</summary>
    public MetricsFile(string path) =>
        stream = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    public void Append(MetricsLine line) =>
        stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, line.GetType(), MetricsLine.Options), (byte)'\n']);

    /// <summary>Waits until all lines are on the disk.</summary>
    public void Flush() => stream.Flush(flushToDisk: true);

    public void Dispose() => stream.Dispose();

    /// <summary>The lines of a file in order, without a last one that was cut short; none when it is absent.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; the message names the file and the line.</exception>
    public static ImmutableArray<MetricsLine> Read(string path) =>
        [.. Reading.Of(path, "lines of text", () => Lines(path)).Select((text, i) => Parse(path, text, i))];

    /// <summary>Drops the lines of steps after <paramref name="step"/>, and a last line that was cut short.</summary>
    public static void Truncate(string path, long step)
    {
        if (!File.Exists(path)) return;
        var kept = Reading.Of(path, "lines of text", () => Lines(path))
            .Where((text, i) => Parse(path, text, i).Step <= step).Select(text => text + "\n");
        var bytes = Encoding.UTF8.GetBytes(string.Concat(kept));
        AtomicFile.Write(path, (Stream stream) => stream.Write(bytes));
    }

    static string[] Lines(string path) => File.Exists(path) ? File.ReadAllText(path).Split('\n')[..^1] : [];

    static MetricsLine Parse(string path, string text, int index) =>
        Reading.Of(path, "a JSON object of the kind train, evaluation or weights", () => MetricsLine.Parse(text),
            () => $", line {index + 1}");
}
