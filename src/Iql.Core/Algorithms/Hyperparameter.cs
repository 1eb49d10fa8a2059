using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Iql.Algorithms;

/// <summary>One hyperparameter of a config's type: the row that everything about it is read from.</summary>
public sealed class Hyperparameter
{
    static readonly ConcurrentDictionary<Type, ImmutableArray<Hyperparameter>> Tables = new();

    readonly PropertyInfo property;
    readonly HyperparameterAttribute own, meaning;
    readonly ValueText text;
    readonly Type type;
    readonly bool optional;

    Hyperparameter(PropertyInfo property)
    {
        this.property = property;
        Name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
        own = property.GetCustomAttribute<HyperparameterAttribute>()!;
        meaning = own.Description != "" ? own : CommonHyperparameters.Meanings.GetValueOrDefault(Name)
            ?? throw new InvalidOperationException($"{Name}: expected a description, got none.");
        Range = Interval.Parse(meaning.Range);
        optional = Nullable.GetUnderlyingType(property.PropertyType) != null;
        type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        text = ValueText.Of(type, Range);
    }

    /// <summary>The hyperparameters of a config's type, in the order of their lines.</summary>
    public static ImmutableArray<Hyperparameter> Of(Type config) => Tables.GetOrAdd(config, static type =>
    [
        .. type.GetProperties().Where(property => property.IsDefined(typeof(HyperparameterAttribute)))
            .Select(property => new Hyperparameter(property)).OrderBy(each => each.own.Line),
    ]);

    /// <summary>"inverseTemperature"</summary>
    public string Name { get; }
    public string Description => meaning.Description;

    /// <summary>Names of its option, the listed one first: "hidden" and "hidden-sizes".</summary>
    public ImmutableArray<string> OptionNames =>
        meaning.Option == "" ? [ValueText.Kebab(Name)] : [meaning.Option, ValueText.Kebab(Name)];

    public string Hint => meaning.Hint != "" ? meaning.Hint : text.Hint;
    /// <summary>What a value should be: "a number in (0, 1)".</summary>
    public string Expected => optional ? text.Expected + " or same" : text.Expected;
    /// <summary>Whether it is a number that enters the graph as an input.</summary>
    public bool IsInput => type == typeof(double);
    public bool PerPolicy => own.PerPolicy;
    public bool ContinuousOnly => own.ContinuousOnly || meaning.ContinuousOnly;
    public bool SetByRun => own.SetByRun || meaning.SetByRun;
    internal Interval Range { get; }
    /// <summary>Whether its meaning is one of <see cref="CommonHyperparameters"/>.</summary>
    internal bool IsCommon => !ReferenceEquals(own, meaning);
    public object? Get(IAlgorithmConfig config) => property.GetValue(config);

    /// <summary>A value as configs keep it: out of a word as on the command line, a number, a list of widths.</summary>
    /// <exception cref="ArgumentException">It is out of range, of another type, or a word that is none.</exception>
    public object? Value(object? given)
    {
        var value = given switch
        {
            string word => TryParse(word, out var parsed) ? parsed : throw Refuse(word),
            int number when type == typeof(double) => (double)number,
            IEnumerable<int> sizes when type == typeof(Widths) => new Widths(sizes),
            _ => given,
        };
        var fits = value is null ? optional : type.IsInstanceOfType(value) && Allows(value);
        return fits ? value : throw Refuse($"{value ?? "nothing"}");
    }

    /// <summary>A copy of a config with another value, in any form that <see cref="Value"/> takes.</summary>
    public TConfig Set<TConfig>(TConfig config, object? given) where TConfig : IAlgorithmConfig
    {
        var value = Value(given);
        var copy = (TConfig)config.GetType().GetMethod("<Clone>$")!.Invoke(config, null)!;
        property.SetValue(copy, value);
        return copy;
    }

    /// <summary>A value as the word that is read back: "3", "256x256", "yes".</summary>
    public string Print(object? value) => value is null ? "same" : text.Write(value);

    /// <summary>The value of a word, where the word is one.</summary>
    public bool TryParse(string word, out object? value)
    {
        value = optional && word == "same" ? null : text.Read(word);
        return value != null || (optional && word == "same");
    }

    /// <summary>Throws an ArgumentException unless the value is allowed: "discount: expected …, got …."</summary>
    public void Check(IAlgorithmConfig config)
    {
        var word = Print(Get(config));
        if (!Allows(Get(config))) throw Refuse(word);
        if (meaning.Below == "") return;
        var bound = config.Find(JsonNamingPolicy.CamelCase.ConvertName(meaning.Below))!;
        var holds = (double)Get(config)! < (double)bound.Get(config)!;
        Iql.Check.That(holds, Name, $"a number below {bound.Name} = {bound.Print(bound.Get(config))}", word);
    }

    /// <summary>What of a value shapes the graph; null for a mere input.</summary>
    internal object? Shaping(IAlgorithmConfig config) =>
        !IsInput ? Get(config) : meaning.OffAtZero ? (double)Get(config)! > 0 : null;

    /// <summary>A value as JSON: finite numbers are numbers, everything else is its word.</summary>
    internal JsonNode? Written(object? value) => value switch
    {
        double x when double.IsFinite(x) => JsonValue.Create(x),
        int n => JsonValue.Create(n),
        _ => JsonValue.Create(Print(value)),
    };

    /// <summary>A copy of a config with the value in JSON.</summary>
    /// <exception cref="ArgumentException">It is no value of this hyperparameter.</exception>
    internal TConfig Read<TConfig>(TConfig config, JsonElement written) where TConfig : IAlgorithmConfig
    {
        var word = written.ValueKind == JsonValueKind.String ? written.GetString()! : written.GetRawText();
        return Set(config, TryParse(word, out var value) ? value : text.StandIn?.Invoke(word) ?? word);
    }

    // A value is allowed where its word is read.
    bool Allows(object? value) =>
        Print(value) is var word && (TryParse(word, out _) || text.StandIn?.Invoke(word) != null);

    InputException Refuse(string word) => new($"{Name}: expected {Expected}, got {word}. {Description}.");
}
