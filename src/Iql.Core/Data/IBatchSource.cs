using Iql.Graph;

namespace Iql.Data;

/// <summary>
/// Fills minibatches. A batch is a pure function of the seed and the step, so a resumed run meets the same ones. Safe to share between
/// threads; filling allocates nothing.
/// </summary>
public interface IBatchSource
{
    /// <summary>Fills a batch.</summary>
    /// <param name="batch">A block of the layout this source was made for; its padding is left alone.</param>
    /// <param name="seed">The run's seed split for "sampling".</param>
    /// <param name="step">Number of batches drawn before, at least 0.</param>
    void Fill(TensorBlock batch, Seed seed, long step);
}
