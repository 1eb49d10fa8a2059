using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Estimation;

/// <summary>A learner's function of rows, such as <see cref="Learner.Act"/>, over all rows of data.</summary>
static class RowFunction
{
    const int Rows = 128;

    /// <summary>The first output, row by row: [N] or [N, X], dense.</summary>
    /// <param name="graph">For E rows: shared block, member's block, and a block of "observations" and, where it wants
    /// them, "actions".</param>
    /// <param name="observations"><c>[N, S]</c>, as the learner saw them.</param>
    /// <param name="actions"><c>[N, A]</c>; empty where the function wants none.</param>
    /// <param name="draw">Number of the draw, of a policy that draws.</param>
    internal static float[] Over(Learner learner, LearnerState state, Func<int, GraphFunction> graph,
        ImmutableArray<float> observations, ImmutableArray<float> actions = default, int draw = 0)
    {
        var function = graph(Rows);
        using var program = CpuDevice.Single.Compile(function);
        using TensorBlock input = new(function.Inputs[2]), output = new(function.Outputs[0].Layout);
        var result = output.Layout.Entries[0];
        var (size, width) = (input.Layout["observations"].Shape.Count / Rows, result.Shape.Count / Rows);
        var count = observations.Length / size;
        var (decision, parts) = (function.Scalars.IndexOf("decision"), (count + Rows - 1) / Rows);
        var scalars = learner.Scalars(function, state.Seed.Split("estimation"), 0);
        var all = new float[count * width];
        for (var part = 0; part < parts; part++)
        {
            var (first, rows) = (part * Rows, Math.Min(Rows, count - part * Rows));
            Fill("observations", observations, size);
            if (!actions.IsDefault) Fill("actions", actions, actions.Length / count);
            // Rows of all parts have draws of their own.
            if (decision >= 0) scalars[decision] = (double)draw * parts + part;
            program.Run([state.Blocks[0], state.Blocks[1], input], scalars, [output], []);
            output.Read(result.Name).AsSpan(0, rows * width).CopyTo(all.AsSpan(first * width));

            void Fill(string name, ImmutableArray<float> column, int columns)
            {
                var dense = new float[Rows * columns];
                column.AsSpan(first * columns, rows * columns).CopyTo(dense);
                input.Write(name, dense);
            }
        }
        return all;
    }

    /// <summary>min Q(s, a) over the online critics, for E rows.</summary>
    internal static GraphFunction ActionValue(Learner learner, Transitions data, int rows) =>
        Acting.OfActions(learner.Blocks, data.ObservationSize, data.ActionSize, rows, "values",
            (shared, _, s, a) => Critics.Min(shared, s, a));
}
