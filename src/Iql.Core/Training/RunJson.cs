using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Iql.Data;

namespace Iql.Training;

/// <summary>A run folder's values as JSON: names in camelCase, enumerations as words, unknown names refused. The last
/// field of a file, "sha256", is the hash of all bytes before it.</summary>
public static class RunJson
{
    /// <summary>One value, indented, for people.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new FiniteNumberConverter() },
    };

    /// <summary>Any value as the JSON tree of its file.</summary>
    public static JsonElement Element<T>(T value) => JsonSerializer.SerializeToElement(value, Options);

    /// <summary>Replaces a file's contents. The value has at least one field.</summary>
    public static void Write<T>(string path, T value)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, Options)[..^"\n}".Length];
        AtomicFile.Write(path, (Stream stream) => stream.Write([.. body, .. Seal(body)]));
    }

    static byte[] Seal(ReadOnlySpan<byte> body) =>
        Encoding.ASCII.GetBytes($",\n  \"sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(body))}\"\n}}\n");

    static readonly int SealBytes = Seal([]).Length;

    /// <summary>Reads a file; a FileException names the file and the place of what was not expected.</summary>
    /// <param name="format">What its field "format" must say; null where it has none.</param>
    /// <param name="mend">What helps when the file is damaged, a sentence.</param>
    /// <exception cref="FileException">It is damaged, or another version wrote it.</exception>
    public static T Read<T>(string path, string? format = null, string mend = "") =>
        Reading.Of(path, "JSON as Iql writes it",
            () => Parse<T>(path, File.ReadAllBytes(Reading.Small(path)), format, mend));

    static T Parse<T>(string path, byte[] bytes, string? format, string mend)
    {
        var body = bytes.AsSpan(0, Math.Max(0, bytes.Length - SealBytes));
        var isWhole = bytes.AsSpan(body.Length).SequenceEqual(Seal(body));
        try
        {
            var got = format is null ? null : FormatOf(bytes, isWhole);
            // Another version's file has no checksum, or one that fits. Another kind of file is at the wrong place.
            if (got != format && got is not null && Kind(got) == Kind(format!))
                throw new FileException(new IOException(
                    $"{path}: expected the format {format}, got {Reading.OneLine(got)}. "
                    + "Another version of Iql wrote it: train into a new folder."));
            if (!isWhole || got != format || !Utf8.IsValid(bytes))
                throw new FileException($"{path}: expected the file as Iql wrote it, got "
                    + (bytes.Length == 0 ? "an empty file." : "another: it was damaged or edited.")
                    + (mend == "" ? "" : " " + mend));
            var value = JsonSerializer.Deserialize<T>([.. body, (byte)'}'], Options)
                ?? throw new JsonException("got null.");
            // Texts that are kept as JSON are decoded once, so that none fails later.
            _ = Leaves(value).Count();
            return value;
        }
        catch (JsonException error)
        {
            throw new FileException(new InvalidDataException(
                $"{path}: expected the fields that Iql writes, got others." + (mend == "" ? "" : " " + mend), error));
        }
    }

    static string Kind(string format) => format[..(format.LastIndexOf('-') + 1)];

    /// <summary>The field "format"; null where there is none, or none that can be believed.</summary>
    static string? FormatOf(byte[] bytes, bool isWhole)
    {
        try
        {
            var fields = JsonElement.Parse(bytes, Reading.Json);
            if (fields.ValueKind != JsonValueKind.Object) return null;
            return !isWhole && fields.TryGetProperty("sha256", out _) ? null
                : fields.TryGetProperty("format", out var written) ? $"{written}" : null;
        }
        catch (Exception error) when (!isWhole && error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Dotted names and texts of a value's single values; a list longer than twelve is its length.</summary>
    public static IEnumerable<(string Name, string Text)> Leaves<T>(T value) => Leaves("", Element(value));

    static IEnumerable<(string, string)> Leaves(string path, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject()
            .SelectMany(field => Leaves(path == "" ? field.Name : $"{path}.{field.Name}", field.Value)),
        JsonValueKind.Array when value.GetArrayLength() > 12 => [(path, $"{value.GetArrayLength()} numbers")],
        JsonValueKind.Array => [(path, string.Join(", ", value.EnumerateArray().Select(Text)))],
        _ => [(path, Text(value))],
    };

    static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "–",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Number when Math.Abs(value.GetDouble()) >= 1e7 =>
            value.GetDouble().ToString("0.####e0", CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    /// <summary>JSON has no infinity and no NaN: both are null.</summary>
    sealed class FiniteNumberConverter : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN
            : reader.GetDouble() is var number && double.IsFinite(number) ? number
            : throw new JsonException("got a number that is too large.");

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
