using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>A trained learner's values of any number of states: <see cref="Learner.Value"/>, compiled.</summary>
public sealed class StateValues : IDisposable
{
    const int Rows = 128;

    readonly IProgram program;
    readonly Normalization normalization;
    readonly LearnerState state;
    readonly double[] scalars;
    readonly TensorBlock observations, values;

    /// <summary>Compiles a learner's values.</summary>
    /// <param name="learner">One that has values, with one member.</param>
    /// <param name="normalization">What was done to observations before training.</param>
    /// <exception cref="ArgumentException">The learner has no values.</exception>
    public StateValues(Learner learner, Normalization normalization, LearnerState state)
    {
        Check.That(learner.Value is not null, nameof(learner), "a learner with values of states", learner.Algorithm);
        (this.normalization, this.state) = (normalization, state);
        var function = learner.Value.Graph(Rows);
        scalars = learner.Scalars(function, state.Seed, 0);
        program = CpuDevice.Single.Compile(function);
        (observations, values) = (new(function.Inputs[2]), new(function.Outputs[0].Layout));
        ObservationSize = function.Inputs[2]["observations"].Shape.Count / Rows;
    }

    public int ObservationSize { get; }

    /// <summary>The values of states: discounted rewards to come, in the units of training.</summary>
    /// <param name="states"><c>[N, S]</c>, as the environment gives them: any N.</param>
    /// <returns><c>[N]</c>.</returns>
    public float[] Of(ReadOnlySpan<float> states)
    {
        Check.That(states.Length % ObservationSize == 0, nameof(states), $"rows of {ObservationSize}", states.Length);
        var all = new float[states.Length / ObservationSize];
        var rows = new float[Rows * ObservationSize];
        for (var first = 0; first < all.Length; first += Rows)
        {
            var count = Math.Min(Rows, all.Length - first);
            states.Slice(first * ObservationSize, count * ObservationSize).CopyTo(rows);
            for (var row = 0; row < count; row++)
                normalization.Apply(rows.AsSpan(row * ObservationSize, ObservationSize));
            observations.Write("observations", rows);
            program.Run([state.Blocks[0], state.Blocks[1], observations], scalars, [values], []);
            values.Read("values").AsSpan(0, count).CopyTo(all.AsSpan(first));
        }
        return all;
    }

    public void Dispose()
    {
        program.Dispose();
        observations.Dispose();
        values.Dispose();
    }
}
