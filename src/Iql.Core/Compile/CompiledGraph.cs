using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Iql.Graph;
using Iql.Kernels;

namespace Iql.Compile;

/// <summary>
/// A traced function as a list of kernels, ready to run any number of times without allocating. Numbers are float32, scalars
/// double. The bits of a result do not depend on the number of workers. Holds scratch memory: not for two runs at a time.
/// </summary>
public sealed unsafe class CompiledGraph : IDisposable
{
    // Floats between two workers' scratch. A processor that reads a packed panel to its end fetches ahead what lies behind it; where that was
    // another's tile, it had to come back from core to core for every row stored: 165 µs instead of 132 a layer, between far cores.
    const int Apart = 2048;

    readonly IKernel[] kernels;
    readonly Stretch[] stretches;
    readonly long[] ticks;
    readonly IKernel prologue;
    readonly int[] inputSlots;
    readonly ScalarSource[] metricSources;
    readonly Action<int> work;
    readonly int scratchLength, arenaLength;
    readonly (int Slot, Place Place)[] loads;
    readonly double* slots;
    readonly float** bases;
    float* arena;
    float* scratch;
    WorkerTeam team = WorkerTeam.Single;
    Claim[][] claimed = [];
    Exception? failure;
    long origin;
    int scratchWorkers;

    CompiledGraph(GraphFunction function, InstructionSet set)
    {
        Function = function;
        InstructionSet = set;
        var results = Canonical.Apply(Simplify.Apply(function.Results));
        var groups = Fusion.Of(results);
        var schedule = Schedule.Of(groups, Replaced(function, results));
        RunsInPlace = schedule.RunsInPlace;
        var plan = new Placement(function, results, schedule);
        var lowering = new Lowering(schedule, plan.Stored, plan.PlaceOf, plan.SlotOf, set);

        prologue = lowering.KernelOf(schedule.Groups[0]);
        kernels = [.. schedule.Groups.Skip(1).Select(lowering.KernelOf), .. plan.Copies];
        stretches = Stretch.Of(schedule, plan.Copies.Count);
        ticks = new long[kernels.Length];
        Claims = new(schedule, plan.Buffers, kernels, stretches);
        Kernels = KernelInfo.Of(schedule, plan.Copies.Count);
        Memory = plan.Buffers;
        (inputSlots, metricSources, loads) = (plan.InputSlots, plan.Metrics, plan.Loads);
        (scratchLength, arenaLength) = (plan.ScratchLength + Apart, plan.ArenaLength);
        slots = (double*)NativeMemory.AllocZeroed((nuint)plan.SlotCount + 1, sizeof(double));
        foreach (var (slot, number) in plan.Constants) slots[slot] = number;
        bases = (float**)NativeMemory.AllocZeroed((nuint)(1 + function.Inputs.Length + function.Outputs.Length), (nuint)sizeof(float*));
        arena = AlignedMemory.Floats(arenaLength + 64);
        bases[0] = arena;
        work = Work;
        Grow(1);
    }

    /// <summary>What it computes.</summary>
    public GraphFunction Function { get; }

    /// <summary>The vectors it uses.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>
    /// Whether an output block may be the input block of the same layout (the same object): a state that is stepped where it lies.
    /// </summary>
    public bool RunsInPlace { get; }

    /// <summary>What workers take back from each other.</summary>
    internal Claims Claims { get; }

    /// <summary>Compiles a function; <paramref name="path"/> null takes <see cref="InstructionSets.Default"/>.</summary>
    public static CompiledGraph Compile(GraphFunction function, InstructionSet? path = null) => new(function, path ?? InstructionSets.Default);

    /// <summary>Its kernels in the order in which they run.</summary>
    public ImmutableArray<KernelInfo> Kernels { get; }

    /// <summary>Where its temporaries lie.</summary>
    public ImmutableArray<BufferInfo> Memory { get; }

    /// <summary>Floats of all temporaries together.</summary>
    public int MemoryLength => arenaLength;

    /// <summary>Whether runs add up the time of every kernel. Reading the clock costs some 25 ns a kernel.</summary>
    public bool IsTimed { get; set; }

    /// <summary>Seconds the first worker spent in each of <see cref="Kernels"/> since timing began.</summary>
    public ImmutableArray<double> KernelSeconds => [.. ticks.Select(ticks => (double)ticks / Stopwatch.Frequency)];

