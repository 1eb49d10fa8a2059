using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>How a policy weighs one fixed batch of transitions, as a histogram: e^{βA} for IQL.</summary>
public sealed class WeightHistogram : IDisposable
{
    /// <summary>E, transitions of the batch.</summary>
    public const int Rows = 1024;

    readonly Learner learner;
    readonly IProgram program;
    readonly TensorBlock batch, output;

    /// <summary>Compiles the learner's probe and draws the batch. The learner must have a probe.</summary>
    /// <param name="root">The run's seed; the batch is drawn from its part "probe".</param>
    public WeightHistogram(Learner learner, IDataset transitions, Seed root, IDevice? device = null)
    {
        Check.That(learner.Probe is not null, nameof(learner), "a learner with a probe", learner.Algorithm);
        this.learner = learner;
        var function = learner.Probe(Rows);
        program = (device ?? CpuDevice.Single).Compile(function);
        batch = new(function.Inputs[2]);
        output = new(function.Outputs[0].Layout);
        new Sampler(transitions, batch.Layout).Fill(batch, root.Split("probe"), 0);
    }

    /// <summary>0, then ten edges a decade from 1e-3 to 1e3: bin i has the weights in [edge i, edge i + 1).</summary>
    public static ImmutableArray<double> Edges { get; } =
        [0, .. Enumerable.Range(-30, 61).Select(i => Math.Pow(10, i / 10.0))];

    /// <summary>Number of weights in each bin; the last bin also takes all weights above it.</summary>
    public ImmutableArray<int> Count(TensorBlock shared, TensorBlock block, int member)
    {
        program.Run([shared, block, batch], learner.Scalars(program.Function, default, member), [output], []);
        return Bins(output.Read("weights"));
    }

    internal static ImmutableArray<int> Bins(ReadOnlySpan<float> weights)
    {
        var counts = new int[Edges.Length - 1];
        foreach (var weight in weights)
        {
            if (!(weight >= 0)) continue; // not a number
            var place = Edges.BinarySearch(weight);
            counts[Math.Min(place >= 0 ? place : ~place - 1, counts.Length - 1)]++;
        }
        return [.. counts];
    }

    public void Dispose()
    {
        program.Dispose();
        batch.Dispose();
        output.Dispose();
    }
}
