namespace Iql.Data;

/// <summary>What a share of the data counts.</summary>
public enum ShareOf
{
    /// <summary>Trajectories: so many of them, however long (CORL, jaxrl).</summary>
    Trajectories,

    /// <summary>Time steps: the best trajectories as long as their lengths together stay within the share (the Decision Transformer paper).</summary>
    TimeSteps,
}

/// <summary>The episodes of highest return: what "10%BC" clones.</summary>
public static class BestEpisodes
{
    /// <summary>The best episodes of a data set, in the data's order.</summary>
    /// <param name="transitions">The data; their rewards decide, undiscounted. Of equal returns the earlier episode is the better.</param>
    /// <param name="share">In (0, 1]; 1 keeps everything.</param>
    /// <param name="of">
    /// Trajectories: max(1, ⌊share · episodes⌋) of them. TimeSteps: one after the other, best first, up to the first that would bring their
    /// lengths above share · N; always at least one.
    /// </param>
    /// <returns>The data themselves when everything is kept.</returns>
    /// <remarks>
    /// CORL, any_percent_bc.py, keep_best_trajectories, with this difference: it cuts at terminals and after 1000 rows and drops what is
    /// unfinished, which leaves pieces across episodes; here an episode ends where the data say so. kzl/decision-transformer, gym/experiment.py, for TimeSteps.
    /// </remarks>
    public static Transitions Of(Transitions transitions, double share, ShareOf of)
    {
        Check.That(share is > 0 and <= 1, nameof(share), "a number in (0, 1]", share);
        if (share == 1) return transitions;
        var episodes = transitions.Episodes;
        var best = Enumerable.Range(0, episodes.Length).OrderByDescending(i => episodes[i].Return).ThenBy(i => i).ToArray();
        var kept = 1;
        if (of == ShareOf.Trajectories) kept = Math.Max(1, (int)(share * episodes.Length));
        else
            for (var steps = episodes[best[0]].Length; kept < best.Length && (steps += episodes[best[kept]].Length) <= (int)(share * transitions.Count);) kept++;
        return transitions.Subset(best[..kept].Order());
    }
}
