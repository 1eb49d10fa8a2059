using Iql.Graph;

namespace Iql.Cpu;

/// <summary>Rough times in microseconds, for <see cref="Assignment"/>.</summary>
static class CostModel
{
    // Of one thread: multiply-adds and bytes a microsecond, and what a kernel costs before its first number.
    const double FlopRate = 1.05e5, ByteRate = 4e4, Launch = 0.3;

    // Several workers on one kernel are slower by this factor, and wait for each other once a kernel.
    const double SharedFactor = 1.12, SharedWait = 1;

    // A wait for another core, and a cache line that comes from there.
    const double Wait = 0.3, Line = 0.015, FloatsALine = 16;

    /// <summary>A group computed by one worker.</summary>
    public static double Of(Group group)
    {
        var (flop, floats) = KernelInfo.WorkOf(group);
        return (flop > 0 ? flop / FlopRate : floats * sizeof(float) / ByteRate) + Launch;
    }

    /// <summary>A group that all workers share.</summary>
    public static double Shared(Group group, int workers) => Of(group) / workers * SharedFactor + SharedWait;

    /// <summary>What a worker pays for a value that another one computed; null is a wait alone.</summary>
    public static double Transfer(Tensor? value) => Wait + (value?.Shape.Count ?? 0) / FloatsALine * Line;
}
