using Iql.Graph;

namespace Iql.Data;

/// <summary>The columns of minibatches, as a block a graph can take.</summary>
public static class BatchLayout
{
    /// <summary>The layout "batch": observations [B, S], actions [B, A], rewards [B], terminals [B] (0 or 1),
    /// nextObservations [B, S] and, when asked for, nextActions [B, A] and returnsToGo [B].</summary>
    /// <param name="nextActions">Whether to include the data's action at s′ (SARSA-like targets).</param>
    /// <param name="returnsToGo">Whether to include the sum of rewards from a row on (Cal-QL).</param>
    public static Layout Of(
        int batchSize, int observationSize, int actionSize, bool nextActions = false, bool returnsToGo = false)
    {
        List<(string, Shape)> columns =
        [
            ("observations", new(batchSize, observationSize)), ("actions", new(batchSize, actionSize)),
            ("rewards", new(batchSize)), ("terminals", new(batchSize)),
            ("nextObservations", new(batchSize, observationSize)),
        ];
        if (nextActions) columns.Add(("nextActions", new(batchSize, actionSize)));
        if (returnsToGo) columns.Add(("returnsToGo", new(batchSize)));
        return new("batch", columns);
    }

    /// <summary>The layout "batch" of pieces of trajectories (<see cref="TrajectorySampler"/>): observations [B, K, S],
    /// actions [B, K, A], rewards [B, K], returnsToGo [B, K], timesteps [B, K] (0 at an episode's first row), mask [B,
    /// K] (1 on rows of the data, 0 on padding).</summary>
    /// <param name="context">K, rows of a piece, at least 1.</param>
    public static Layout Trajectories(int batchSize, int context, int observationSize, int actionSize) => new("batch",
    [
        ("observations", new(batchSize, context, observationSize)), ("actions", new(batchSize, context, actionSize)),
        ("rewards", new(batchSize, context)), ("returnsToGo", new(batchSize, context)),
        ("timesteps", new(batchSize, context)), ("mask", new(batchSize, context)),
    ]);
}
