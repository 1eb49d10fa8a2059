using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Iql.Training;

/// <summary>A line of metrics.jsonl. A number that is not finite is null there and NaN here.</summary>
public abstract record MetricsLine
{
    private protected MetricsLine(string kind) => Kind = kind;

    /// <summary>What the line is about: "train", "evaluation", "acting" or "weights".</summary>
    [JsonPropertyOrder(-3)] public string Kind { get; }
    /// <summary>Steps made.</summary>
    [JsonPropertyOrder(-2)] public required long Step { get; init; }
    /// <summary>The run's share of the wall time, as in result.json.</summary>
    [JsonPropertyOrder(-1)] public required double Seconds { get; init; }

    internal static JsonSerializerOptions Options { get; } = new(RunJson.Options)
    {
        WriteIndented = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A line of its text.</summary>
    /// <exception cref="JsonException">It is no line; or an InvalidOperation- or a KeyNotFoundException.</exception>
    internal static MetricsLine Parse(string text)
    {
        var fields = JsonElement.Parse(text, Reading.Json);
        return fields.GetProperty("kind").GetString() switch
        {
            "train" => fields.Deserialize<TrainLine>(Options)!,
            "evaluation" => fields.Deserialize<EvaluationLine>(Options)!,
            "acting" => fields.Deserialize<ActingLine>(Options)!,
            "weights" => fields.Deserialize<WeightsLine>(Options)!,
            var kind => throw new JsonException($"the kind {kind} is unknown."),
        };
    }
}

/// <summary>The metrics of the very step that made the line.</summary>
/// <param name="Metrics">By name, in the learner's order; docs/metrics.md explains them.</param>
/// <param name="StepsPerSecond">Pace since the line before, evaluations and files not counted.</param>
[JsonConverter(typeof(Flat))]
public sealed record TrainLine(OrderedDictionary<string, double> Metrics, double StepsPerSecond) : MetricsLine("train")
{
    /// <summary>Metrics are fields beside the others, so that a table of lines has a column for each.</summary>
    sealed class Flat : JsonConverter<TrainLine>
    {
        static readonly string[] Others = ["kind", "step", "seconds", "stepsPerSecond"];

        public override TrainLine Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            var fields = JsonElement.ParseValue(ref reader);
            double Number(string name) => fields.GetProperty(name).Deserialize<double>(options);
            var metrics = fields.EnumerateObject().Select(field => field.Name).Except(Others);
            return new(new(metrics.Select(name => KeyValuePair.Create(name, Number(name)))), Number("stepsPerSecond"))
            {
                Step = fields.GetProperty("step").GetInt64(),
                Seconds = Number("seconds"),
            };
        }

        public override void Write(Utf8JsonWriter writer, TrainLine line, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", line.Kind);
            writer.WriteNumber("step", line.Step);
            Number("seconds", line.Seconds);
            foreach (var (name, value) in line.Metrics) Number(name, value);
            Number("stepsPerSecond", line.StepsPerSecond);
            writer.WriteEndObject();

            void Number(string name, double value)
            {
                writer.WritePropertyName(name);
                JsonSerializer.Serialize(writer, value, options);
            }
        }
    }
}

/// <summary>Episodes of the policy in the environment: undiscounted returns, one number an episode in lists.</summary>
public sealed record EvaluationLine() : MetricsLine("evaluation")
{
    public required double ReturnMean { get; init; }
    /// <summary>Population standard deviation of the returns.</summary>
    public required double ReturnStd { get; init; }
    /// <summary>Normalised score of the mean return (0 random, 100 expert); null without reference scores.</summary>
    public double? ScoreMean { get; init; }
    public required ImmutableArray<double> Returns { get; init; }
    /// <summary>Decisions made.</summary>
    public required ImmutableArray<int> Lengths { get; init; }
    /// <summary>1 for a success by the environment's rule, else 0.</summary>
    public required ImmutableArray<int> Successes { get; init; }
    public required double SuccessRate { get; init; }
}

/// <summary>An episode that ended while acting: no evaluation, since actions may be drawn, noisy or random.</summary>
public sealed record ActingLine() : MetricsLine("acting")
{
    /// <summary>Decisions of the online phase up to the episode's end.</summary>
    public required long EnvironmentSteps { get; init; }
    /// <summary>Undiscounted sum of raw rewards.</summary>
    public required double Return { get; init; }
    /// <summary>Decisions of the episode.</summary>
    public required int Length { get; init; }
    /// <summary>Whether it ended for good, not at the time limit.</summary>
    public required bool Terminal { get; init; }
    /// <summary>1 for a success by the environment's rule, else 0.</summary>
    public required int Success { get; init; }
    /// <summary>Rows of the data that batches are still drawn from.</summary>
    public required long DataRows { get; init; }
    /// <summary>Rows of acting that batches are drawn from.</summary>
    public required long OnlineRows { get; init; }
    /// <summary>Decisions a second of acting alone, updates not counted.</summary>
    public required double StepsPerSecond { get; init; }
}

/// <summary>How the policy weighs one fixed batch: bin i has the weights in [edge i, edge i + 1).</summary>
/// <param name="Edges"><c>[K + 1]</c>, ascending.</param>
/// <param name="Counts"><c>[K]</c>; the last bin also has all weights above it.</param>
public sealed record WeightsLine(ImmutableArray<double> Edges, ImmutableArray<int> Counts) : MetricsLine("weights");
