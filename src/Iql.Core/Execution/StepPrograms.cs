using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Execution;

/// <summary>The programs of a training step, made when first needed: with metrics, and without.</summary>
public sealed class StepPrograms<TProgram> : IDisposable where TProgram : IDisposable
{
    readonly ImmutableArray<Lazy<TProgram>> withMetrics, bare;
    readonly Func<long, int> choose;

    /// <summary>Programs that agree in their scalars.</summary>
    /// <param name="functions">What to compute.</param>
    /// <param name="choose">The function that makes a step, given the number of steps made before.</param>
    /// <param name="compile">Makes a function ready to run.</param>
    public StepPrograms(
        ImmutableArray<GraphFunction> functions, Func<long, int> choose, Func<GraphFunction, TProgram> compile)
    {
        var scalars = functions[0].Scalars;
        foreach (var function in functions)
            Check.That(function.Scalars.SequenceEqual(scalars), nameof(functions),
                $"programs of the scalars {string.Join(", ", scalars)}", string.Join(", ", function.Scalars));
        withMetrics = [.. functions.Select(function => new Lazy<TProgram>(() => compile(function)))];
        bare = [.. functions.Select(function => new Lazy<TProgram>(() => compile(function.WithoutMetrics())))];
        this.choose = choose;
    }

    /// <summary>The program of a step, given the number of steps made before.</summary>
    public TProgram At(long step, bool metrics) => (metrics ? withMetrics : bare)[choose(step)].Value;

    /// <summary>Gives the programs' memory back.</summary>
    public void Dispose()
    {
        foreach (var program in withMetrics.Concat(bare))
            if (program.IsValueCreated) program.Value.Dispose();
    }
}
