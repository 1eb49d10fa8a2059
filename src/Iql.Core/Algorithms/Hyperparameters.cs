using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>What follows from a config's hyperparameters: copies, checks, inputs of the graph, keys, JSON.</summary>
public static class Hyperparameters
{
    public static ImmutableArray<Hyperparameter> Of(IAlgorithmConfig config) => Hyperparameter.Of(config.GetType());

    /// <summary>One line: the config's type, and what differs from its standard.</summary>
    internal static string Line(IAlgorithmConfig config)
    {
        var standard = Algorithm.Of(config).Standard;
        var changed = Of(config).Where(each => each.Print(each.Get(config)) != each.Print(each.Get(standard)))
            .Select(each => $"{each.Name} {each.Print(each.Get(config))}").ToArray();
        var more = changed.Length > 5 ? $", and {changed.Length - 5} more" : "";
        return $"{config.GetType().Name}: "
            + (changed.Length == 0 ? "standard" : string.Join(", ", changed.Take(5)) + more);
    }

    public static Hyperparameter? Find(this IAlgorithmConfig config, string name) =>
        Of(config).FirstOrDefault(each => each.Name == name);

    /// <summary>A copy with another value, or word of it, for F#, which has no <c>with</c> for records of C#.</summary>
    /// <exception cref="ArgumentException">There is none of the name, or the value is of another type.</exception>
    public static TConfig With<TConfig>(this TConfig config, string name, object? value)
        where TConfig : IAlgorithmConfig => Named(config, name).Set(config, value);

    /// <summary>A config for each value of one hyperparameter: policies of one learner, cells of a sweep.</summary>
    public static ImmutableArray<TConfig> Varied<TConfig, TValue>(
        this TConfig config, string name, IEnumerable<TValue> values) where TConfig : IAlgorithmConfig =>
        [.. values.Select(value => config.With(name, value))];

    /// <summary>The config; an ArgumentException names the first hyperparameter out of its range.</summary>
    public static TConfig Validate<TConfig>(this TConfig config) where TConfig : IAlgorithmConfig
    {
        foreach (var each in Of(config)) each.Check(config);
        config.CheckTogether();
        return config;
    }

    /// <summary>Checks the configs of one learner, a policy each, and the sizes it is for.</summary>
    internal static void Validate<TConfig>(this IReadOnlyList<TConfig> members, int observationSize, int actionSize)
        where TConfig : IAlgorithmConfig
    {
        Check.That(members.Count > 0, nameof(members), "at least one config", "none");
        foreach (var member in members) member.Validate();
        Check.That(members.All(member => member.Shared().Equals(members[0].Shared())), nameof(members),
            "configs that differ only in what policies on one value function may differ in", "others");
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
    }

    /// <summary>The config without what policies on one value function may differ in.</summary>
    public static TConfig Shared<TConfig>(this TConfig config) where TConfig : IAlgorithmConfig =>
        Of(config).Where(each => each.PerPolicy).Aggregate(config, (shared, each) => each.Set(shared, 0.0));

    /// <summary>The graph's input of a hyperparameter, named after it: <c>Scalar(config.Discount)</c> is "discount",
    /// whatever its value. Policy i of several has its own where they may differ, "i:inverseTemperature".</summary>
    public static Tensor Scalar(
        double value, int? policy = null, [CallerArgumentExpression(nameof(value))] string property = "")
    {
        _ = value;
        var name = JsonNamingPolicy.CamelCase.ConvertName(property[(property.LastIndexOf('.') + 1)..]);
        return Tensor.Scalar(policy is { } i ? $"{i}:{name}" : name);
    }

    /// <summary>Names and values of a step's inputs after seed and step, for a policy of each config.</summary>
    public static ImmutableArray<(string Name, double Value)> Scalars(this IReadOnlyList<IAlgorithmConfig> members) =>
    [
        .. from each in Of(members[0])
           where each.IsInput && !each.PerPolicy
           select (each.Name, (double)each.Get(members[0])!),
        .. from each in Of(members[0])
           where each.PerPolicy
           from i in Enumerable.Range(0, members.Count)
           select ($"{i}:{each.Name}", (double)each.Get(members[i])!),
    ];

    /// <summary>All values by name, as in config.json.</summary>
    public static JsonElement ToJson(this IAlgorithmConfig config) => JsonSerializer.SerializeToElement(
        new JsonObject(Of(config).Select(each => KeyValuePair.Create(each.Name, each.Written(each.Get(config))))));

    /// <summary>The config with the values of config.json.</summary>
    /// <exception cref="FileException">It names no hyperparameter, or has no value of it.</exception>
    public static TConfig FromJson<TConfig>(this TConfig config, JsonElement written) where TConfig : IAlgorithmConfig
    {
        foreach (var field in written.EnumerateObject())
        {
            try
            {
                config = Named(config, field.Name).Read(config, field.Value);
            }
            catch (ArgumentException error)
            {
                throw new InvalidDataException(
                    $"hyperparameters: {error.Message} Another version of Iql wrote it.", error);
            }
        }
        return config;
    }

    /// <summary>What of a config shapes its graphs, as words: configs of equal shape are compiled once.</summary>
    public static string ShapeOf(IAlgorithmConfig config) =>
        string.Join(' ', config.Structure().Select(each => $"{each}"));

    /// <summary>What of a config shapes its graphs: configs equal in it differ at most in inputs.</summary>
    internal static object?[] Structure(this IAlgorithmConfig config) =>
        [config.GetType(), .. Of(config).Select(each => each.Shaping(config))];

    static Hyperparameter Named(IAlgorithmConfig config, string name) => config.Find(name)
        ?? throw new InputException($"{name}: expected a hyperparameter of {config.GetType().Name}, one of "
            + $"{string.Join(", ", Of(config).Select(each => each.Name))}.");
}
