using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Iql.Cpu.Emit;
using Iql.Cpu.Kernels;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>A traced function as a list of kernels, ready to run any number of times without allocating. Numbers are
/// float32, scalars double. The bits of a result do not depend on the number of workers. Holds scratch memory: not for
/// two runs at a time.</summary>
public sealed unsafe class CompiledGraph : IProgram
{
    // Floats between two workers' scratch. A processor that reads a packed panel to its end fetches ahead what lies
    // behind it. Where that was another's tile, it had to come back from core to core for every row stored: 165 µs
    // instead of 132 a layer, between far cores.
    const int Apart = 2048;

    readonly WorkerTeam team;
    readonly IKernel[] kernels;
    readonly long[] ticks;
    readonly IKernel prologue;
    readonly int[] inputSlots, prologueWaits;
    readonly ScalarSource[] metricSources;
    readonly Action<int> work;
    readonly int scratchLength, workspaceLength;
    readonly List<(int Slot, Address Address)> loads;
    readonly int[] replaced;
    // Of two runs that follow each other one may end while the other begins.
    readonly RunState[] runs = new RunState[2];
    readonly StreamExecutor executor;
    float* arena;
    float* scratch;
    bool isDisposed;

    // What one run has to itself: scalars, and where its blocks begin.
    struct RunState
    {
        public double* Scalars;
        public float** Blocks;
    }

