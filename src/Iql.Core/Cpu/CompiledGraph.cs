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
    // Floats between two workers' scratch. A processor that reads a packed panel to its end also fetches the memory
    // behind the panel. Where that was another worker's tile, a layer took 165 µs instead of 132 between far cores.
    const int Apart = 2048;

    readonly WorkerTeam team;
    readonly Placement plan;
    readonly IKernel prologue;
    readonly IKernel[] kernels;
    readonly long[] ticks;
    readonly StreamExecutor executor;
    readonly Action<int> work;
    readonly int scratchLength, workspaceLength, arenaLength;
    readonly int[] replaced, prologueWaits;
    // Of two runs that follow each other one may end while the other begins.
    readonly KernelContext[] runs = new KernelContext[2];
    readonly float* arena, scratch;
    bool isDisposed;

    CompiledGraph(GraphFunction function, InstructionSet set, WorkerTeam team)
    {
        (Function, InstructionSet, this.team) = (function, set, team);
        var results = Canonical.Apply(Simplify.Apply(function.Results));
        var schedule = new Schedule(new(Fusion.Of(results), Replaced(function, results)), team.Count);
        RunsInPlace = schedule.Dependencies.RunsInPlace;
        replaced = [.. function.Outputs.Select((_, output) => RunsInPlace ? Replaces(function, output) : -1)];
        plan = new(function, results, schedule);
        var kernelOf = Lowering.Of(schedule, plan, set);
        prologue = kernelOf(schedule.Groups[0]);
        kernels = [.. schedule.Groups.Skip(1).Select(kernelOf), .. plan.Copies];
        Overlaps = schedule.Overlaps && plan.Copies.Count == 0;
        prologueWaits = [.. schedule.WaitsOf(schedule.Groups[0])];
        executor = new(team.Count, schedule.Streams, KernelBatch.Of(schedule, kernels), kernels.Length, RunBatch);
        work = executor.Work;
        ticks = new long[kernels.Length];
        (Kernels, Memory) = (KernelInfo.Of(schedule, plan.Copies.Count), plan.Buffers);
        // Workers that share kernels share temporaries.
        (scratchLength, workspaceLength) = (plan.ScratchLength + Apart, schedule.Overlaps ? plan.WorkspaceLength : 0);
        MemoryLength = plan.WorkspacesLength + plan.ExchangedLength;
        arenaLength = MemoryLength + plan.ExchangedLength + 64;
        arena = AlignedMemory.Floats(arenaLength);
        scratch = AlignedMemory.Floats(team.Count * scratchLength);
        var exchanged = 1 + function.Inputs.Length + function.Outputs.Length;
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i].Workspace = arena;
            runs[i].Scalars = (double*)NativeMemory.AllocZeroed((nuint)plan.SlotCount + 1, sizeof(double));
            foreach (var (slot, number) in plan.Constants) runs[i].Scalars[slot] = number;
            runs[i].Blocks = (float**)NativeMemory.AllocZeroed((nuint)exchanged + 1, (nuint)sizeof(float*));
            runs[i].Blocks[exchanged] = arena + plan.WorkspacesLength + i * plan.ExchangedLength;
        }
    }

    /// <summary>Compiles a function.</summary>
    /// <param name="function">What to compute.</param>
    /// <param name="path">The vectors to use; null takes <see cref="InstructionSets.Default"/>.</param>
    /// <param name="team">The workers that run it; null is the caller alone.</param>
    public static CompiledGraph Compile(GraphFunction function, InstructionSet? path = null, WorkerTeam? team = null) =>
        new(function, path ?? InstructionSets.Default, team ?? WorkerTeam.Single);

    /// <summary>Bytes of memory that a function takes while it runs, its blocks not counted. Nothing is
    /// compiled.</summary>
    /// <returns>Infinity where the temporaries are more than one arena holds, 2^31 numbers.</returns>
    public static double MemoryOf(GraphFunction function, int workers)
    {
        var results = Canonical.Apply(Simplify.Apply(function.Results));
        try
        {
            var schedule = new Schedule(new(Fusion.Of(results), Replaced(function, results)), workers);
            var plan = new Placement(function, results, schedule);
            var floats = plan.WorkspacesLength + 2L * plan.ExchangedLength + (long)workers * plan.ScratchLength;
            return floats <= int.MaxValue ? (double)sizeof(float) * floats : double.PositiveInfinity;
        }
        catch (OverflowException)
        {
            return double.PositiveInfinity;
        }
    }

    /// <inheritdoc/>
    public GraphFunction Function { get; }
    /// <summary>The vectors it uses.</summary>
    public InstructionSet InstructionSet { get; }
    /// <inheritdoc/>
    public bool RunsInPlace { get; }
    /// <summary>Whether a run may begin while workers are still at the one before: see <see cref="Start"/>.</summary>
    internal bool Overlaps { get; }
    /// <summary>Its kernels in the order in which they run.</summary>
    public ImmutableArray<KernelInfo> Kernels { get; }
    /// <summary>The places of its temporaries.</summary>
    public ImmutableArray<BufferInfo> Memory { get; }
    /// <summary>Floats of all temporaries together.</summary>
    public int MemoryLength { get; }
    /// <summary>Whether runs add up the time of every kernel. Reading the clock costs some 25 ns a kernel.</summary>
    public bool IsTimed { get; set; }
    /// <summary>Seconds of each of <see cref="Kernels"/>: of its worker, or of the first where all share it.</summary>
    public ImmutableArray<double> KernelSeconds => [.. ticks.Select(ticks => (double)ticks / Stopwatch.Frequency)];

    /// <inheritdoc/>
    public void Run(
        ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs,
        Span<double> metrics)
    {
        Check.That(metrics.Length >= plan.Metrics.Length, nameof(metrics),
            $"room for {plan.Metrics.Length} metrics", metrics.Length);
        Follow();
        Start(inputs, scalars, outputs);
        team.Finish();
        var context = ContextOf(executor.Started - 1, 0);
        for (var i = 0; i < plan.Metrics.Length; i++) metrics[i] = plan.Metrics[i].In(context);
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

    /// <summary>Runs after <see cref="Follow"/>, and returns when the first worker has done its part. The results are
    /// there when the team has finished. The input block of a state is the output block of the run before.</summary>
    internal void Start(
        ReadOnlySpan<TensorBlock> inputs, ReadOnlySpan<double> scalars, ReadOnlySpan<TensorBlock> outputs)
    {
        var slots = plan.InputSlots;
        Check.That(scalars.Length == slots.Length, nameof(scalars),
            $"{slots.Length} scalars ({string.Join(", ", Function.Scalars)})", scalars.Length);
        var context = ContextOf(executor.Started, 0);
        Bind(context.Blocks, inputs, outputs);
        for (var i = 0; i < slots.Length; i++)
            if (slots[i] >= 0) context.Scalars[slots[i]] = scalars[i];
        executor.Await(prologueWaits);
        foreach (var (slot, address) in plan.Loads) context.Scalars[slot] = *address.In(context);
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

    // Results, and the inputs they replace. Null when a result is an input as it was.
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
                {
                    var start = IsTimed && batch.IsTimed ? Stopwatch.GetTimestamp() : 0;
                    kernels[kernel].Run(context, unit, Math.Min(unit + batch.Block, last));
                    if (start != 0) ticks[kernel] += Stopwatch.GetTimestamp() - start;
                }
        }
        catch (Exception exception)
        {
            var failure = new InvalidOperationException(exception.Message, exception);
            if (team.Count == 1) throw failure;
            team.Fail(failure);
        }
    }

    KernelContext ContextOf(long run, int worker) =>
        runs[run % 2] with { Scratch = scratch + worker * scratchLength };

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // Also frees a graph whose constructor threw half-way.
    void Free()
    {
        if (isDisposed) return;
        isDisposed = true;
        AlignedMemory.Free(arena, arenaLength);
        AlignedMemory.Free(scratch, team.Count * scratchLength);
        executor?.Free();
        foreach (var run in runs ?? [])
        {
            NativeMemory.Free(run.Scalars);
            NativeMemory.Free(run.Blocks);
        }
    }

    /// <summary>Gives the memory back without <see cref="Dispose"/>.</summary>
    ~CompiledGraph() => Free();
}
