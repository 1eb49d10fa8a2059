using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Iql.Cpu;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>R slots of one program. A slot holds a training run: a row, in front, of each tensor of the state. A step
/// is made when every run asks for one, so that all runs advance together; the rows of free slots are padding. A run's
/// bits depend on no other run. They depend on R and on its slot, since kernels may round the ends of their vectors
/// otherwise. The host draws minibatches, row for row those of the processor.</summary>
/// <remarks>Mutable. Threads may share it, each with its own runs.</remarks>
sealed unsafe class TorchGrid : IDisposable
{
    /// <summary>A tensor of the batch: host memory for all slots, and its place on the device.</summary>
    readonly record struct Column(Layout.Entry Entry, nint Memory, nint View, nint Tensor);

    readonly object gate = new();
    readonly int size;
    readonly NumberType type;
    readonly Place place;
    readonly CpuDevice host;
    readonly RunStart first;
    readonly RunStart?[] starts; // null is a free slot
    readonly Seed[] sampling;
    readonly long[] steps;
    readonly StepPrograms<TorchProgram> programs;
    readonly TensorBlock[] drawn; // a minibatch a slot
    readonly Column[] batch;
    readonly TensorBlock[][] blocks; // a slot's state, as it was at `copied`
    readonly FlatState state;
    readonly int vectors; // of the state
    readonly nint[] inputs; // vectors of the state, then batch
    readonly nint[] results, others; // of a step's first program, and of another one
    readonly double[] scalars, metrics, measures; // metrics of each run, and as they come from the device
    readonly float[] transfer;
    readonly GraphFunction[] measured;
    readonly IStream? stream; // where there is one, the state's vectors stay in place
    readonly Repeats? repeats;
    Exception? failure;
    long generation, copied;
    int arrived;
    bool wantsMetrics;

    /// <summary>A grid of free slots for runs like one; threads of its own draw minibatches.</summary>
    /// <param name="free">Bytes free on the device.</param>
    /// <exception cref="InputException">So many runs do not fit.</exception>
    public TorchGrid(
        RunStart first, int size, NumberType type, Place place, int threads, Func<long> free, IStream? stream)
    {
        state = FlatState.Of(first.Programs);
        RunMemory.Require(RunMemory.Bytes([.. first.Programs.Select(state.Apply)], type, place), size, free());
        (this.first, this.size, this.type, this.place, host) = (first, size, type, place, new(threads));
        this.stream = stream;
        measured = [.. Enumerable.Repeat(first.Programs[0], size)];
        var layout = first.Programs[0].Inputs[^1];
        vectors = state.Layout.Entries.Length;
        programs = new(first.Programs, first.Choose,
            function => new TorchProgram(state.Apply(function), size, type, place,
                stream is null ? [layout.Name] : [layout.Name, state.Layout.Name]));
        (starts, sampling, steps) = (new RunStart?[size], new Seed[size], new long[size]);
        drawn = [.. Enumerable.Range(0, size).Select(_ => new TensorBlock(layout))];
        blocks = [.. Enumerable.Range(0, size).Select(_ =>
            first.State.Blocks.Select(block => new TensorBlock(block.Layout)).ToArray())];
        batch = [.. layout.Entries.Select(Staged)];
        transfer = new float[size * state.Layout.Entries.Max(entry => entry.Shape.Count)];
        inputs = [.. state.Layout.Entries.Select(entry =>
            Handles.Upload<float>(transfer, Full(entry.Shape), type, place)), .. batch.Select(column => column.Tensor)];
        scalars = new double[first.Programs[0].Scalars.Length * size];
        var most = first.Programs.Max(program => program.Metrics.Length);
        (metrics, measures) = (new double[most * size], new double[most * size]);
        (results, others) = (new nint[vectors + most], new nint[vectors + most]);
        if (stream is not null) repeats = new(stream, [.. first.Programs.Select(program =>
            program.Metrics.Length * size)], type, place);
    }

    /// <summary>Whether runs fit slots that are free: their graphs are these but for numbers.</summary>
    public bool Takes(RunStart run, int slot, int count)
    {
        lock (gate)
            return failure is null && slot + count <= size
                && starts.AsSpan(slot, count).IndexOfAnyExcept((RunStart?)null) < 0
                && run.Programs.Length == first.Programs.Length
                && run.Programs.Zip(first.Programs).All(pair => SameGraph.Holds(pair.First, pair.Second));
    }

