using System.Collections.Immutable;

namespace Iql.Execution;

/// <summary>Kernels that a worker runs without waiting in between, a block of units at a time.</summary>
/// <param name="Kernels">Their numbers.</param>
/// <param name="Waits">How many kernels other lists must have run before; what is not positive counts from the end of the run before.</param>
/// <param name="Units">Of each kernel, from the first to the one before the last.</param>
/// <param name="Block">Units at a time.</param>
/// <param name="IsTimed">Whether its time counts, where several workers share it.</param>
/// <param name="Urgency">Higher goes first; of the run at hand, and of the one after.</param>
readonly record struct Stretch(
    ImmutableArray<int> Kernels, ImmutableArray<(int List, int Position)> Waits, (int First, int Last) Units, int Block, bool IsTimed, (double Now, double Next) Urgency);
