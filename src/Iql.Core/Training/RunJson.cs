using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Iql.Data;

namespace Iql.Training;

/// <summary>A run folder's values as JSON: names in camelCase, enumerations as words, unknown names refused.</summary>
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

    /// <summary>Replaces a file's contents.</summary>
    public static void Write<T>(string path, T value) =>
        AtomicFile.Write(path, (Stream stream) => JsonSerializer.Serialize(stream, value, Options));

    /// <summary>Reads a file; an InvalidDataException names the file and the place of what was not expected.</summary>
    /// <param name="format">What its field "format" must say; null where it has none.</param>
    public static T Read<T>(string path, string? format = null) =>
        Reading.Of(path, $"{typeof(T).Name} as JSON", () => Parse<T>(path, File.ReadAllBytes(path), format));

    static T Parse<T>(string path, byte[] bytes, string? format)
    {
        if (!Utf8.IsValid(bytes)) throw new InvalidDataException(
            $"{path}: expected {typeof(T).Name} as JSON in UTF-8, got other bytes. The file is damaged.");
        try
        {
            if (format is not null)
            {
                var fields = JsonElement.Parse(bytes, Reading.Json);
                var got = fields.ValueKind == JsonValueKind.Object && fields.TryGetProperty("format", out var written)
                    ? $"{written}" : "none";
                if (got != format)
                    throw new InvalidDataException($"{path}: expected the format {format}, got {got}. "
                        + "Another version of Iql wrote it: train into a new folder.");
            }
            var value = JsonSerializer.Deserialize<T>(bytes, Options) ?? throw new JsonException("got null.");
            // Texts that are kept as JSON are decoded once, so that none fails later.
            _ = Leaves(value).Count();
            return value;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: expected {typeof(T).Name} as JSON, {error.Message}", error);
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
