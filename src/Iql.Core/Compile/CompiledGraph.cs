using System.Collections.Concurrent;
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
    readonly ImmutableArray<Stretch>[] stretches; // of every walker
    readonly long[] ticks;
    readonly IKernel prologue;
    readonly int[] inputSlots, prologueWaits;
    readonly ScalarSource[] metricSources;
    readonly Action<int> work;
    readonly int scratchLength, arenaLength;
    readonly (int Slot, Place Place)[] loads;
    readonly ConcurrentDictionary<int, CompiledGraph> forOthers = [];
    // Of two runs that follow each other one may end while the other begins.
    readonly RunState[] runs = new RunState[2];
    readonly Walk* walks;
    readonly int[][] walksOf; // of every worker
    readonly long[] begun;
    float* arena;
    float* scratch;
    WorkerTeam team = WorkerTeam.Single;
    long started;

    // What one run has to itself: scalars, and where its blocks begin.
    struct RunState
    {
        public double* Slots;
        public float** Bases;
    }

    // How far a walker has come: kernels passed since the beginning, which others look at, and apart from it the run and the stretch it is
    // at. Processors fetch lines in pairs.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct Walk
    {
        [FieldOffset(0)] public long Passed;
        [FieldOffset(128)] public long Run;
        [FieldOffset(136)] public int Stretch;
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
        stretches = [.. Enumerable.Range(0, schedule.Walkers.Count).Select(walker => Stretch.Of(schedule, kernels, walker))];
        walks = (Walk*)NativeMemory.AlignedAlloc((nuint)(stretches.Length * sizeof(Walk)), 128);
        walksOf = [.. Enumerable.Range(0, workers).Select(worker => Enumerable.Range(0, stretches.Length).Where(walk => schedule.Walkers[walk] == worker).ToArray())];
        begun = new long[workers * 16];
        ticks = new long[kernels.Length];
        Kernels = KernelInfo.Of(schedule, plan.Copies.Count);
        Memory = plan.Buffers;
        (inputSlots, metricSources, loads) = (plan.InputSlots, plan.Metrics, plan.Loads);
        (scratchLength, arenaLength) = (plan.ScratchLength + Apart, plan.OwnLength + plan.PassedOnLength);
        arena = AlignedMemory.Floats(arenaLength + plan.PassedOnLength + 64);
        scratch = AlignedMemory.Floats(workers * scratchLength);
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i].Slots = (double*)NativeMemory.AllocZeroed((nuint)plan.SlotCount + 1, sizeof(double));
            foreach (var (slot, number) in plan.Constants) runs[i].Slots[slot] = number;
            var blocks = 1 + function.Inputs.Length + function.Outputs.Length;
            runs[i].Bases = (float**)NativeMemory.AllocZeroed((nuint)blocks + 1, (nuint)sizeof(float*));
            runs[i].Bases[0] = arena;
            runs[i].Bases[blocks] = arena + plan.OwnLength + i * plan.PassedOnLength;
        }
        work = Work;
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
        var frame = FrameOf(started - 1, 0);
        for (var i = 0; i < metricSources.Length; i++) metrics[i] = metricSources[i].In(frame);
        GC.KeepAlive(this);
    }

    /// <summary>Waits until a run may begin: where runs overlap, for the last but one, whose blocks other than the state are free then.</summary>
    internal void Follow(WorkerTeam team)
    {
        ObjectDisposedException.ThrowIf(arena == null, this);
        if (Overlaps && team.IsLast(work))
            for (var walk = 0; walk < stretches.Length; walk++) Await(walk, (started - 1) * kernels.Length);
        else
        {
            team.Finish();
            Array.Fill(begun, started);
            for (var i = 0; i < stretches.Length; i++) walks[i] = new() { Passed = PositionAt(stretches[i], started, 0), Run = stretches[i].IsEmpty ? long.MaxValue : started };
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
        var frame = FrameOf(started, 0);
        Bind(frame.Bases, inputs, outputs);
        for (var i = 0; i < inputSlots.Length; i++)
            if (inputSlots[i] >= 0) frame.Slots[inputSlots[i]] = scalars[i];
        for (var walk = 0; walk < stretches.Length; walk++) Await(walk, started * kernels.Length + Math.Min(0, prologueWaits[walk]));
        foreach (var (slot, place) in loads) frame.Slots[slot] = *place.In(frame);
        prologue.Run(frame, 0, 1);
        Volatile.Write(ref started, started + 1);
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

    void Await(int walk, long position)
    {
        for (var spins = 0; !HasPassed(walk, position); spins++) WorkerTeam.Pause(spins);
    }

    bool HasPassed(int walk, long position) => Volatile.Read(ref walks[walk].Passed) >= position;

    // All that a worker does in a run, the most urgent first; and of the next run, once that has begun, what is more urgent still.
    void Work(int worker)
    {
        var end = ++begun[worker * 16];
        for (var spins = 0; ; spins++)
        {
            var known = Volatile.Read(ref started);
            var (best, urgency, isDone) = (-1, double.NegativeInfinity, true);
            foreach (var i in walksOf[worker])
            {
                ref var walk = ref walks[i];
                isDone &= walk.Run >= end;
                if (walk.Run >= known) continue;
                var stretch = stretches[i][walk.Stretch];
                var value = walk.Run < end ? stretch.Urgency.Now : stretch.Urgency.Next;
                if (value > urgency && IsReady(stretch, walk.Run * kernels.Length)) (best, urgency) = (i, value);
            }
            if (isDone) return;
            if (best < 0) WorkerTeam.Pause(spins);
            else
            {
                Go(worker, ref walks[best], stretches[best]);
                spins = 0;
            }
        }
    }

    bool IsReady(in Stretch stretch, long origin)
    {
        foreach (var (walker, position) in stretch.Waits)
            if (!HasPassed(walker, origin + position)) return false;
        return true;
    }

    void Go(int worker, ref Walk walk, ImmutableArray<Stretch> stretches)
    {
        var frame = FrameOf(walk.Run, worker);
        var stretch = stretches[walk.Stretch];
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
        if (++walk.Stretch == stretches.Length) (walk.Stretch, walk.Run) = (0, walk.Run + 1);
        Volatile.Write(ref walk.Passed, PositionAt(stretches, walk.Run, walk.Stretch));
    }

    // Kernels behind which a walker has nothing to do, when it comes to a stretch of a run.
    long PositionAt(ImmutableArray<Stretch> stretches, long run, int stretch) => stretches.IsEmpty ? long.MaxValue : run * kernels.Length + stretches[stretch].Kernels[0];

    void RunKernel(int kernel, in Frame frame, int first, int last, bool isTimed)
    {
        var start = IsTimed && isTimed ? Stopwatch.GetTimestamp() : 0;
        kernels[kernel].Run(frame, first, last);
        if (start != 0) ticks[kernel] += Stopwatch.GetTimestamp() - start;
    }

    Frame FrameOf(long run, int worker) => new() { Bases = runs[run % 2].Bases, Slots = runs[run % 2].Slots, Scratch = scratch + worker * scratchLength };

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
        NativeMemory.AlignedFree(walks);
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
