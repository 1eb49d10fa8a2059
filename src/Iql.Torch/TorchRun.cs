using Iql.Execution;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>Runs in slots of a grid.</summary>
sealed class TorchRun(TorchGrid grid, int[] slots, Action left) : IDeviceRun
{
    /// <inheritdoc/>
    public void Advance(bool withMetrics) => grid.Advance(slots, withMetrics);

    /// <inheritdoc/>
    public void Finish() { }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> Metrics(int run) => grid.Metrics(slots[run]);

    /// <inheritdoc/>
    public LearnerState State(int run) => grid.State(slots[run]);

    /// <inheritdoc/>
    public ReadOnlySpan<TensorBlock> Blocks(int run) => grid.Blocks(slots[run]);

    /// <summary>Frees the slots.</summary>
    public void Dispose()
    {
        grid.Leave(slots);
        left();
    }
}