    CompiledGraph(GraphFunction function, InstructionSet set, WorkerTeam team)
    {
        (Function, InstructionSet, this.team) = (function, set, team);
        var results = Canonical.Apply(Simplify.Apply(function.Results));
        var schedule = new Schedule(new(Fusion.Of(results), Replaced(function, results)), team.Count);
        RunsInPlace = schedule.Dependencies.RunsInPlace;
        replaced = [.. function.Outputs.Select((_, output) => RunsInPlace ? Replaces(function, output) : -1)];
        var plan = new Placement(function, results, schedule);
        var lowering = new Lowering(schedule, plan.Stored, plan.AddressOf, plan.SlotOf, set);

        prologue = lowering.KernelOf(schedule.Groups[0]);
        kernels = [.. schedule.Groups.Skip(1).Select(lowering.KernelOf), .. plan.Copies];
        Overlaps = schedule.Overlaps && plan.Copies.Count == 0;
        prologueWaits = [.. schedule.WaitsOf(schedule.Groups[0])];
        executor = new(team.Count, schedule.Streams, KernelBatch.Of(schedule, kernels), kernels.Length, RunBatch);
        work = executor.Work;
        ticks = new long[kernels.Length];
        (Kernels, Memory) = (KernelInfo.Of(schedule, plan.Copies.Count), plan.Buffers);
        (inputSlots, metricSources, loads) = (plan.InputSlots, plan.Metrics, plan.Loads);
        // Those who share kernels share temporaries.
        (scratchLength, workspaceLength) = (plan.ScratchLength + Apart, schedule.Overlaps ? plan.WorkspaceLength : 0);
        MemoryLength = plan.WorkspacesLength + plan.ExchangedLength;
        arena = AlignedMemory.Floats(MemoryLength + plan.ExchangedLength + 64);
        scratch = AlignedMemory.Floats(team.Count * scratchLength);
        var exchanged = 1 + function.Inputs.Length + function.Outputs.Length;
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i].Scalars = (double*)NativeMemory.AllocZeroed((nuint)plan.SlotCount + 1, sizeof(double));
            foreach (var (slot, number) in plan.Constants) runs[i].Scalars[slot] = number;
            runs[i].Blocks = (float**)NativeMemory.AllocZeroed((nuint)exchanged + 1, (nuint)sizeof(float*));
            runs[i].Blocks[exchanged] = arena + plan.WorkspacesLength + i * plan.ExchangedLength;
        }
    }

    /// <inheritdoc/>
    public GraphFunction Function { get; }

    /// <summary>The vectors it uses.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>Whether an output block may be the input block of its layout, a state stepped where it lies.</summary>
    public bool RunsInPlace { get; }

    /// <summary>Whether a run may begin while workers are still at the one before: see <see cref="Start"/>.</summary>
    internal bool Overlaps { get; }

    /// <summary>Compiles a function.</summary>
    /// <param name="function">What to compute.</param>
    /// <param name="path">The vectors to use; null takes <see cref="InstructionSets.Default"/>.</param>
    /// <param name="team">The workers who are going to run it; null is the caller alone.</param>
    public static CompiledGraph Compile(GraphFunction function, InstructionSet? path = null, WorkerTeam? team = null) =>
        new(function, path ?? InstructionSets.Default, team ?? WorkerTeam.Single);

    /// <summary>Its kernels in the order in which they run.</summary>
    public ImmutableArray<KernelInfo> Kernels { get; }

    /// <summary>Where its temporaries lie.</summary>
    public ImmutableArray<BufferInfo> Memory { get; }

    /// <summary>Floats of all temporaries together.</summary>
    public int MemoryLength { get; }

    /// <summary>Whether runs add up the time of every kernel. Reading the clock costs some 25 ns a kernel.</summary>
    public bool IsTimed { get; set; }

    /// <summary>Seconds of each of <see cref="Kernels"/>: of its worker, or of the first where all share it.</summary>
    public ImmutableArray<double> KernelSeconds => [.. ticks.Select(ticks => (double)ticks / Stopwatch.Frequency)];

    /// <summary>Computes outputs and metrics from inputs and scalars, in the function's order. An output block may be
    /// the input block of its layout where <see cref="RunsInPlace"/> says so, and no other one: a kernel may still read
    /// what another has already replaced. The bits are the same either way.</summary>
    public void Run(
        ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs,
        Span<double> metrics)
    {
        Check.That(metrics.Length >= metricSources.Length, nameof(metrics),
            $"room for {metricSources.Length} metrics", metrics.Length);
        Follow();
        Start(inputs, scalars, outputs);
        team.Finish();
        var context = ContextOf(executor.Started - 1, 0);
        for (var i = 0; i < metricSources.Length; i++) metrics[i] = metricSources[i].In(context);
        GC.KeepAlive(this);
    }

    /// <summary>Waits until a run may begin: where runs overlap, for the end of the last but one.</summary>
    internal void Follow()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (Overlaps && team.IsLast(work)) executor.AwaitLastButOne();
        else
        {
            team.Finish();
            executor.Rewind();
        }
    }

    /// <summary>Runs after <see cref="Follow"/>, and returns when the first worker has done its part. Blocks stay as
    /// they are, and the results are there, when the team has finished. The input block of a state is the output block
    /// of the run before.</summary>
    internal void Start(
        ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs)
    {
        Check.That(scalars.Length == inputSlots.Length, nameof(scalars),
            $"{inputSlots.Length} scalars ({string.Join(", ", Function.Scalars)})", scalars.Length);
        var context = ContextOf(executor.Started, 0);
        Bind(context.Blocks, inputs, outputs);
        for (var i = 0; i < inputSlots.Length; i++)
            if (inputSlots[i] >= 0) context.Scalars[inputSlots[i]] = scalars[i];
        executor.Await(prologueWaits);
        foreach (var (slot, address) in loads) context.Scalars[slot] = *address.In(context);
        prologue.Run(context, 0, 1);
        executor.Begin();
        team.Start(work);
    }

    void Bind(float** blocks, ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<TensorBlock> outputs)
    {
        var (expected, results) = (Function.Inputs, Function.Outputs);
        Check.That(inputs.Length == expected.Length, nameof(inputs), $"{expected.Length} blocks", inputs.Length);
        Check.That(outputs.Length == results.Length, nameof(outputs), $"{results.Length} blocks", outputs.Length);
        var next = 1;
        for (var i = 0; i < inputs.Length; i++) blocks[next++] = Fitting(inputs[i], expected[i]);
        for (var i = 0; i < outputs.Length; i++)
        {
            for (var k = 0; k < inputs.Length; k++)
                Check.That(!ReferenceEquals(inputs[k], outputs[i]) || inputs[k].Layout.Length == 0 || k == replaced[i],
                    nameof(outputs), "blocks that are not inputs", inputs[k].Layout.Name,
                    "Let two sets of blocks alternate.");
            blocks[next++] = Fitting(outputs[i], results[i].Layout);
        }
    }

    // The input block that an output block is the next state of; -1 when there is none.
    static int Replaces(GraphFunction function, int output) => function.Inputs.IndexOf(function.Outputs[output].Layout);

    // Results, and the inputs they replace. Null when an input is wanted elsewhere as it was.
    static Dictionary<Tensor, Tensor>? Replaced(GraphFunction function, Tensor[] results)
    {
        var inputs = Order.Of(results).Where(node => node.Op == Op.Input).ToDictionary(node => node.Name);
        var replaced = new Dictionary<Tensor, Tensor>();
        var entries = function.Outputs.SelectMany((group, i) => group.Layout.Entries
            .Select(entry => Replaces(function, i) < 0 ? "" : $"{group.Layout.Name}/{entry.Name}"));
        foreach (var (root, name) in results.Select(Addressing.Root).Zip(entries))
            if (root.Op != Op.Input && inputs.TryGetValue(name, out var input)) replaced.TryAdd(root, input);
            else if (root.Op == Op.Input && root.Name != name) return null;
        return replaced;
    }

    static float* Fitting(TensorBlock block, Layout layout)
    {
        Check.That(block.Layout.Fits(layout), layout.Name,
            $"a block laid out as {layout.Name} ({layout.Entries.Length} tensors, {layout.Length} floats)",
            block.Layout.Name);
        return block.Pointer;
    }

    void RunBatch(int worker, int workspace, long run, in KernelBatch batch)
    {
        var context = ContextOf(run, worker);
        context.Workspace += (nint)workspace * workspaceLength;
        try
        {
            for (var (unit, last) = batch.Units; unit < last; unit += batch.Block)
                foreach (var kernel in batch.Kernels)
                    RunKernel(kernel, context, unit, Math.Min(unit + batch.Block, last), batch.IsTimed);
        }
        catch (Exception exception)
        {
            var failure = new InvalidOperationException(exception.Message, exception);
            if (team.Count == 1) throw failure;
            team.Fail(failure);
        }
    }

    void RunKernel(int kernel, in KernelContext context, int first, int last, bool isTimed)
    {
        var start = IsTimed && isTimed ? Stopwatch.GetTimestamp() : 0;
        kernels[kernel].Run(context, first, last);
        if (start != 0) ticks[kernel] += Stopwatch.GetTimestamp() - start;
    }

    KernelContext ContextOf(long run, int worker) => new()
    {
        Workspace = arena,
        Blocks = runs[run % 2].Blocks,
        Scalars = runs[run % 2].Scalars,
        Scratch = scratch + worker * scratchLength,
    };

    /// <summary>Gives its scratch memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // Also of a graph whose constructor threw half-way.
    void Free()
    {
        if (isDisposed) return;
        isDisposed = true;
        AlignedMemory.Free(arena);
        AlignedMemory.Free(scratch);
        executor?.Free();
        foreach (var run in runs ?? [])
        {
            NativeMemory.Free(run.Scalars);
            NativeMemory.Free(run.Blocks);
        }
    }

    /// <summary>Gives its scratch memory back when nobody did.</summary>
    ~CompiledGraph() => Free();
}
