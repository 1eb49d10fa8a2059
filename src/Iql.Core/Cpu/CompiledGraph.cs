using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Cpu;

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
    readonly long[] ticks;
    readonly IKernel prologue;
    readonly int[] inputSlots, prologueWaits;
    readonly ScalarSource[] metricSources;
    readonly Action<int> work;
    readonly int scratchLength, spaceLength, arenaLength;
    readonly (int Slot, Place Place)[] loads;
    readonly ConcurrentDictionary<int, CompiledGraph> forOthers = [];
    // Of two runs that follow each other one may end while the other begins.
    readonly RunState[] runs = new RunState[2];
    readonly Walkers walkers;
    float* arena;
    float* scratch;
    WorkerTeam team = WorkerTeam.Single;

    // What one run has to itself: scalars, and where its blocks begin.
    struct RunState
    {
        public double* Slots;
        public float** Bases;
    }

    CompiledGraph(GraphFunction function, InstructionSet set, int workers)
    {
        (Function, InstructionSet, Workers) = (function, set, workers);
        var results = Canonical.Apply(Simplify.Apply(function.Results));
        var schedule = new Schedule(new(Fusion.Of(results), Replaced(function, results)), workers);
        RunsInPlace = schedule.Dependencies.RunsInPlace;
        var plan = new Placement(function, results, schedule);
        var lowering = new Lowering(schedule, plan.Stored, plan.PlaceOf, plan.SlotOf, set);

        prologue = lowering.KernelOf(schedule.Groups[0]);
        kernels = [.. schedule.Groups.Skip(1).Select(lowering.KernelOf), .. plan.Copies];
        Overlaps = schedule.Overlaps && plan.Copies.Count == 0;
        prologueWaits = [.. schedule.WaitsOf(schedule.Groups[0])];
        walkers = new(workers, schedule.Walkers, [.. Enumerable.Range(0, schedule.Walkers.Count).Select(walker => Stretches.Of(schedule, kernels, walker))], kernels.Length, Walk);
        ticks = new long[kernels.Length];
        (Kernels, Memory) = (KernelInfo.Of(schedule, plan.Copies.Count), plan.Buffers);
        (inputSlots, metricSources, loads) = (plan.InputSlots, plan.Metrics, plan.Loads);
        // Those who share a lane share its temporaries.
        (scratchLength, spaceLength, arenaLength) = (plan.ScratchLength + Apart, schedule.IsShared ? 0 : plan.SpaceLength, plan.OwnLength + plan.PassedOnLength);
        arena = AlignedMemory.Floats(arenaLength + plan.PassedOnLength + 64);
        scratch = AlignedMemory.Floats(workers * scratchLength);
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i].Slots = (double*)NativeMemory.AllocZeroed((nuint)plan.SlotCount + 1, sizeof(double));
            foreach (var (slot, number) in plan.Constants) runs[i].Slots[slot] = number;
            var blocks = 1 + function.Inputs.Length + function.Outputs.Length;
            runs[i].Bases = (float**)NativeMemory.AllocZeroed((nuint)blocks + 1, (nuint)sizeof(float*));
            runs[i].Bases[blocks] = arena + plan.OwnLength + i * plan.PassedOnLength;
        }
        work = walkers.Work;
    }

    /// <summary>What it computes.</summary>
    public GraphFunction Function { get; }

    /// <summary>The vectors it uses.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>
    /// Whether an output block may be the input block of the same layout (the same object): a state that is stepped where it lies.
    /// </summary>
    public bool RunsInPlace { get; }

    /// <summary>For a team of how many it is compiled.</summary>
    public int Workers { get; }

    /// <summary>Whether a run may begin while others than the first worker are still at the one before, see <see cref="Start"/>.</summary>
    internal bool Overlaps { get; }

    /// <summary>Compiles a function.</summary>
    /// <param name="function">What to compute.</param>
    /// <param name="path">The vectors to use; null takes <see cref="InstructionSets.Default"/>.</param>
    /// <param name="workers">The size of the teams that are going to run it, at least 1. For a team of another size it is compiled once more.</param>
    public static CompiledGraph Compile(GraphFunction function, InstructionSet? path = null, int workers = 1)
    {
        Check.AtLeast(workers, 1, nameof(workers));
        return new(function, path ?? InstructionSets.Default, workers);
    }

    /// <summary>The same function for teams of a size.</summary>
    internal CompiledGraph For(int workers) => workers == Workers ? this : forOthers.GetOrAdd(workers, count => new(Function, InstructionSet, count));

    /// <summary>Its kernels in the order in which they run.</summary>
    public ImmutableArray<KernelInfo> Kernels { get; }

    /// <summary>Where its temporaries lie.</summary>
    public ImmutableArray<BufferInfo> Memory { get; }

    /// <summary>Floats of all temporaries together.</summary>
    public int MemoryLength => arenaLength;

    /// <summary>Whether runs add up the time of every kernel. Reading the clock costs some 25 ns a kernel.</summary>
    public bool IsTimed { get; set; }

    /// <summary>Seconds its owner, or of a shared one the first worker, spent in each of <see cref="Kernels"/> since timing began.</summary>
    public ImmutableArray<double> KernelSeconds => [.. ticks.Select(ticks => (double)ticks / Stopwatch.Frequency)];

    /// <summary>
    /// Computes outputs and metrics from inputs and scalars, in the function's order. An output block may be the input block of its
    /// layout where <see cref="RunsInPlace"/> says so, and no other one: a kernel may still read what another has already replaced.
    /// The bits are the same either way.
    /// </summary>
    public void Run(ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs, Span<double> metrics, WorkerTeam? team = null)
    {
        team ??= WorkerTeam.Single;
        if (team.Count != Workers)
        {
            For(team.Count).Run(inputs, scalars, outputs, metrics, team);
            return;
        }
        Check.That(metrics.Length >= metricSources.Length, nameof(metrics), $"room for {metricSources.Length} metrics", metrics.Length);
        Follow(team);
        Start(inputs, scalars, outputs);
        team.Finish();
        var frame = FrameOf(walkers.Started - 1, 0);
        for (var i = 0; i < metricSources.Length; i++) metrics[i] = metricSources[i].In(frame);
        GC.KeepAlive(this);
    }

    /// <summary>Waits until a run may begin: where runs overlap, for the last but one, whose blocks other than the state are free then.</summary>
    internal void Follow(WorkerTeam team)
    {
        ObjectDisposedException.ThrowIf(arena == null, this);
        if (Overlaps && team.IsLast(work)) walkers.AwaitLastButOne();
        else
        {
            team.Finish();
            walkers.Rewind();
        }
        this.team = team;
    }

    /// <summary>
    /// Runs after <see cref="Follow"/>, and returns when the first worker has done its part. Blocks stay as they are, and what it gives is
    /// there, when the team has finished. The input block of a state is the output block of the run before.
    /// </summary>
    internal void Start(ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs)
    {
        Check.That(scalars.Length == inputSlots.Length, nameof(scalars), $"{inputSlots.Length} scalars ({string.Join(", ", Function.Scalars)})", scalars.Length);
        var frame = FrameOf(walkers.Started, 0);
        Bind(frame.Bases, inputs, outputs);
        for (var i = 0; i < inputSlots.Length; i++)
            if (inputSlots[i] >= 0) frame.Slots[inputSlots[i]] = scalars[i];
        walkers.Await(prologueWaits);
        foreach (var (slot, place) in loads) frame.Slots[slot] = *place.In(frame);
        prologue.Run(frame, 0, 1);
        walkers.Begin();
        team.Start(work);
    }

    void Bind(float** bases, ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<TensorBlock> outputs)
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

    void Walk(int worker, int space, long run, in Stretch stretch)
    {
        var frame = FrameOf(run, worker);
        frame.Own += (nint)space * spaceLength;
        try
        {
            for (var block = stretch.Units.First; block < stretch.Units.Last; block += stretch.Block)
                foreach (var i in stretch.Kernels) RunKernel(i, frame, block, Math.Min(block + stretch.Block, stretch.Units.Last), stretch.IsTimed);
        }
        catch (Exception exception)
        {
            var failure = new InvalidOperationException(exception.Message, exception);
            if (Workers == 1) throw failure;
            team.Fail(failure);
        }
    }

    void RunKernel(int kernel, in Frame frame, int first, int last, bool isTimed)
    {
        var start = IsTimed && isTimed ? Stopwatch.GetTimestamp() : 0;
        kernels[kernel].Run(frame, first, last);
        if (start != 0) ticks[kernel] += Stopwatch.GetTimestamp() - start;
    }

    Frame FrameOf(long run, int worker) => new() { Own = arena, Bases = runs[run % 2].Bases, Slots = runs[run % 2].Slots, Scratch = scratch + worker * scratchLength };

    /// <summary>Gives its scratch memory back.</summary>
    public void Dispose()
    {
        foreach (var graph in forOthers.Values) graph.Dispose();
        Free();
        GC.SuppressFinalize(this);
    }

    void Free()
    {
        if (arena == null) return;
        AlignedMemory.Free(arena);
        AlignedMemory.Free(scratch);
        walkers.Free();
        foreach (var run in runs)
        {
            NativeMemory.Free(run.Slots);
            NativeMemory.Free(run.Bases);
        }
        arena = null;
    }

    /// <summary>Gives its scratch memory back when nobody did.</summary>
    ~CompiledGraph() => Free();
}
