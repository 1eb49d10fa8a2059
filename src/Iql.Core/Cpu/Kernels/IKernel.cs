namespace Iql.Cpu.Kernels;

/// <summary>Memory that a kernel uses while a graph runs.</summary>
unsafe struct KernelContext
{
    /// <summary>Temporaries of the stream.</summary>
    public float* Workspace;
    /// <summary>Where each block begins, from number 1 on.</summary>
    public float** Blocks;
    /// <summary>Single numbers, by slot.</summary>
    public double* Scalars;
    /// <summary>Memory of the worker.</summary>
    public float* Scratch;
}

/// <summary>An address in memory: a block, or <see cref="Workspace"/>, and an offset in floats.</summary>
readonly record struct Address(int Block, int Offset)
{
    /// <summary>The number that stands for the stream's temporaries.</summary>
    public const int Workspace = 0;

    public unsafe float* In(in KernelContext context) =>
        (Block == Workspace ? context.Workspace : context.Blocks[Block]) + Offset;

    public Address Plus(int floats) => this with { Offset = Offset + floats };
}

/// <summary>One pass over memory, divisible into units that may run on different workers in any order. A unit is always
/// computed whole by one worker, so results do not depend on the number of workers.</summary>
interface IKernel
{
    int Units { get; }

    /// <summary>Runs units first … last − 1. Marked AggressiveOptimization where it loops: the JIT would leave it
    /// unoptimised for thousands of calls (sums over columns took 80 µs instead of 4 for a second).</summary>
    void Run(in KernelContext context, int first, int last);
}
