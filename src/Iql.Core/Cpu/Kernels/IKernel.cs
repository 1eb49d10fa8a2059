namespace Iql.Cpu.Kernels;

/// <summary>What a kernel sees while a graph runs: where its lane's temporaries and where each block begins, the scalars, and this worker's scratch memory.</summary>
unsafe struct Frame
{
    public float* Own;
    public float** Bases;
    public double* Slots;
    public float* Scratch;
}

/// <summary>A place in memory: a block, or 0 for temporaries of the lane, and an offset in floats.</summary>
readonly record struct Place(int Base, int Offset)
{
    public unsafe float* In(in Frame frame) => (Base == 0 ? frame.Own : frame.Bases[Base]) + Offset;

    /// <summary>The place some floats further on.</summary>
    public Place Plus(int floats) => this with { Offset = Offset + floats };
}

/// <summary>
/// One pass over memory, divisible into units that may run on different workers in any order. A unit is always computed
/// whole by one worker, so results do not depend on the number of workers.
/// </summary>
interface IKernel
{
    /// <summary>Number of units.</summary>
    int Units { get; }

    /// <summary>
    /// Runs units first … last − 1. Marked AggressiveOptimization where it loops: a kernel runs a few times a step, and the JIT would
    /// leave it unoptimised for the first thousands (sums over columns took 80 µs instead of 4 for a second).
    /// </summary>
    void Run(in Frame frame, int first, int last);
}
