using Iql.Execution;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>The steps of one training run. A step replaces the state in place where it can; else two sets of blocks
/// alternate. A step allocates nothing.</summary>
sealed class CpuRun : IDisposable
{
    readonly RunStart start;
    readonly Seed sampling;
    readonly WorkerTeam team;
    readonly StepPrograms<CompiledGraph> programs;
    readonly TensorBlock drawn; // a minibatch before other workers see it
    readonly TensorBlock[] batches; // one is filled while workers are still at the other
    readonly TensorBlock[] inputs; // the state's blocks, then the batch
    readonly double[] scalars, metrics;
    readonly Action<int> fill;
    GraphFunction measured;
    TensorBlock[] now, next = [];
    long step;

    public CpuRun(RunStart start, WorkerTeam team)
    {
        (this.start, this.team, step, measured) = (start, team, start.State.Step, start.Programs[0]);
        sampling = start.State.Seed.Split("sampling");
        programs = new(start.Programs, start.Choose, function => CompiledGraph.Compile(function, team: team));
        var layout = measured.Inputs[^1];
        (drawn, batches) = (new(layout), [new(layout), new(layout)]);
        now = [.. start.State.Blocks.Select(block => block.Clone())];
        inputs = new TensorBlock[now.Length + 1];
        scalars = [start.State.Seed.AsScalar(), 0, .. start.Hyperparameters];
        metrics = new double[start.Programs.Max(program => program.Metrics.Length)];
        fill = Fill;
    }

    /// <summary>The state, to be read when the team has finished.</summary>
    public LearnerState State => new(start.State.Seed, step, [.. now]);

    /// <summary>Its blocks.</summary>
    public ReadOnlySpan<TensorBlock> Blocks => now;

    /// <summary>Metrics of the last step that was asked for them.</summary>
    public IReadOnlyList<(string Name, double Value)> Metrics =>
        [.. measured.Metrics.Select((metric, i) => (metric.Name, metrics[i]))];

    /// <summary>Makes one step. Where steps overlap, workers may still be busy with it when this returns.</summary>
    public void Advance(bool withMetrics)
    {
        var program = programs.At(step, withMetrics);
        program.Follow();
        var overlaps = program.Overlaps && !withMetrics;
        if (overlaps)
        {
            start.Batches.Fill(drawn, sampling, step);
            drawn.StreamTo(Batch);
        }
        else team.Run(fill);
        now.CopyTo(inputs);
        inputs[^1] = Batch;
        scalars[1] = step;
        if (overlaps) program.Start(inputs, scalars, now);
        else
        {
            var destination = program.RunsInPlace ? now : Spare();
            program.Run(inputs, scalars, destination, withMetrics ? metrics : []);
            if (destination != now) (now, next) = (next, now);
        }
        if (withMetrics) measured = program.Function;
        step++;
    }

    TensorBlock Batch => batches[step % 2];

    // Each worker draws its share of the rows, most of which it is going to work on.
    void Fill(int worker) => start.Batches.Fill(Batch, sampling, step, Share(worker), Share(worker + 1));

    int Share(int worker) => (int)((long)start.Batches.BatchSize * worker / team.Count);

    TensorBlock[] Spare() => next.Length > 0 ? next : next = [.. now.Select(block => new TensorBlock(block.Layout))];

    /// <summary>Gives the memory back; the team has finished.</summary>
    public void Dispose()
    {
        programs.Dispose();
        foreach (var block in batches.Concat(now).Concat(next).Append(drawn)) block.Dispose();
    }
}
