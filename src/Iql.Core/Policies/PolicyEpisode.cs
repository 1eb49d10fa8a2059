using Iql.Data;
using Iql.Environments;
using Iql.Training;

namespace Iql.Policies;

/// <summary>Episodes that a policy acts in, decision after decision: the memory of a decision transformer, and the
/// number of the draw of a policy that draws. Not thread-safe.</summary>
public sealed class PolicyEpisode : IDisposable
{
    readonly Policy policy;
    readonly ActingPolicy acting;
    readonly int[] numbers;
    readonly float[] none;
    PolicyEpisodes act;
    bool decided;

    internal PolicyEpisode(Policy policy, ActingPolicy acting)
    {
        (this.policy, this.acting) = (policy, acting);
        numbers = [.. Enumerable.Range(0, acting.Episodes)];
        none = new float[acting.Episodes];
        act = acting.Begin(Seed);
    }

    Seed Seed => policy.State.Seed.Split("policy");

    /// <summary>Starts anew, with nothing remembered.</summary>
    public void Reset() => (act, decided) = (acting.Begin(Seed), false);

    /// <summary>The next decision of every episode.</summary>
    /// <param name="observations"><c>[E, S]</c>, row after row, finite.</param>
    /// <param name="rewards"><c>[E]</c>: what the decision before brought, in the data's units. Needed only by a policy
    /// that remembers, and not at the first decision.</param>
    /// <returns><c>[E, A]</c>.</returns>
    public float[] Act(float[] observations, params float[] rewards)
    {
        var actions = new float[Rows(policy, observations) * policy.Actions.Size];
        Decide(observations, rewards, actions);
        return actions;
    }

    /// <summary>The same, for at most E of memoryless episodes, into the caller's memory.</summary>
    internal void Decide(ReadOnlySpan<float> observations, ReadOnlySpan<float> rewards, Span<float> actions)
    {
        var rows = Rows(policy, observations);
        Check.That(rows == numbers.Length || (rows < numbers.Length && !acting.Remembers), nameof(observations),
            $"{numbers.Length} rows, one an episode", rows);
        var needed = acting.Remembers && decided;
        Check.That(rewards.Length == rows || (rewards.IsEmpty && !needed), nameof(rewards), $"{rows} numbers",
            rewards.Length, needed ? "This policy asks what its last decision brought." : "");
        act(numbers.AsSpan(0, rows), observations, rewards.IsEmpty ? none : rewards, actions);
        policy.Bounds.Clip(actions);
        decided = true;
    }

    /// <summary>How many observations there are, after a look at every number.</summary>
    internal static int Rows(Policy policy, ReadOnlySpan<float> observations)
    {
        var size = policy.ObservationSize;
        Check.That(observations.Length > 0 && observations.Length % size == 0, nameof(observations),
            $"rows of {size} numbers", $"{observations.Length} numbers");
        var wrong = Finite.FirstNonFinite(observations);
        if (wrong >= 0)
            Check.That(false, nameof(observations), "finite numbers", $"{observations[wrong]} as number {wrong % size} "
                + $"({DataColumns.Observation(policy.Config.Dataset.Columns, wrong % size)}) of row {wrong / size}",
                "Both count from 0.");
        return observations.Length / size;
    }

    public void Dispose() => acting.Dispose();
}
