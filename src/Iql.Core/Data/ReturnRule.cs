namespace Iql.Data;

/// <summary>What returns to go count after the last row of an episode that did not end there.</summary>
public enum Ending
{
    /// <summary>Nothing.</summary>
    Nothing,
    /// <summary>Its reward for ever, in a failure: an episode whose rewards are all the least of the data.</summary>
    EndlessFailure,
    /// <summary>Its reward for ever.</summary>
    EndlessReward,
}

/// <summary>How returns to go are counted: Σ γᵏ r from a row to the end of its episode.</summary>
/// <param name="Discount">γ, in [0, 1]; 1 sums the rewards. Without an end, below 1.</param>
/// <param name="Ending">What an episode without a terminal row counts after its last row.</param>
public readonly record struct ReturnRule(double Discount, Ending Ending)
{
    /// <summary>Counts the returns of one episode.</summary>
    /// <param name="rewards">All of its rewards: a part of them cannot say whether it failed.</param>
    /// <param name="terminal">Whether its last row is terminal; false wherever it was cut.</param>
    /// <param name="least">The least reward of the data.</param>
    /// <param name="returns">A number for each reward.</param>
    public void Count(ReadOnlySpan<float> rewards, bool terminal, float least, Span<float> returns)
    {
        var endless = !terminal && (Ending == Ending.EndlessReward
            || (Ending == Ending.EndlessFailure && !rewards.ContainsAnyExcept(least)));
        var sum = endless ? rewards[^1] / (1 - Discount) : 0;
        for (var row = rewards.Length - 1; row >= 0; row--) returns[row] = (float)(sum = rewards[row] + Discount * sum);
    }
}
