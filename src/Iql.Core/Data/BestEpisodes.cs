namespace Iql.Data;

/// <summary>The unit of a share of the data.</summary>
public enum ShareOf
{
    /// <summary>Trajectories, whatever their length (CORL, jaxrl).</summary>
    Trajectories,
    /// <summary>Time steps, of whole trajectories (Decision Transformer paper).</summary>
    TimeSteps,
}

/// <summary>The episodes of highest return: what "10%BC" clones.</summary>
public static class BestEpisodes
{
    /// <summary>The best episodes of a data set, in the data's order.</summary>
    /// <param name="transitions">The data. Undiscounted returns decide; of equal ones, the earlier.</param>
    /// <param name="share">In (0, 1]; 1 keeps everything.</param>
    /// <param name="of">Trajectories: the best max(1, ⌊share · episodes⌋). TimeSteps: best first, up to the first that
    /// would exceed share · N rows; at least one.</param>
    /// <returns>The data themselves when everything is kept.</returns>
    /// <remarks>CORL, any_percent_bc.py, keep_best_trajectories, but that cuts at terminals and after 1000 rows, which
    /// leaves pieces across episodes. TimeSteps: kzl/decision-transformer, gym/experiment.py.</remarks>
    public static Transitions Of(Transitions transitions, double share, ShareOf of)
    {
        Check.That(share is > 0 and <= 1, nameof(share), "a number in (0, 1]", share);
        if (share == 1) return transitions;
        var episodes = transitions.Episodes;
        var best = Enumerable.Range(0, episodes.Length)
            .OrderByDescending(i => episodes[i].Return).ThenBy(i => i).ToArray();
        var kept = 1;
        if (of == ShareOf.Trajectories) kept = Math.Max(1, (int)(share * episodes.Length));
        else
        {
            var (steps, most) = (episodes[best[0]].Length, (int)(share * transitions.Count));
            while (kept < best.Length && (steps += episodes[best[kept]].Length) <= most) kept++;
        }
        return transitions.Subset(best[..kept].Order());
    }
}
