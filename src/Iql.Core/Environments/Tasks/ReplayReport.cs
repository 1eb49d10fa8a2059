using System.Collections.Immutable;

namespace Iql.Environments.Tasks;

/// <summary>How far the rows of a data set are from what the environment makes of them; see <see cref="DatasetReplay"/>.</summary>
public sealed record ReplayReport
{
    /// <summary>The task they were replayed in.</summary>
    public required string Task { get; init; }

    /// <summary>Where the states were read from, in words.</summary>
    public required string Source { get; init; }

    /// <summary>Rows replayed; 0 where none tells its state and its next observation.</summary>
    public required int Rows { get; init; }

    /// <summary>Largest distance, over a row's numbers, of the next observation from the environment's: the median over rows.</summary>
    public required double MedianStateError { get; init; }

    /// <summary>The greatest of them.</summary>
    public required double LargestStateError { get; init; }

    /// <summary>Rows whose next observation is not the environment's, in order.</summary>
    public required ImmutableArray<int> WrongStates { get; init; }

    /// <summary>What the rewards were held against, in words.</summary>
    public required string Rule { get; init; }

    /// <summary>Rows whose reward was held against it.</summary>
    public required int Rewards { get; init; }

    /// <summary>|r − the environment's|: the median over rows.</summary>
    public required double MedianRewardError { get; init; }

    /// <summary>The greatest of them.</summary>
    public required double LargestRewardError { get; init; }

    /// <summary>Rows whose reward is not the environment's, in order.</summary>
    public required ImmutableArray<int> WrongRewards { get; init; }

    /// <summary>What was looked at, a sentence each.</summary>
    public ImmutableArray<string> Lines => Rows == 0
        ? [Say($"not replayed in {Task}: no row tells both its state and its next observation")]
        :
        [
            Say($"{Rows:N0} rows replayed in {Task} from {Source}: next observations are off by {LargestStateError:G3} at most, {MedianStateError:G3} in the median"),
            Rewards == 0 ? "rewards not replayed: no state was met" : Say($"rewards of {Rewards:N0} rows held against {Rule}: off by {LargestRewardError:G3} at most, {MedianRewardError:G3} in the median"),
        ];

    /// <summary>What deserves attention, a sentence each.</summary>
    public ImmutableArray<string> Findings =>
    [
        .. WrongRewards.IsEmpty ? Array.Empty<string>() : [Say($"Rewards inconsistent with the environment's own reward: {WrongRewards.Length:N0} of {Rewards:N0} rows held against {Rule} (first at {First(WrongRewards)}), by up to {LargestRewardError:G3}.")],
        .. WrongStates.IsEmpty ? Array.Empty<string>() : [Say($"Next observations that {Task} does not lead to: {WrongStates.Length:N0} of {Rows:N0} rows replayed (first at {First(WrongStates)}), off by up to {LargestStateError:G3}: altered rows, ends flagged in the wrong place, or another simulator.")],
    ];

    static string First(ImmutableArray<int> rows) => string.Join(", ", rows.Take(5)) + (rows.Length > 5 ? ", …" : "");

    static string Say(FormattableString text) => FormattableString.Invariant(text);
}