    /// <summary>Whether no slot holds a run.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate) return Active == 0;
        }
    }

    int Active => starts.Count(start => start is not null);

    /// <summary>Puts runs into free slots, one after the other from a first one, and returns these.</summary>
    public int[] Join(IReadOnlyList<RunStart> runs, int from)
    {
        lock (gate)
        {
            Fetch(); // what other slots have not read yet
            stream?.Wait();
            int[] slots = [.. Enumerable.Range(from, runs.Count)];
            foreach (var (slot, run) in slots.Zip(runs))
            {
                (starts[slot], steps[slot]) = (run, run.State.Step);
                sampling[slot] = run.State.Seed.Split("sampling");
                scalars[slot] = run.State.Seed.AsScalar();
                for (var i = 0; i < run.Hyperparameters.Length; i++)
                    scalars[(2 + i) * size + slot] = run.Hyperparameters[i];
                foreach (var (mine, given) in blocks[slot].Zip(run.State.Blocks)) given.CopyTo(mine);
            }
            for (var vector = 0; vector < vectors; vector++) Replace(slots, vector);
            return slots;
        }
    }

    void Replace(int[] slots, int vector)
    {
        var own = stream is null ? OpTable.Clone(inputs[vector]) : inputs[vector]; // results may share memory
        var row = transfer.AsSpan(0, state.Layout.Entries[vector].Shape.Count);
        foreach (var slot in slots)
        {
            foreach (var member in state.Members.Where(member => member.Vector == vector))
                Dense(blocks[slot][member.Block], member.Entry, row[member.Offset..], write: false);
            var there = Handles.Row(own, slot);
            Handles.Fill<float>(there, [1, row.Length], row);
            Handles.Free(there);
        }
        if (own != inputs[vector]) Handles.Free(inputs[vector]);
        inputs[vector] = own;
    }

    /// <summary>Frees slots. The others' step is made if it waited for these alone.</summary>
    public void Leave(int[] slots)
    {
        lock (gate)
        {
            foreach (var slot in slots) starts[slot] = null;
            if (arrived > 0 && arrived == Active) Step();
        }
    }

    /// <summary>Makes a step of some slots' runs, together with the others', for which it waits.</summary>
    public void Advance(int[] slots, bool withMetrics)
    {
        lock (gate)
        {
            arrived += slots.Length;
            wantsMetrics |= withMetrics;
            var mine = generation;
            if (arrived == Active) Step();
            else
                while (generation == mine) Monitor.Wait(gate);
            if (failure is not null) throw new InvalidOperationException(failure.Message, failure);
        }
    }

    void Step()
    {
        try
        {
            Compute();
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        (arrived, wantsMetrics) = (0, false);
        generation++;
        Monitor.PulseAll(gate);
    }

    void Compute()
    {
        host.Workers.Run(Draw);
        for (var slot = 0; slot < size; slot++) scalars[size + slot] = steps[slot];
        var active = Enumerable.Range(0, size).Where(slot => starts[slot] is not null).ToArray();
        // Runs at other steps may be due for another program. Each run takes its row of its own program's results.
        var groups = active.GroupBy(slot => programs.At(steps[slot], wantsMetrics)).ToArray();
        if (stream is null) Compute(groups);
        else stream.Within(() => Compute(groups));
        foreach (var slot in active) steps[slot]++;
    }

    void Compute(IGrouping<TorchProgram, int>[] groups)
    {
        // The copy ends before the host may draw again, and so after the last step: the host draws beside that.
        foreach (var column in batch) Handles.Copy(column.View, column.Tensor);
        if (wantsMetrics)
            foreach (var group in groups)
                foreach (var slot in group) measured[slot] = group.Key.Function;
        if (repeats is not null && groups.Length == 1 && repeats.Takes(groups[0].Key))
        {
            var joined = repeats.Make(groups[0].Key, scalars, Calls);
            if (joined != 0) Measure(joined, groups[0]);
            return;
        }
        Run(groups[0].Key, groups[0], results);
        foreach (var group in groups[1..])
        {
            Run(group.Key, group, others);
            Take(group);
        }
        Adopt();
    }

    // The calls of a step of all slots that are recorded: metrics, joined, are returned; 0 is none.
    nint Calls(TorchProgram program)
    {
        var count = program.Function.Metrics.Length;
        program.Run(inputs, results.AsSpan(0, vectors + count));
        Adopt();
        return count > 0 ? Joined(count, results) : 0;
    }

    // The results become the state.
    void Adopt()
    {
        for (var i = 0; i < vectors; i++)
            if (stream is null)
            {
                Handles.Free(inputs[i]);
                inputs[i] = results[i];
            }
            else
            {
                Handles.Copy(results[i], inputs[i]);
                Handles.Free(results[i]);
            }
    }

    // Results go into an array; metrics of some slots are read.
    void Run(TorchProgram program, IEnumerable<int> slots, nint[] into)
    {
        var count = program.Function.Metrics.Length;
        program.Run(inputs, scalars, into.AsSpan(0, vectors + count));
        if (count == 0) return;
        var joined = Joined(count, into);
        Measure(joined, slots);
        Handles.Free(joined);
    }

    // All metrics as one tensor, [count · R].
    nint Joined(int count, nint[] results)
    {
        var values = results.AsSpan(vectors, count);
        var all = OpTable.Joined(values);
        foreach (var value in values) Handles.Free(value);
        return all;
    }

    // All metrics in one transfer.
    void Measure(nint joined, IEnumerable<int> slots)
    {
        var count = measured[slots.First()].Metrics.Length * size;
        Handles.Download(joined, [count], measures.AsSpan());
        foreach (var slot in slots)
            for (var at = slot; at < count; at += size) metrics[at] = measures[at];
    }

    // Rows of the other program's results replace those of the first one.
    void Take(IEnumerable<int> slots)
    {
        for (var i = 0; i < vectors; i++)
        {
            var own = OpTable.Clone(results[i]); // results may share memory
            foreach (var slot in slots)
            {
                nint from = Handles.Row(others[i], slot), to = Handles.Row(own, slot);
                Handles.Copy(from, to);
                Handles.Free(from);
                Handles.Free(to);
            }
            Handles.Free(results[i]);
            Handles.Free(others[i]);
            results[i] = own;
        }
    }

    void Draw(int worker)
    {
        for (var slot = worker; slot < size; slot += host.Workers.Count)
        {
            if (starts[slot] is not { } run) continue;
            run.Batches.Fill(drawn[slot], sampling[slot], steps[slot]);
            foreach (var column in batch)
                Dense(drawn[slot], column.Entry, new Span<float>(
                    (float*)column.Memory + (long)slot * column.Entry.Shape.Count, column.Entry.Shape.Count),
                    write: false);
        }
    }

    /// <summary>Metrics of a slot's last step with metrics.</summary>
    public IReadOnlyList<(string Name, double Value)> Metrics(int slot)
    {
        lock (gate) return [.. measured[slot].Metrics.Select((metric, i) => (metric.Name, metrics[i * size + slot]))];
    }

    /// <summary>A slot's state; the next step may overwrite its blocks.</summary>
    public LearnerState State(int slot) => new(starts[slot]!.State.Seed, steps[slot], [.. Blocks(slot)]);

    /// <summary>The blocks of a slot's state.</summary>
    public TensorBlock[] Blocks(int slot)
    {
        lock (gate)
        {
            Fetch();
            return blocks[slot];
        }
    }

    // All slots at once: no slot's run asks while another is under way.
    void Fetch()
    {
        if (copied == generation) return;
        stream?.Wait();
        for (var vector = 0; vector < vectors; vector++)
        {
            var shape = state.Layout.Entries[vector].Shape;
            Handles.Download(inputs[vector], Full(shape), transfer.AsSpan());
            foreach (var member in state.Members.Where(member => member.Vector == vector))
                for (var slot = 0; slot < size; slot++)
                    Dense(blocks[slot][member.Block], member.Entry,
                        transfer.AsSpan(slot * shape.Count + member.Offset), write: true);
        }
        copied = generation;
    }

    long[] Full(Shape shape) => [size, .. shape.Extents.Select(extent => (long)extent)];

    Column Staged(Layout.Entry entry)
    {
        var shape = Full(entry.Shape);
        var length = (nuint)((long)size * entry.Shape.Count * sizeof(float));
        var memory = stream?.Allocate(length) ?? (nint)NativeMemory.AlignedAlloc(length, 64);
        NativeMemory.Clear((void*)memory, length);
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

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        stream?.Wait();
        host.Dispose();
        programs.Dispose();
        foreach (var handle in inputs) Handles.Free(handle);
        foreach (var column in batch)
        {
            Handles.Free(column.View);
            if (stream is null) NativeMemory.AlignedFree((void*)column.Memory);
            else stream.Release(column.Memory);
        }
        repeats?.Dispose();
        stream?.Dispose();
        foreach (var block in blocks.SelectMany(slot => slot).Concat(drawn)) block.Dispose();
    }
}
