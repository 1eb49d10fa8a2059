using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>A traced function as calls of libtorch, for R runs at once: every tensor has the axis R in front, so the
/// number of calls does not depend on R. A run's numbers depend on its own alone.</summary>
/// <remarks>Values live in slots: one a node, and one for each view of it that an op needs. A slot is given back after
/// its last use. Not for two threads at a time.</remarks>
sealed class TorchProgram : IDisposable
{
    readonly record struct Step(int Slot, Compute Compute, int[] Sources, nint[] Arguments)
    {
        public int[] Freed { get; init; } = [];
    }

    readonly int runs;
    readonly NumberType type;
    readonly Place place;
    readonly HostScalars host;
    readonly DeviceRandom random = new();
    readonly List<Step> steps = [];
    readonly List<nint> values = [];
    readonly List<bool> kept = []; // slots whose handles are not this program's to free after a run
    readonly List<bool> reused = []; // slots whose memory gets other numbers in the next run
    readonly Dictionary<Tensor, int> slots = [];
    readonly Dictionary<(int Slot, string Purpose), int> views = [];
    readonly Dictionary<string, int> places = []; // inputs by their names
    readonly List<Tensor> uploaded; // host scalars that change, in the order of the buffer's rows
    readonly List<Tensor> drawn; // random nodes, in the order of the keys' rows
    readonly int[] results, inputs;
    readonly double[] numbers;
    readonly ulong[] keys;
    nint numbersTensor, keysTensor;

    /// <summary>Plans the calls.</summary>
    /// <param name="runs">R, at least 1.</param>
    /// <param name="type">Float32 or float64.</param>
    /// <param name="overwritten">Blocks whose tensors the caller fills anew for each run.</param>
    public TorchProgram(
        GraphFunction function, int runs, NumberType type, Place place, params string[] overwritten)
    {
        (Function, this.runs, this.type, this.place) = (function, runs, type, place);
        var simple = Simplify.Apply(function.Results);
        var order = Order.Of(simple);
        host = new(order, function.Scalars, runs);
        var names = function.Inputs.SelectMany(layout => layout.Entries.Select(entry =>
            (Name: $"{layout.Name}/{entry.Name}", Reused: overwritten.Contains(layout.Name)))).ToArray();
        inputs = [.. names.Select(name => Slot(0, kept: true, name.Reused))];
        for (var i = 0; i < names.Length; i++) places[names[i].Name] = inputs[i];
        drawn = [.. order.Where(IsRandom)];
        // A scalar goes to the device where one of its nodes, or a result, reads it.
        uploaded = [.. order.Where(node => !host.Contains(node) && !IsRandom(node)).SelectMany(node => node.Sources)
            .Concat(simple).Where(node => host.Contains(node) && node.Op != Op.Constant).Distinct()];
        (numbers, keys) = (new double[uploaded.Count * runs], new ulong[drawn.Count * runs]);
        Buffers();
        foreach (var node in order)
            if (!host.Contains(node)) slots.TryAdd(node, Planned(node));
        results = [.. simple.Select(Dense)];
        Frees();
    }

    /// <summary>What it computes.</summary>
    public GraphFunction Function { get; }

    /// <summary>R.</summary>
    public int Runs => runs;

    /// <summary>Kernels launched in a run, views not counted.</summary>
    public int Calls { get; private set; }

    /// <summary>Views made in a run.</summary>
    public int Views { get; private set; }

    /// <summary>Computes the results.</summary>
    /// <param name="inputs">A handle for each entry of the function's inputs, in order; they stay the caller's.</param>
    /// <param name="scalars">A row for each scalar of the function, with a number for every run.</param>
    /// <param name="results">Room for a handle of each result, the caller's to free.</param>
    public void Run(ReadOnlySpan<nint> inputs, ReadOnlySpan<double> scalars, Span<nint> results)
    {
        Upload(scalars);
        Run(inputs, results);
    }

