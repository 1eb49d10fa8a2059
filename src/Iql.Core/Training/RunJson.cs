using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Iql.Data;

namespace Iql.Training;

/// <summary>How a run folder's values look as JSON: camelCase names, enumerations as words, unknown names refused, whole files at once.</summary>
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
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new FiniteNumberConverter() },
    };

    /// <summary>Any value as a JSON tree, as it would stand in a file.</summary>
    public static JsonElement Element<T>(T value) => JsonSerializer.SerializeToElement(value, Options);

    /// <summary>
    /// A value from a JSON tree, without the fields named; InvalidDataException says what was expected. A null, which stands for infinity
    /// too, leaves a field as it is by default.
    /// </summary>
    public static T Parse<T>(JsonElement element, params string[] without)
    {
        var fields = new JsonObject();
        foreach (var field in element.EnumerateObject())
            if (field.Value.ValueKind != JsonValueKind.Null && !without.Contains(field.Name)) fields.Add(field.Name, JsonNode.Parse(field.Value.GetRawText()));
        try
        {
            return fields.Deserialize<T>(Options) ?? throw new JsonException("got null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"hyperparameters: expected {typeof(T).Name} as JSON, {error.Message}", error);
        }
    }

    /// <summary>Replaces a file's contents.</summary>
    public static void Write<T>(string path, T value) => AtomicFile.Write(path, (Stream stream) => JsonSerializer.Serialize(stream, value, Options));

    /// <summary>Reads a file; InvalidDataException names the file and the place when it is not what was expected.</summary>
    public static T Read<T>(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, Options) ?? throw new JsonException("got null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: expected {typeof(T).Name} as JSON, {error.Message}", error);
        }
    }

    /// <summary>JSON has no words for infinity and not-a-number: they are null.</summary>
    sealed class FiniteNumberConverter : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
