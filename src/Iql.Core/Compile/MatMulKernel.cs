using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Iql.Compile;

/// <summary>Extents and strides of a product [.., M, K] × [.., K, N]; leading strides address the batch.</summary>
readonly record struct ProductShape(
    int M, int N, int K, int RowStrideA, int InnerStrideA, int InnerStrideB, int ColumnStrideB,
    ImmutableArray<int> Lead, ImmutableArray<int> LeadStridesA, ImmutableArray<int> LeadStridesB)
{
    public int Batch => Lead.Aggregate(1, (product, extent) => product * extent);
}

/// <summary>
/// Matrix product by register tiles of 8 rows × two vectors. A finished tile lies in L1 scratch; the epilogue loop (bias,
/// activation, mask, optimiser …) reads it as its pointer 0 and writes what leaves the kernel. A panel of b whose columns are
/// not contiguous is transposed into scratch once for all rows of a unit range.
/// </summary>
/// <remarks>
/// A unit is 16 rows × all columns, or with <paramref name="byTile"/> 16 rows × one panel, for products whose rows are few.
/// </remarks>
sealed unsafe class MatMulKernel<S, V>(ProductShape shape, Place a, Place b, FusedLoop epilogue, ImmutableArray<Operand> operands, bool byTile) : IKernel
    where S : ISimd<V> where V : struct
{
    const int UnitRows = FusedKernel.UnitRows, TileRows = 8, TileStride = TileKernels<S, V>.TileStride;

    readonly int panelWidth = 2 * S.Width;
    readonly int panels = (shape.N + 2 * S.Width - 1) / (2 * S.Width);
    readonly int rowBlocks = (shape.M + UnitRows - 1) / UnitRows;

    public int Units => shape.Batch * rowBlocks * (byTile ? panels : 1);

    public void Run(in Frame frame, int first, int last)
    {
        // Units run panel by panel inside one matrix, row blocks innermost, so a packed panel serves many tiles.
        var perMatrix = rowBlocks * (byTile ? panels : 1);
        while (first < last)
        {
            var matrix = first / perMatrix;
            var end = Math.Min(last, (matrix + 1) * perMatrix);
            int from = first - matrix * perMatrix, to = end - matrix * perMatrix;
            if (!byTile)
                for (var panel = 0; panel < panels; panel++) Panel(frame, matrix, panel, from, to);
            else
                while (from < to)
                {
                    var panel = from / rowBlocks;
                    var stop = Math.Min(to, (panel + 1) * rowBlocks);
                    Panel(frame, matrix, panel, from - panel * rowBlocks, stop - panel * rowBlocks);
                    from = stop;
                }
            first = end;
        }
    }

    void Panel(in Frame frame, int matrix, int panel, int firstBlock, int lastBlock)
    {
        var tile = frame.Scratch;
        var pointers = stackalloc float*[operands.Length];
        var strides = stackalloc nint[operands.Length];
        nint leadA = 0, leadB = 0;
        var rest = matrix;
        for (var axis = shape.Lead.Length - 1; axis >= 0; axis--)
        {
            var index = rest % shape.Lead[axis];
            rest /= shape.Lead[axis];
            leadA += (nint)index * shape.LeadStridesA[axis];
            leadB += (nint)index * shape.LeadStridesB[axis];
        }
        int column = panel * panelWidth, columns = Math.Min(panelWidth, shape.N - column);
        var vectors = columns > S.Width || S.Width == 1 ? 2 : 1;
        float* bPanel = b.In(frame) + leadB + (nint)column * shape.ColumnStrideB;
        nint bk = shape.InnerStrideB;
        if (shape.ColumnStrideB != 1)
        {
            bPanel = Pack(bPanel, columns, frame.Scratch + TileRows * TileStride);
            bk = panelWidth;
        }
        var aStart = a.In(frame) + leadA;
        for (var k = 1; k < operands.Length; k++)
        {
            var s = operands[k].Strides;
            nint lead = 0;
            rest = matrix;
            for (var axis = shape.Lead.Length - 1; axis >= 0; axis--)
            {
                lead += (nint)(rest % shape.Lead[axis]) * s[axis];
                rest /= shape.Lead[axis];
            }
            pointers[k] = operands[k].Place.In(frame) + lead + (nint)column * s[^1];
            strides[k] = s[^2];
        }
        strides[0] = TileStride;
        var current = stackalloc float*[operands.Length];
        current[0] = tile;
        int end = Math.Min(lastBlock * UnitRows, shape.M);
        for (var row = firstBlock * UnitRows; row < end; row += TileRows)
        {
            var rows = Math.Min(TileRows, end - row);
            for (var k = 1; k < operands.Length; k++)
            {
                current[k] = pointers[k] + row * strides[k];
                if (operands[k].IsRead && strides[k] != 0) Prefetch(current[k], strides[k], rows, vectors);
            }
            TileKernels<S, V>.Tile(aStart + (nint)row * shape.RowStrideA, shape.RowStrideA, shape.InnerStrideA, bPanel, bk, shape.K, tile, rows, vectors);
            epilogue(current, strides, frame.Slots, rows, columns);
        }
    }

    // The epilogue's rows are far apart in memory, so no hardware prefetcher sees them coming; the product gives them time to arrive.
    static void Prefetch(float* start, nint stride, int rows, int vectors)
    {
        if (!Sse.IsSupported) return;
        for (var row = 0; row < rows; row++, start += stride)
            for (var line = 0; line < vectors * S.Width; line += 16) Sse.Prefetch0(start + line);
    }

    // packed[k, c] = source[k·InnerStrideB + c·ColumnStrideB]; columns past the last hold anything.
    float* Pack(float* source, int columns, float* packed)
    {
        int column = 0, k;
        if (Sse.IsSupported && shape.InnerStrideB == 1)
            for (; column + 4 <= columns; column += 4)
            {
                for (k = 0; k + 4 <= shape.K; k += 4)
                    Transpose4x4(source + (nint)column * shape.ColumnStrideB + k, shape.ColumnStrideB, packed + k * panelWidth + column, panelWidth);
                for (; k < shape.K; k++)
                    for (var c = column; c < column + 4; c++) packed[k * panelWidth + c] = source[(nint)c * shape.ColumnStrideB + k];
            }
        for (; column < columns; column++)
            for (k = 0; k < shape.K; k++) packed[k * panelWidth + column] = source[(nint)column * shape.ColumnStrideB + (nint)k * shape.InnerStrideB];
        return packed;
    }

    static void Transpose4x4(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + fromStride), c = Vector128.Load(from + 2 * fromStride), d = Vector128.Load(from + 3 * fromStride);
        Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), ab2 = Sse.UnpackHigh(a, b), cd2 = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(ab, cd).Store(to);
        Sse.MoveHighToLow(cd, ab).Store(to + toStride);
        Sse.MoveLowToHigh(ab2, cd2).Store(to + 2 * toStride);
        Sse.MoveHighToLow(cd2, ab2).Store(to + 3 * toStride);
    }
}