    /// <summary>Computes the results with the scalars of the last <see cref="Upload"/>: calls of the device alone.
    /// </summary>
    public void Run(ReadOnlySpan<nint> inputs, Span<nint> results)
    {
        for (var i = 0; i < inputs.Length; i++) values[this.inputs[i]] = inputs[i];
        foreach (var step in steps)
        {
            for (var i = 0; i < step.Sources.Length; i++) step.Arguments[i] = values[step.Sources[i]];
            values[step.Slot] = step.Compute(step.Arguments);
            foreach (var slot in step.Freed) Release(slot);
        }
        for (var i = 0; i < results.Length; i++)
        {
            var slot = this.results[i];
            results[i] = reused[slot] ? OpTable.Clone(values[slot]) : Handles.Again(values[slot]);
        }
        foreach (var slot in this.results) Release(slot);
    }

    void Release(int slot)
    {
        if (kept[slot]) return;
        Handles.Free(values[slot]);
        values[slot] = 0;
    }

    /// <summary>Hands scalars and keys of random numbers to the device, and waits for it.</summary>
    public void Upload(ReadOnlySpan<double> scalars)
    {
        host.Compute(scalars);
        for (var row = 0; row < uploaded.Count; row++) host[uploaded[row]].CopyTo(numbers.AsSpan(row * runs));
        for (var row = 0; row < drawn.Count; row++)
        {
            var node = drawn[row];
            for (var run = 0; run < runs; run++)
                keys[row * runs + run] = new Seed((ulong)host[node.Sources[0]][run])
                    .Split((ulong)node.Integers[0]).Split((ulong)host[node.Sources[1]][run]).Value;
        }
        if (uploaded.Count > 0) Handles.Fill<double>(numbersTensor, [uploaded.Count, runs], numbers);
        if (drawn.Count > 0) Handles.Fill<ulong>(keysTensor, [drawn.Count, runs], keys);
    }

    // ---- the plan

    int Slot(nint value, bool kept = false, bool reused = false)
    {
        values.Add(value);
        this.kept.Add(kept);
        this.reused.Add(reused);
        return values.Count - 1;
    }

    int Add(Kernel kernel, params int[] sources)
    {
        // A view of memory that gets other numbers is one, too.
        var slot = Slot(0, kept: false, kernel.Calls == 0 && sources.Any(source => reused[source]));
        steps.Add(new(slot, kernel.Compute, sources, new nint[sources.Length]));
        if (kernel.Calls == 0) Views++;
        Calls += kernel.Calls;
        return slot;
    }

    int View(int slot, string purpose, Func<int> make) =>
        views.TryGetValue((slot, purpose), out var known) ? known : views[(slot, purpose)] = make();

    static bool IsRandom(Tensor node) => node.Op is Op.RandomUniform or Op.RandomNormal;

    // Host scalars lie in one tensor [count, R], the keys of random numbers in another. Views of their rows stay.
    void Buffers()
    {
        if (uploaded.Count > 0) numbersTensor = Handles.Empty([uploaded.Count, runs], type, place);
        if (drawn.Count > 0) keysTensor = Handles.Empty([drawn.Count, runs], NumberType.Int64, place);
        for (var row = 0; row < uploaded.Count; row++)
            slots[uploaded[row]] = Slot(Handles.Row(numbersTensor, row, [runs]), kept: true, reused: true);
    }

    int Planned(Tensor node)
    {
        var shape = Full(node.Shape);
        switch (node.Op)
        {
            case Op.Input: return places[node.Name];
            case Op.RandomUniform or Op.RandomNormal:
                var key = Slot(Handles.Row(keysTensor, drawn.IndexOf(node), [runs, 1]), kept: true, reused: true);
                return Add(node.Op == Op.RandomUniform
                    ? random.Uniform(shape, type, place) : random.Normal(shape, type, place), key);
            case Op.MatMul:
                int x = Aligned(node.Sources[0], node.Shape.Rank), y = Aligned(node.Sources[1], node.Shape.Rank);
                return Add(OpTable.Of(node, shape), node.Integers[0] == 1 ? Swapped(x) : x,
                    node.Integers[1] == 1 ? Swapped(y) : y);
            case Op.Gather: return Add(OpTable.Gather(node, shape), Dense(node.Sources[0]), Dense(node.Sources[1]),
                Firsts(node.Sources[0].Shape[0]));
            case Op.ScatterAdd: return Add(OpTable.ScatterAdd(node, shape), Dense(node.Sources[0]),
                Dense(node.Sources[1]), Firsts(node.Shape[0]), There(0));
            case Op.Where: return Add(OpTable.Of(node, shape), Condition(node.Sources[0], node.Shape.Rank),
                Aligned(node.Sources[1], node.Shape.Rank), Aligned(node.Sources[2], node.Shape.Rank));
            case Op.Broadcast when node.Sources[0].Op == Op.Constant:
                return Add(OpTable.Of(node, shape), There(node.Sources[0].Number));
            case Op.Broadcast: return Add(OpTable.Of(node, shape), Aligned(node.Sources[0], node.Shape.Rank));
            case var op when op.IsElementwise():
                return Add(OpTable.Of(node, shape),
                    [.. node.Sources.Select(source => Aligned(source, node.Shape.Rank))]);
            default: return Add(OpTable.Of(node, shape), [.. node.Sources.Select(Dense)]);
        }
    }

