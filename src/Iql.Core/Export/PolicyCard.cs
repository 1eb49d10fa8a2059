using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Iql.Data;
using Iql.Policies;
using Iql.Training;

namespace Iql.Export;

/// <summary>A number of an observation or an action, as a user meets it.</summary>
/// <param name="Least">Of an action: what the policy clips to. Of an observation: what the source states.</param>
/// <param name="Mean">Of an observation: the data's mean, which the policy subtracts; null where it changes nothing.
/// </param>
/// <param name="Deviation">What the policy then divides by.</param>
public sealed record CardColumn(string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Unit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Least,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Greatest,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Mean = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Deviation = null);

/// <summary>An input or output of the exported function. The first axis is the batch, −1.</summary>
public sealed record CardTensor(string Name, ImmutableArray<int> Shape);

/// <summary>What an exported policy is, for people and programs: the JSON beside every export.</summary>
public sealed record PolicyCard
{
    public const string FormatName = "iql-policy-1";

    public string Format { get; init; } = FormatName;
    public string Version { get; init; } = Machine.Version;
    public required string Algorithm { get; init; }
    /// <summary>The run's folder and identity, and how long it was trained.</summary>
    public required string Run { get; init; }
    public required string RunIdentity { get; init; }
    public required long Step { get; init; }
    public required ulong Seed { get; init; }
    public required string? Task { get; init; }
    public required string Dataset { get; init; }
    public required string DatasetFingerprint { get; init; }
    /// <summary>The user's word on what may be done with it; null without one.</summary>
    public required string? Licence { get; init; }
    public required ActionKind ActionKind { get; init; }
    public required ImmutableArray<CardColumn> Observations { get; init; }
    /// <summary>Of discrete actions one column, the choice: 0 … A − 1.</summary>
    public required ImmutableArray<CardColumn> Actions { get; init; }
    public required ImmutableArray<CardTensor> Inputs { get; init; }
    public required ImmutableArray<CardTensor> Outputs { get; init; }
    /// <summary>What "mean" and "log_std" are of: "gaussian", in the user's units, or "tanh-gaussian", where the
    /// action is the tanh of a draw; null without.</summary>
    public required string? Distribution { get; init; }

    static readonly JsonSerializerOptions Options =
        new(RunJson.Options) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    internal static PolicyCard Of(Policy policy, string? licence)
    {
        var (config, traced) = (policy.Config, PolicyGraph.Of(policy, 2));
        var (columns, normalization) = (config.Dataset.Columns, config.Normalization);
        return new()
        {
            Algorithm = config.Algorithm,
            Run = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(policy.Folder))),
            RunIdentity = config.Identity,
            Step = policy.State.Step,
            Seed = config.Seed,
            Task = config.Task,
            Dataset = config.Dataset.Name,
            DatasetFingerprint = config.Dataset.Fingerprint,
            Licence = licence,
            ActionKind = policy.Actions.Kind,
            Observations = [.. Enumerable.Range(0, policy.ObservationSize).Select(i =>
            {
                var column = columns?.Observations[i] ?? new($"observation {i}");
                return normalization.ChangesObservations
                    ? new CardColumn(column.Name, column.Unit, column.Least, column.Greatest,
                        normalization.ObservationMean[i], normalization.ObservationDeviation[i])
                    : new(column.Name, column.Unit, column.Least, column.Greatest);
            })],
            Actions = policy.Actions.IsDiscrete
                ? [new(columns?.Actions[0].Name ?? "action", columns?.Actions[0].Unit, 0, policy.Actions.Size - 1)]
                : [.. Enumerable.Range(0, policy.Actions.Size).Select(i =>
                    new CardColumn(columns?.Actions[i].Name ?? $"action {i}", columns?.Actions[i].Unit,
                        policy.Bounds.Least[i], policy.Bounds.Greatest[i]))],
            Inputs = [.. traced.Inputs.Select(input => Tensor(input.Name, input.Shape))],
            Outputs = [.. traced.Outputs.Select(output => Tensor(output.Name, output.Value.Shape))],
            Distribution = traced.Distribution,
        };

        static CardTensor Tensor(string name, Graph.Shape shape) =>
            new(name, [.. shape.Extents.Select((extent, axis) => axis == 0 ? -1 : extent)]);
    }

    /// <summary>The card as JSON, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <summary>What formats with metadata of their own hold: the card, and all that reads the policy back.</summary>
    internal IReadOnlyList<(string Key, string Value)> Notes(Policy policy, IReadOnlyList<NamedTensor> tensors) =>
        ExportedPolicy.Notes(policy, [("card", ToJson())], tensors);
}
