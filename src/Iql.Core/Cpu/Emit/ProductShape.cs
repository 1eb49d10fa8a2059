using System.Collections.Immutable;

namespace Iql.Cpu.Emit;

/// <summary>Extents and strides of a product [.., M, K] × [.., K, N]; leading strides address the batch.</summary>
readonly record struct ProductShape(
    int M, int N, int K, int RowStrideA, int InnerStrideA, int InnerStrideB, int ColumnStrideB,
    ImmutableArray<int> Lead, ImmutableArray<int> LeadStridesA, ImmutableArray<int> LeadStridesB)
{
    /// <summary>Rows of the scratch tile; columns of it and of a packed panel, two of the widest vectors.</summary>
    public const int ScratchRows = 32, ScratchColumns = 32;

    /// <summary>Part of a long inner dimension: both factors then stay in the second cache.</summary>
    public const int InnerBlock = 512;

    /// <summary>Floats of a sum of one row: the widest vector.</summary>
    public const int SumFloats = 16;

    public int Batch => Lead.Aggregate(1, (product, extent) => product * extent);

    /// <summary>Whether a product is made by tile with an inner dimension long enough to walk in blocks.</summary>
    public static bool IsBlocked(int k, bool byTile) => byTile && k >= 2 * InnerBlock;

    /// <summary>Scratch a worker needs for a product [M, K] × [K, N]: a tile, behind it a packed panel, and behind
    /// that, where K is walked in blocks, the sums so far, or where rows are added up, their sums so far.</summary>
    public static int ScratchFloats(int m, int n, int k, bool byTile, int rowSums) =>
        RowSums(k) + rowSums * m * SumFloats
        + (IsBlocked(k, byTile) ? 2 * (m + ScratchRows) * (n + ScratchColumns) : 0);

    /// <summary>Floats before the sums of rows, a vector each.</summary>
    public static int RowSums(int k) => (ScratchRows + k) * ScratchColumns;
}
