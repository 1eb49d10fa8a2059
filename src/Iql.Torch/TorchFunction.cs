using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>A traced function on tensors of libtorch that others own, such as TorchSharp's. Both hold a tensor by the
/// same handle (TorchSharp: <c>Tensor.Handle</c>, <c>Tensor.UnsafeCreateTensor</c>), so none is copied.</summary>
/// <remarks>Not for two threads at a time. A wrong handle ends the process.</remarks>
public sealed class TorchFunction : IDisposable
{
    readonly TorchProgram program;
    readonly int inputs;

    /// <summary>A function of dense tensors on the processor.</summary>
    /// <param name="runs">R, at least 1: every tensor has this axis in front.</param>
    /// <param name="inDouble">Whether its numbers are float64 instead of float32.</param>
    public TorchFunction(LibTorch library, GraphFunction function, int runs = 1, bool inDouble = false)
    {
        ArgumentNullException.ThrowIfNull(library);
        Check.AtLeast(runs, 1, nameof(runs));
        program = new(function, runs, inDouble ? NumberType.Float64 : NumberType.Float32, Place.Host);
        inputs = function.Inputs.Sum(layout => layout.Entries.Length);
    }

    /// <summary>Computes outputs, then metrics.</summary>
    /// <param name="tensors">A handle for each entry of the function's inputs, in order, [R, ..]: the caller's.</param>
    /// <param name="scalars">R numbers for each scalar of the function.</param>
    /// <returns>Handles of new tensors [R, ..], the caller's to dispose. They may share memory with an input.</returns>
    public ImmutableArray<nint> Run(ReadOnlySpan<nint> tensors, ReadOnlySpan<double> scalars)
    {
        Check.That(tensors.Length == inputs, nameof(tensors), $"{inputs} handles", tensors.Length);
        var results = new nint[program.Function.Results.Length];
        program.Run(tensors, scalars, results);
        return [.. results];
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose() => program.Dispose();
}
