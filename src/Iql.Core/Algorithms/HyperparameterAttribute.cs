using System.Runtime.CompilerServices;

namespace Iql.Algorithms;

/// <summary>Makes a property of a config a hyperparameter. The check of its range, the graph's input, the key of
/// compiled programs, JSON, the option, the sweep's axis and the row in the docs follow from it: <see
/// cref="Hyperparameter"/>. A double is an input of the graph, so a sweep over it compiles once. A property of any
/// other type shapes the graph.</summary>
/// <param name="description">A sentence without full stop. Empty: that of <see cref="CommonHyperparameters"/>.</param>
/// <param name="line">Filled in by the compiler: hyperparameters are listed in the order of their lines.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HyperparameterAttribute(string description = "", [CallerLineNumber] int line = 0) : Attribute
{
    public string Description => description;
    public int Line => line;
    /// <summary>Numbers that are allowed: "(0, 1]", "[0, ∞)". A closed end at ∞ allows "none", no bound.</summary>
    public string Range { get; init; } = "(-∞, ∞)";
    /// <summary>What a value is called in the help, "TAU". Empty: as its type is.</summary>
    public string Hint { get; init; } = "";
    /// <summary>The option's name where it is another than the property's: "hidden".</summary>
    public string Option { get; init; } = "";
    /// <summary>The property that this number must lie below.</summary>
    public string Below { get; init; } = "";
    /// <summary>Whether policies on one shared value function may differ in it. It is a double.</summary>
    public bool PerPolicy { get; init; }
    /// <summary>Whether 0 leaves its part out of the graph.</summary>
    public bool OffAtZero { get; init; }
    /// <summary>Whether it means nothing where actions are discrete.</summary>
    public bool ContinuousOnly { get; init; }
    /// <summary>Whether the run or its data decide it: it is no option and no axis.</summary>
    public bool SetByRun { get; init; }
}
