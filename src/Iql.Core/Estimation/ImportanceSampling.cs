using Iql.Data;

namespace Iql.Estimation;

/// <summary>What importance sampling needs of N rows in episodes.</summary>
/// <param name="LogRatios">ln π(a|s) − ln μ(a|s), μ the policy that acted, [N], in nats.</param>
/// <param name="Rewards">r, [N].</param>
/// <param name="ActionValues">Q(s, a), [N]: of any Q. A good one makes the estimate less noisy.</param>
/// <param name="StateValues">Mean of Q(s, a) over a ~ π, [N].</param>
/// <param name="NextValues">The same of s′, [N]: read where an episode was cut.</param>
public sealed record WeighedRows(IReadOnlyList<Episode> Episodes, IReadOnlyList<double> LogRatios,
    IReadOnlyList<double> Rewards, IReadOnlyList<double> ActionValues, IReadOnlyList<double> StateValues,
    IReadOnlyList<double> NextValues);

/// <summary>The value of a policy π from episodes of another, μ, whose log-probabilities are known.</summary>
/// <param name="Weighted">Weighted per-decision importance sampling: Σ over t of γᵗ Σ over episodes of w r.</param>
/// <param name="DoublyRobust">Weighted doubly robust: Σ over t of γᵗ Σ over episodes of w (r − Q(s, a)) + w′ V(s), w′
/// the weight of the decision before.</param>
/// <param name="EffectiveEpisodes">1 / Σ w² after the last decision: how many episodes carry the estimate.</param>
/// <remarks>w of an episode is Π π(a|s) / μ(a|s) up to a decision, as a share of the sum over episodes; it stays after
/// the episode's end. Precup 2000; Thomas and Brunskill 2016, arXiv:1604.00923, section 5. An episode that was cut
/// goes on with V(s′) in the doubly robust one.</remarks>
public readonly record struct ImportanceSampling(double Weighted, double DoublyRobust, double EffectiveEpisodes)
{
    /// <summary>Both estimates, in units of the rewards.</summary>
    public static ImportanceSampling Of(WeighedRows rows, double discount)
    {
        var episodes = rows.Episodes;
        var sums = new double[episodes.Count]; // ln of the weights, up to a constant
        var before = Enumerable.Repeat(1.0 / episodes.Count, episodes.Count).ToArray();
        var (weighted, robust, power) = (0.0, 0.0, 1.0);
        for (var t = 0; t < episodes.Max(episode => episode.Length); t++, power *= discount)
        {
            for (var i = 0; i < sums.Length; i++)
                if (t < episodes[i].Length) sums[i] += rows.LogRatios[episodes[i].Start + t];
            var shares = Shares(sums);
            for (var i = 0; i < sums.Length; i++)
            {
                if (t >= episodes[i].Length) continue;
                var row = episodes[i].Start + t;
                weighted += power * shares[i] * rows.Rewards[row];
                robust += power * (shares[i] * (rows.Rewards[row] - rows.ActionValues[row])
                    + before[i] * rows.StateValues[row]);
                if (row == episodes[i].Last && episodes[i].End != EpisodeEnd.Terminal)
                    robust += power * discount * shares[i] * rows.NextValues[row];
            }
            before = shares;
        }
        return new(weighted, robust, 1 / before.Sum(share => share * share));
    }

    /// <summary>e^x of each as shares that sum to 1. The largest is taken out before, so that none overflows.</summary>
    static double[] Shares(double[] logarithms)
    {
        var largest = logarithms.Max();
        var shares = Array.ConvertAll(logarithms, x => Math.Exp(x - largest));
        var sum = shares.Sum();
        return Array.ConvertAll(shares, share => share / sum);
    }
}
