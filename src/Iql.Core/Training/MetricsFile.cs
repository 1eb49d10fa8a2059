using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Iql.Data;

namespace Iql.Training;

/// <summary>metrics.jsonl: one flat JSON object a line, appended only. Readers may look at any time; a line is there whole or not at all.</summary>
public sealed class MetricsFile : IDisposable
{
    readonly FileStream stream;
    readonly ArrayBufferWriter<byte> line = new();

    /// <summary>Opens a file for appending, made when absent.</summary>
    public MetricsFile(string path) => stream = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    /// <summary>Appends a line that begins with kind, step and seconds.</summary>
    public void Append(string kind, long step, double seconds, Action<Utf8JsonWriter> rest)
    {
        line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            json.WriteNumber("step", step);
            json.WriteNumber("seconds", Math.Round(seconds, 3));
            rest(json);
            json.WriteEndObject();
        }
        line.Write("\n"u8);
        stream.Write(line.WrittenSpan);
    }

    /// <summary>Waits until all lines are on the disk.</summary>
    public void Flush() => stream.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>Writes "name": value, null when the value is not finite.</summary>
    public static void Number(Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        Number(json, value);
    }

    /// <summary>Writes "name": [values], null for each that is not finite.</summary>
    public static void Numbers(Utf8JsonWriter json, string name, IEnumerable<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) Number(json, value);
        json.WriteEndArray();
    }

    static void Number(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteNullValue();
    }

    /// <summary>All whole lines of a file in order, none when it is absent. A last line that was cut short is left out.</summary>
    public static ImmutableArray<JsonElement> Read(string path) => [.. Lines(path).Select((text, i) => Parse(path, text, i))];

    /// <summary>Drops the lines of steps after <paramref name="step"/>, and a last line that was cut short.</summary>
    public static void Truncate(string path, long step)
    {
        if (!File.Exists(path)) return;
        var kept = Lines(path).Where((text, i) => Parse(path, text, i).GetProperty("step").GetInt64() <= step).Select(text => text + "\n");
        var bytes = Encoding.UTF8.GetBytes(string.Concat(kept));
        AtomicFile.Write(path, (Stream stream) => stream.Write(bytes));
    }

    static string[] Lines(string path) => File.Exists(path) ? File.ReadAllText(path).Split('\n')[..^1] : [];

    static JsonElement Parse(string path, string text, int index)
    {
        try
        {
            var element = JsonElement.Parse(text);
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("step", out var step) && step.TryGetInt64(out _)) return element;
            throw new JsonException("there is none.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}, line {index + 1}: expected a JSON object with a whole number \"step\", {error.Message}", error);
        }
    }
}
