using Iql.Data;

namespace Iql.Algorithms;

/// <summary>The hyperparameters of an algorithm: a sealed record of properties with <see
/// cref="HyperparameterAttribute"/>, which starts with the algorithm's standard values. What follows from the
/// properties is in <see cref="Hyperparameters"/>.</summary>
public interface IAlgorithmConfig
{
    /// <summary>B, rows of a minibatch.</summary>
    int BatchSize { get; }
    /// <summary>Throws an ArgumentException where two hyperparameters do not go together.</summary>
    void CheckTogether() { }
    /// <summary>The config for a run of so many steps: schedules end with the run.</summary>
    IAlgorithmConfig ForSteps(int steps) => this;

    /// <summary>What ends with the run, so that a run of other steps has other numbers from its first step on:
    /// "policySchedule cosine". Null where nothing does.</summary>
    string? EndsWithRun => null;

    /// <summary>The episodes it learns from, the best share of them; null is all.</summary>
    (double Share, ShareOf Of)? Selection => null;

    /// <summary>What a user should hear before so many steps from data alone.</summary>
    IEnumerable<string> Remarks(int steps) => [];
}
