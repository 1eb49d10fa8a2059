using System.Collections.Immutable;
using Iql.Training;

namespace Iql.Policies;

/// <summary>The range of each number of an action, [A], in the user's units: ±1 or what training scaled to it, within
/// what the data's source states. A policy's actions are clipped to it.</summary>
public sealed record ActionRange(ImmutableArray<float> Least, ImmutableArray<float> Greatest)
{
    internal static ActionRange Of(RunConfig config, ActionSpace actions)
    {
        var (low, high) = (config.Normalization.ActionLow, config.Normalization.ActionHigh);
        var stated = actions.IsDiscrete ? null : config.Dataset.Columns?.Actions;
        return new([.. Enumerable.Range(0, actions.Size).Select(i => Within(i, low.IsEmpty ? -1 : low[i]))],
            [.. Enumerable.Range(0, actions.Size).Select(i => Within(i, high.IsEmpty ? 1 : high[i]))]);

        float Within(int i, float bound) => stated is not { } columns ? actions.IsDiscrete ? Math.Max(bound, 0) : bound
            : Math.Min(Math.Max(bound, (float)(columns[i].Least ?? double.NegativeInfinity)),
                (float)(columns[i].Greatest ?? double.PositiveInfinity));
    }

    /// <summary>Clips rows of actions, [N, A].</summary>
    internal void Clip(Span<float> actions)
    {
        for (var i = 0; i < actions.Length; i++)
            actions[i] = Math.Clamp(actions[i], Least[i % Least.Length], Greatest[i % Least.Length]);
    }
}