    /// <summary>
    /// Computes outputs and metrics from inputs and scalars, in the function's order. An output block may be the input block of its
    /// layout where <see cref="RunsInPlace"/> says so, and no other one: a kernel may still read what another has already replaced.
    /// The bits are the same either way.
    /// </summary>
    public void Run(ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs, Span<double> metrics, WorkerTeam? team = null)
    {
        ObjectDisposedException.ThrowIf(arena == null, this);
        Bind(inputs, outputs);
        Check.That(scalars.Length == inputSlots.Length, nameof(scalars), $"{inputSlots.Length} scalars ({string.Join(", ", Function.Scalars)})", scalars.Length);
        Check.That(metrics.Length >= metricSources.Length, nameof(metrics), $"room for {metricSources.Length} metrics", metrics.Length);
        this.team = team ?? WorkerTeam.Single;
        Grow(this.team.Count);
        if (this.team.Count > 1 && this.team.Count != claimed.Length) claimed = [.. Enumerable.Range(0, this.team.Count).Select(worker => Claims.Of(worker, this.team.Count))];
        for (var i = 0; i < inputSlots.Length; i++)
            if (inputSlots[i] >= 0) slots[inputSlots[i]] = scalars[i];
        var frame = FrameOf(0);
        foreach (var (slot, place) in loads) slots[slot] = *place.In(frame);
        prologue.Run(frame, 0, 1);
        origin = this.team.Reserve(kernels.Length);
        this.team.Run(work);
        if (failure is { } thrown)
        {
            failure = null;
            throw new InvalidOperationException(thrown.Message, thrown);
        }
        for (var i = 0; i < metricSources.Length; i++) metrics[i] = metricSources[i].In(frame);
        GC.KeepAlive(this);
    }

    void Bind(ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<TensorBlock> outputs)
    {
        Check.That(inputs.Length == Function.Inputs.Length, nameof(inputs), $"{Function.Inputs.Length} blocks", inputs.Length);
        Check.That(outputs.Length == Function.Outputs.Length, nameof(outputs), $"{Function.Outputs.Length} blocks", outputs.Length);
        var next = 1;
        for (var i = 0; i < inputs.Length; i++) bases[next++] = Fitting(inputs[i], Function.Inputs[i]);
        for (var i = 0; i < outputs.Length; i++)
        {
            for (var k = 0; k < inputs.Length; k++)
                Check.That(!ReferenceEquals(inputs[k], outputs[i]) || inputs[k].Layout.Length == 0 || (RunsInPlace && k == Replaces(Function, i)), nameof(outputs),
                    "blocks that are not inputs", inputs[k].Layout.Name, "Let two sets of blocks alternate.");
            bases[next++] = Fitting(outputs[i], Function.Outputs[i].Layout);
        }
    }

    // The input block that an output block is the next state of; -1 when there is none.
    static int Replaces(GraphFunction function, int output) => function.Inputs.IndexOf(function.Outputs[output].Layout);

    // Results, and the inputs they are the next state of; null when an input is wanted elsewhere as it was, for it is copied at the end.
    static Dictionary<Tensor, Tensor>? Replaced(GraphFunction function, Tensor[] results)
    {
        var inputs = Order.Of(results).Where(node => node.Op == Op.Input).ToDictionary(node => node.Name);
        var replaced = new Dictionary<Tensor, Tensor>();
        var entries = function.Outputs.SelectMany((group, i) => group.Layout.Entries.Select(entry => Replaces(function, i) < 0 ? "" : $"{group.Layout.Name}/{entry.Name}"));
        foreach (var (root, name) in results.Select(Addressing.Root).Zip(entries))
            if (root.Op != Op.Input && inputs.TryGetValue(name, out var input)) replaced.TryAdd(root, input);
            else if (root.Op == Op.Input && root.Name != name) return null;
        return replaced;
    }

    static float* Fitting(TensorBlock block, Layout layout)
    {
        Check.That(block.Layout.Fits(layout), layout.Name,
            $"a block laid out as {layout.Name} ({layout.Entries.Length} tensors, {layout.Length} floats)", block.Layout.Name);
        return block.Pointer;
    }

    void Work(int worker)
    {
        var frame = FrameOf(worker);
        foreach (var stretch in stretches)
        {
            var (first, last) = stretch.Partition.Share(kernels[stretch.First].Units, worker, team.Count);
            if (first < last)
            {
                team.Await(origin + stretch.Wait.For(stretch.Partition.IsOwned(team.Count)));
                try
                {
                    for (var block = first; block < last; block += stretch.Block)
                        for (var i = stretch.First; i < stretch.End; i++)
                        {
                            frame.Claim = block == first && team.Count > 1 ? claimed[worker][i] : default;
                            Run(kernels[i], frame, block, Math.Min(block + stretch.Block, last), worker == 0 ? i : -1);
                        }
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }
            }
            team.Pass(worker, origin + stretch.End);
        }
    }

    void Run(IKernel kernel, in Frame frame, int first, int last, int timed)
    {
        var start = IsTimed && timed >= 0 ? Stopwatch.GetTimestamp() : 0;
        kernel.Run(frame, first, last);
        if (start != 0) ticks[timed] += Stopwatch.GetTimestamp() - start;
    }

    Frame FrameOf(int worker) => new() { Bases = bases, Slots = slots, Scratch = scratch + worker * scratchLength };

    void Grow(int workers)
    {
        if (workers <= scratchWorkers) return;
        AlignedMemory.Free(scratch);
        scratch = AlignedMemory.Floats(workers * scratchLength);
        scratchWorkers = workers;
    }

    /// <summary>Gives its scratch memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    void Free()
    {
        if (arena == null) return;
        AlignedMemory.Free(arena);
        AlignedMemory.Free(scratch);
        NativeMemory.Free(slots);
        NativeMemory.Free(bases);
        arena = null;
    }

    /// <summary>Gives its scratch memory back when nobody did.</summary>
    ~CompiledGraph() => Free();
}
