using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>R training runs as one program: each tensor of their states lies on the device with the axis R in front.
/// The host draws minibatches, row for row those of the processor. Blocks are copies, made when somebody asks.</summary>
sealed unsafe class TorchRuns : IDeviceRun
{
    readonly ImmutableArray<RunStart> starts;
    readonly IWorkers workers;
    readonly Seed[] sampling;
    readonly StepPrograms<TorchProgram> programs;
    readonly TensorBlock[] drawn; // a minibatch a run
    readonly Column[] batch;
    readonly TensorBlock[][] blocks; // a run's state, copied at `copied`
    readonly nint[] inputs; // state, then batch
    readonly nint[] results;
    readonly double[] scalars, metrics;
    readonly float[] transfer;
    readonly int states; // tensors of a state
    GraphFunction measured;
    long step, copied;

    /// <summary>A tensor of the batch: host memory for all runs, and its place on the device.</summary>
    readonly record struct Column(Layout.Entry Entry, nint Memory, nint View, nint Tensor);

    /// <summary>Copies the runs' states to the device.</summary>
    public TorchRuns(IReadOnlyList<RunStart> runs, NumberType type, Place place, IWorkers workers)
    {
        (starts, this.workers) = ([.. runs], workers);
        CheckAlike(starts);
        measured = starts[0].Programs[0];
        step = copied = starts[0].State.Step;
        var layout = measured.Inputs[^1];
        programs = new(starts[0].Programs, starts[0].Choose,
            function => new TorchProgram(function, starts.Length, type, place, layout.Name));
        sampling = [.. starts.Select(start => start.State.Seed.Split("sampling"))];
        drawn = [.. starts.Select(_ => new TensorBlock(layout))];
        blocks = [.. starts.Select(start => start.State.Blocks.Select(block => block.Clone()).ToArray())];
        batch = [.. layout.Entries.Select(entry => Staged(entry, type, place))];
        states = blocks[0].Sum(block => block.Layout.Entries.Length);
        inputs = new nint[states + batch.Length];
        transfer = new float[starts.Length * blocks[0].SelectMany(block => block.Layout.Entries).Max(entry => entry.Shape.Count)];
        var next = 0;
        for (var i = 0; i < blocks[0].Length; i++)
            foreach (var entry in blocks[0][i].Layout.Entries)
            {
                for (var run = 0; run < starts.Length; run++)
                    Dense(blocks[run][i], entry, transfer.AsSpan(run * entry.Shape.Count), write: false);
                inputs[next++] = Handles.Upload<float>(transfer, Full(entry.Shape), type, place);
            }
        foreach (var column in batch) inputs[next++] = column.Tensor;
        results = new nint[states + starts[0].Programs.Max(program => program.Metrics.Length)];
        scalars = new double[(2 + starts[0].Hyperparameters.Length) * starts.Length];
        metrics = new double[starts[0].Programs.Max(program => program.Metrics.Length) * starts.Length];
        for (var run = 0; run < starts.Length; run++)
        {
            scalars[run] = starts[run].State.Seed.AsScalar();
            for (var i = 0; i < starts[run].Hyperparameters.Length; i++)
                scalars[(2 + i) * starts.Length + run] = starts[run].Hyperparameters[i];
        }
    }

    static void CheckAlike(ImmutableArray<RunStart> starts)
    {
        Check.AtLeast(starts.Length, 1, "runs");
        foreach (var start in starts)
        {
            Check.That(start.State.Step == starts[0].State.Step, "runs", $"all at step {starts[0].State.Step}",
                $"one at step {start.State.Step}", "Train them apart.");
            Check.That(start.Programs.Length == starts[0].Programs.Length
                && start.Programs.Zip(starts[0].Programs).All(pair => SameGraph.Holds(pair.First, pair.Second)),
                "runs", "graphs that differ in scalars alone", "others", "Train them apart.");
        }
    }

    long[] Full(Shape shape) => [starts.Length, .. shape.Extents.Select(extent => (long)extent)];

    Column Staged(Layout.Entry entry, NumberType type, Place place)
    {
        var shape = Full(entry.Shape);
        var memory = (nint)NativeMemory.AlignedAlloc((nuint)((long)starts.Length * entry.Shape.Count * sizeof(float)), 64);
        return new(entry, memory, Handles.Over((void*)memory, shape, NumberType.Float32),
            Handles.Empty(shape, type, place));
    }

    static void Dense(TensorBlock block, Layout.Entry entry, Span<float> dense, bool write)
    {
        for (var row = 0; row < entry.Rows; row++)
        {
            var there = dense.Slice(row * entry.Columns, entry.Columns);
            if (write) there.CopyTo(block.Row(entry, row));
            else block.Row(entry, row).CopyTo(there);
        }
    }

    /// <inheritdoc/>
    public void Advance(bool withMetrics)
    {
        workers.Run(Draw);
        foreach (var column in batch) Handles.Copy(column.View, column.Tensor);
        scalars.AsSpan(starts.Length, starts.Length).Fill(step);
        var program = programs.At(step, withMetrics);
        var all = results.AsSpan(0, states + program.Function.Metrics.Length);
        program.Run(inputs, scalars, all);
        for (var i = 0; i < states; i++)
        {
            Handles.Free(inputs[i]);
            inputs[i] = all[i];
        }
        for (var i = states; i < all.Length; i++)
        {
            Handles.Download(all[i], [starts.Length], metrics.AsSpan((i - states) * starts.Length, starts.Length));
            Handles.Free(all[i]);
        }
        if (withMetrics) measured = program.Function;
        step++;
    }

    void Draw(int worker)
    {
        for (var run = worker; run < starts.Length; run += workers.Count)
        {
            starts[run].Batches.Fill(drawn[run], sampling[run], step);
            foreach (var column in batch)
                Dense(drawn[run], column.Entry, new Span<float>(
                    (float*)column.Memory + (long)run * column.Entry.Shape.Count, column.Entry.Shape.Count),
                    write: false);
        }
    }

    /// <inheritdoc/>
    public void Finish() { }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, double Value)> Metrics(int run) =>
        [.. measured.Metrics.Select((metric, i) => (metric.Name, metrics[i * starts.Length + run]))];

    /// <inheritdoc/>
    public LearnerState State(int run)
    {
        Fetch();
        return new(starts[run].State.Seed, step, [.. blocks[run]]);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<TensorBlock> Blocks(int run)
    {
        Fetch();
        return blocks[run];
    }

    void Fetch()
    {
        if (copied == step) return;
        var next = 0;
        for (var i = 0; i < blocks[0].Length; i++)
            foreach (var entry in blocks[0][i].Layout.Entries)
            {
                Handles.Download(inputs[next++], Full(entry.Shape), transfer.AsSpan());
                for (var run = 0; run < starts.Length; run++)
                    Dense(blocks[run][i], entry, transfer.AsSpan(run * entry.Shape.Count), write: true);
            }
        copied = step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        programs.Dispose();
        foreach (var handle in inputs) Handles.Free(handle);
        foreach (var column in batch)
        {
            Handles.Free(column.View);
            NativeMemory.AlignedFree((void*)column.Memory);
        }
        foreach (var block in blocks.SelectMany(run => run).Concat(drawn)) block.Dispose();
    }
}
