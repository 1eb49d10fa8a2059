using System.Collections.Immutable;
using static Iql.Invariant;

namespace Iql.Environments.Tasks;

/// <summary>Differences between a data set's rows and the environment (<see cref="DatasetReplay"/>).</summary>
/// <param name="Task">The task of the replay.</param>
/// <param name="Source">The source of states, in words.</param>
/// <param name="Rows">Rows replayed; 0 where no row tells state and next observation.</param>
/// <param name="MedianStateError">Maximum error of a row's next observation: the median over rows.</param>
/// <param name="LargestStateError">The greatest of them.</param>
/// <param name="WrongStates">Rows with another next observation, in order.</param>
/// <param name="Rule">The expected rewards, in words.</param>
/// <param name="Rewards">Rows whose reward was compared.</param>
/// <param name="MedianRewardError">|r − the environment's|: the median over rows.</param>
/// <param name="LargestRewardError">The greatest of them.</param>
/// <param name="WrongRewards">Rows with another reward, in order.</param>
public sealed record ReplayReport(string Task, string Source, int Rows, double MedianStateError,
    double LargestStateError, ImmutableArray<int> WrongStates, string Rule, int Rewards, double MedianRewardError,
    double LargestRewardError, ImmutableArray<int> WrongRewards)
{
    /// <summary>The results, a sentence each.</summary>
    public ImmutableArray<string> Lines => Rows == 0
        ? [Say($"not replayed in {Task}: no row tells both its state and its next observation")]
        :
        [
            Say($"{Rows:N0} rows replayed in {Task} from {Source}: next observations are off by " +
                $"{LargestStateError:G3} at most, {MedianStateError:G3} in the median"),
            Rewards == 0 ? "rewards not replayed: no state was met"
                : Say($"rewards of {Rewards:N0} rows held against {Rule}: off by {LargestRewardError:G3} at most, " +
                    $"{MedianRewardError:G3} in the median"),
        ];

    /// <summary>The findings, a sentence each.</summary>
    public ImmutableArray<string> Findings =>
    [
        .. WrongRewards.IsEmpty ? Array.Empty<string>() :
        [
            Say($"Rewards inconsistent with the environment's own reward: {WrongRewards.Length:N0} of {Rewards:N0} " +
                $"rows held against {Rule} (first at {First(WrongRewards)}), by up to {LargestRewardError:G3}."),
        ],
        .. WrongStates.IsEmpty ? Array.Empty<string>() :
        [
            Say($"Next observations that {Task} does not lead to: {WrongStates.Length:N0} of {Rows:N0} rows replayed " +
                $"(first at {First(WrongStates)}), off by up to {LargestStateError:G3}: ") +
                "altered rows, ends flagged in the wrong place, or another simulator.",
        ],
    ];

    static string First(ImmutableArray<int> rows) => string.Join(", ", rows.Take(5)) + (rows.Length > 5 ? ", …" : "");
}
