using Iql.Graph;

namespace Iql.Data;

/// <summary>The columns of a minibatch, as a block a graph can take.</summary>
public static class BatchLayout
{
    /// <summary>
    /// The layout "batch": observations [B, S], actions [B, A], rewards [B], terminals [B] (0 or 1), nextObservations [B, S] and,
    /// when asked for, nextActions [B, A].
    /// </summary>
    /// <param name="batchSize">B, at least 1.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="nextActions">Whether the action the data took at s′ is wanted (SARSA-like targets).</param>
    public static Layout Of(int batchSize, int observationSize, int actionSize, bool nextActions = false)
    {
        List<(string, Shape)> columns =
        [
            ("observations", new(batchSize, observationSize)),
            ("actions", new(batchSize, actionSize)),
            ("rewards", new(batchSize)),
            ("terminals", new(batchSize)),
            ("nextObservations", new(batchSize, observationSize)),
        ];
        if (nextActions) columns.Add(("nextActions", new(batchSize, actionSize)));
        return new("batch", columns);
    }
}
