using Iql.Graph;

namespace Iql.Execution;

/// <summary>A traced function, ready to run on numbers of the host. Not for two runs at a time.</summary>
public interface IProgram : IDisposable
{
    /// <summary>What it computes.</summary>
    GraphFunction Function { get; }

    /// <summary>Whether an output block may be the input block of the same layout (the same object).</summary>
    bool RunsInPlace { get; }

    /// <summary>Computes outputs and metrics from inputs and scalars, in the function's order.</summary>
    /// <param name="inputs">One block for each layout of the function's inputs.</param>
    /// <param name="scalars">One number for each of the function's scalars.</param>
    /// <param name="outputs">Blocks to write. With <see cref="RunsInPlace"/> the input block of the same layout may be
    /// one, but no other input block. The bits are the same either way.</param>
    /// <param name="metrics">Room for the function's metrics.</param>
    void Run(
        ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs,
        Span<double> metrics);
}
