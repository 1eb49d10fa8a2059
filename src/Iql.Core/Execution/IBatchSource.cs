using Iql.Graph;

namespace Iql.Execution;

/// <summary>Fills minibatches. A batch is a pure function of the seed and the step, so a resumed run meets the same
/// ones. Safe to share between threads; filling allocates nothing.</summary>
public interface IBatchSource
{
    /// <summary>Rows of a batch, or pieces of trajectories.</summary>
    int BatchSize { get; }

    /// <summary>Fills some rows of a batch; several threads may fill one together.</summary>
    /// <param name="batch">A block of the source's layout; padding stays.</param>
    /// <param name="seed">The run's seed split for "sampling".</param>
    /// <param name="step">Number of batches drawn before, at least 0.</param>
    /// <param name="first">The first row, at least 0.</param>
    /// <param name="end">Behind the last, at most <see cref="BatchSize"/>.</param>
    void Fill(TensorBlock batch, Seed seed, long step, int first, int end);

    /// <summary>Fills a whole batch.</summary>
    void Fill(TensorBlock batch, Seed seed, long step) => Fill(batch, seed, step, 0, BatchSize);
}
