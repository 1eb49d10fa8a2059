using Iql.Data;

namespace Iql.Estimation;

/// <summary>Episodes that an evaluation does not learn from, so that its error on them is an honest one.</summary>
public static class HeldOutEpisodes
{
    static readonly Seed Chosen = Seed.Named("held out");

    /// <summary>Splits data by whole episodes. The same data are always split alike, whoever asks.</summary>
    /// <param name="share">Share of the episodes to hold out, in (0, 1): at least one, and one is left.</param>
    /// <exception cref="InputException">There is a single episode.</exception>
    public static (Transitions Fitted, Transitions HeldOut) Of(Transitions data, double share)
    {
        Check.Between(share, 0, 1, "holdOut");
        var count = data.Episodes.Length;
        Check.That(count >= 2, data.Name, "at least 2 episodes, to hold some out", count,
            "Mark where episodes end: terminals or timeouts.");
        var heldOut = Math.Clamp((int)Math.Round(share * count), 1, count - 1);
        var order = Enumerable.Range(0, count).OrderBy(i => Chosen.Unit((ulong)i)).ThenBy(i => i).ToArray();
        return (data.Subset(order[heldOut..].Order()), data.Subset(order[..heldOut].Order()));
    }
}
