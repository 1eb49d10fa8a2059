namespace Iql.Torch;

/// <summary>Steps of programs, recorded on a stream and made again.</summary>
/// <param name="counts">Numbers of the metrics of programs.</param>
sealed class Repeats(IStream stream, IEnumerable<int> counts, NumberType type, Place place) : IDisposable
{
    // In its first steps a program makes what libtorch keeps, such as room for products.
    const int Before = 3;

    readonly Dictionary<TorchProgram, int> seen = [];
    readonly Dictionary<TorchProgram, (Action Make, nint Metrics)> recorded = [];
    // Made now, outside the stream: what is made within may lie in memory of a recorded step.
    readonly Dictionary<int, nint> metrics = counts.Distinct().Where(count => count > 0)
        .ToDictionary(count => count, count => Handles.Empty([count], type, place));

    /// <summary>Whether a program made its first steps. Counts one more.</summary>
    public bool Takes(TorchProgram program) => (seen[program] = seen.GetValueOrDefault(program) + 1) > Before;

    /// <summary>Makes a step of a program, and records it the first time.</summary>
    /// <param name="calls">Its calls; they return all metrics as one tensor, or 0.</param>
    /// <returns>The metrics of the step, which stay this object's, or 0.</returns>
    public nint Make(TorchProgram program, ReadOnlySpan<double> scalars, Func<TorchProgram, nint> calls)
    {
        program.Upload(scalars);
        if (!recorded.TryGetValue(program, out var step))
        {
            var count = program.Function.Metrics.Length * program.Runs;
            var kept = count > 0 ? metrics[count] : 0;
            recorded[program] = step = (stream.Record(() => Record(calls(program), kept)), kept);
        }
        step.Make();
        return step.Metrics;
    }

    static void Record(nint joined, nint kept)
    {
        if (joined == 0) return;
        Handles.Copy(joined, kept);
        Handles.Free(joined);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (var tensor in metrics.Values) Handles.Free(tensor);
    }
}