    long[] Full(Shape shape) => [runs, .. shape.Extents.Select(extent => (long)extent)];

    /// <summary>A constant without axes, kept.</summary>
    int Number(double number) => View(-1, FormattableString.Invariant($"{BitConverter.DoubleToInt64Bits(number)}"),
        () => Slot(Handles.Number(number, type), kept: true));

    /// <summary>A constant without axes in the device's memory, kept: for ops that take none of the host.</summary>
    int There(double number) => View(Number(number), "there",
        () => Slot(Handles.Upload<double>([number], [], type, place), kept: true));

    /// <summary>A source as numbers, with the axis of the runs and its own, or without axes for a constant.</summary>
    int Value(Tensor source)
    {
        if (host.Contains(source) && source.Op == Op.Constant) return Number(source.Number);
        var slot = slots[source];
        return OpTable.IsComparison(source.Op) && !host.Contains(source)
            ? View(slot, "number", () => Add(OpTable.Number(type), slot)) : slot;
    }

    /// <summary>A source with the axis of the runs and its own, also for a constant.</summary>
    int Dense(Tensor source)
    {
        var slot = Value(source);
        return source.Op == Op.Constant
            ? View(slot, "runs", () => Add(OpTable.Expand([runs]), There(source.Number))) : slot;
    }

    /// <summary>A source as a rank's op reads it: axes of 1 behind the axis of the runs.</summary>
    int Aligned(Tensor source, int rank) => Aligned(Value(source), source, rank);

    int Aligned(int slot, Tensor source, int rank) => source.Op == Op.Constant || source.Shape.Rank == rank ? slot
        : View(slot, $"rank {rank}", () => Add(OpTable.Reshape(
            [runs, .. Enumerable.Repeat(1L, rank - source.Shape.Rank), .. Full(source.Shape)[1..]]), slot));

    /// <summary>Whether a source is not 0. Comparisons are that as they come.</summary>
    int Condition(Tensor source, int rank)
    {
        if (OpTable.IsComparison(source.Op) && !host.Contains(source)) return Aligned(slots[source], source, rank);
        var slot = Aligned(source, rank);
        return View(slot, "condition", () => Add(OpTable.IsNotZero, slot, Number(0)));
    }

    int Swapped(int slot) => View(slot, "swapped", () => Add(OpTable.Swap, slot));

    /// <summary>The first row of each run's table among the rows of all: [R, 1], kept.</summary>
    int Firsts(int rows) => View(-1, $"rows {rows}", () => Slot(Handles.Upload<double>(
        [.. Enumerable.Range(0, runs).Select(run => (double)run * rows)], [runs, 1], NumberType.Float64, place),
        kept: true));

    void Frees()
    {
        var last = new Dictionary<int, int>();
        for (var i = 0; i < steps.Count; i++)
        {
            last[steps[i].Slot] = i;
            foreach (var source in steps[i].Sources) last[source] = i;
        }
        foreach (var slot in results) last.Remove(slot);
        foreach (var group in last.Where(pair => !kept[pair.Key]).GroupBy(pair => pair.Value, pair => pair.Key))
            steps[group.Key] = steps[group.Key] with { Freed = [.. group] };
    }

    /// <summary>Gives constants and buffers back.</summary>
    public void Dispose()
    {
        var owned = kept.Select((keeps, slot) => keeps && !inputs.Contains(slot) ? values[slot] : 0).ToArray();
        foreach (var handle in owned) Handles.Free(handle);
        Handles.Free(numbersTensor);
        Handles.Free(keysTensor);
        (numbersTensor, keysTensor) = (0, 0);
        values.Clear();
        kept.Clear();
        random.Dispose();
    }
}
