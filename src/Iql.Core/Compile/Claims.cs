using System.Collections.Immutable;
using Iql.Graph;
using Iql.Kernels;

namespace Iql.Compile;

/// <summary>
/// Finds rows that a worker is about to write where others have read what lay there before. A short kernel would wait for every line of
/// them to come back; a long product before it takes them back in passing, as soon as everybody has done with what lies there.
/// </summary>
sealed class Claims(Schedule schedule, ImmutableArray<BufferInfo> buffers, IReadOnlyList<IKernel> kernels, Stretch[] stretches)
{
    // Extents of a product in whose shadow there is room, and floats that stay in the second cache until they are written.
    const int Long = 64, MostFloats = 1 << 16;

    /// <summary>What a worker claims while it runs each kernel.</summary>
    public Claim[] Of(int worker, int workers)
    {
        var claims = new Claim[kernels.Count];
        // What everybody has passed when this worker begins with a kernel; −1 where it has nothing to do.
        var passed = Enumerable.Repeat(-1, kernels.Count).ToArray();
        var known = 0;
        foreach (var stretch in stretches.Where(stretch => stretch.Partition.Share(kernels[stretch.First].Units, worker, workers) is var (first, last) && first < last))
            Array.Fill(passed, known = Math.Max(known, stretch.Wait.For(stretch.Partition.IsOwned(workers))), stretch.First, stretch.End - stretch.First);
        foreach (var buffer in buffers.Where(buffer => workers > 1 && Addressing.Kept(buffer.Value.Shape).Length == 2))
        {
            if (schedule.Owner(buffer.Value) is not { } maker || schedule.PartitionOf(maker) is not { Rows: > 0 } partition || partition.IsOwned(workers)) continue;
            var (first, last) = partition.Share(kernels[buffer.Made - 1].Units, worker, workers);
            var unit = FusedKernel.UnitRows * Layout.RowStride(buffer.Value.Shape);
            var length = Math.Min(last * unit, buffer.Length) - first * unit;
            if (IsLong(maker) || length is <= 0 or > MostFloats || LastReader(buffer) is not { } reader) continue;
            var at = buffer.Made - 2;
            while (at >= reader && (passed[at] < reader || !IsLong(schedule.Groups[at + 1]))) at--;
            if (at >= reader) claims[at] = new(new(0, buffer.Offset + first * unit), length);
        }
        return claims;
    }

    // The last group that reads what lay in a buffer's place before, if it reads other workers' rows; 0 where that was in the step before.
    int? LastReader(BufferInfo buffer)
    {
        var others = buffers.Where(other => other.Offset < buffer.Offset + buffer.Length && buffer.Offset < other.Offset + other.Length);
        var before = others.Where(other => other.LastUse < buffer.Made).MaxBy(other => other.LastUse);
        return schedule.IsRowLocal((before ?? others.MaxBy(other => other.LastUse)!).Value) ? null : before?.LastUse ?? 0;
    }

    static bool IsLong(Group group) => group.Anchor is { Op: Op.MatMul, Shape.Rank: 2 } product
        && Math.Min(Math.Min(product.Shape[0], product.Shape[1]), product.Sources[0].Shape[product.Integers[0] == 1 ? 0 : 1]) >= Long;
}
