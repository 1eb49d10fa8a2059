using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Iql.Cpu.Emit;
using Iql.Graph;

namespace Iql.Cpu.Kernels;

/// <summary>Matrix product by register tiles (<see cref="TileKernels{S, V}"/>). A finished tile lies in L1 scratch. The
/// epilogue (bias, activation, mask, optimiser …) reads the tile as its pointer 0 and writes the kernel's results, a
/// row at a time while the next tile is computed. A panel of b whose columns are not contiguous is transposed into
/// scratch once for a range of units. Where the epilogue adds up rows, each row has a vector of sums.</summary>
/// <remarks>A unit is 16 rows × all columns, or with <paramref name="byTile"/> 16 rows × one panel, where rows are few.
/// Units of the same rows follow each other, so one worker's results lie together: in shared rows the hardware
/// prefetcher would take lines from the other worker. A tile asks memory for what its epilogue touches and for a part
/// of the next panel, since that prefetcher misses rows a kilobyte apart. A 256 × 256 weight's gradient with Adam,
/// weights and moments in memory: 325 µs; with the epilogue behind its tile 470.</remarks>
sealed unsafe class MatMulKernel<S, V>(
    ProductShape shape, Address a, Address b, LoopProgram program, ImmutableArray<Operand> operands, bool byTile)
    : IKernel where S : ISimd<V> where V : struct
{
    const int ScratchRows = ProductShape.ScratchRows, UnitRows = FusedKernel.UnitRows, ShortInner = 64, MaxParts = 4,
        CachedFloats = 1 << 17, Line = 16,
        FewBlocks = 2; // too few rows to pay for packing

    readonly ImmutableArray<int> rowStrides = RowStrides(program, operands);
    readonly FusedLoop epilogue = LoopEmitter<S, V>.Emit(program);
    // A whole tile runs the epilogue of the tile before in its shadow, or where that is too short its own from
    // registers. Neither helps where the epilogue calls functions, or where the tile fills all registers.
    readonly TileLoop? withEpilogue = S.Width == 16 && shape.M >= 2 * TileKernels<S, V>.Rows && shape.N > S.Width
        && !program.Values.Any(value => value.Source == LoopSource.Apply && value.Op.IsCostly())
        ? TileKernels<S, V>.With(program, RowStrides(program, operands), isOwn: shape.K <= ShortInner) : null;
    readonly int innerBlock =
        S.Width > 1 && ProductShape.IsBlocked(shape.K, byTile) ? ProductShape.InnerBlock : shape.K;
    readonly int invariants = program.Invariants.Length;
    readonly int panelWidth = 2 * S.Width, panels = (shape.N + 2 * S.Width - 1) / (2 * S.Width),
        rowBlocks = (shape.M + UnitRows - 1) / UnitRows;

    // A short inner dimension leaves little work a tile: several share a call of the epilogue.
    bool IsShort => shape.K <= ShortInner;
    int RowsPerCall(int tileRows) => IsShort ? ScratchRows / tileRows * tileRows : tileRows;

    // Where results do not stay in the second cache, a call asks for the rows of the next instead.
    bool AsksForNextCall => IsShort && (long)shape.M * shape.N > CachedFloats;

    // Operands that lie in rows, and those of them that are written for others to read.
    readonly int[] touched =
        [.. Enumerable.Range(1, operands.Length - 1).Where(k => operands[k].RowStride != 0 && !IsSum(program, k))];
    readonly int[] written = [.. Enumerable.Range(1, operands.Length - 1)
        .Where(k => operands[k].RowStride != 0 && operands[k].IsReadByOthers)];

    static bool IsSum(LoopProgram program, int k) => program.Reductions.Any(reduction => reduction.Pointer == k);

    // Floats from row to row of the tile and every operand; sums of rows are a vector a row in scratch.
    static ImmutableArray<int> RowStrides(LoopProgram program, ImmutableArray<Operand> operands) =>
        [TileKernels<S, V>.Stride, .. Enumerable.Range(1, operands.Length - 1)
            .Select(k => IsSum(program, k) ? ProductShape.SumFloats : operands[k].RowStride)];

    float* Sums(in KernelContext context, int reduction) =>
        context.Scratch + ProductShape.RowSums(shape.K) + (nint)reduction * shape.M * ProductShape.SumFloats;

    public int Units => shape.Batch * rowBlocks * (byTile ? panels : 1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelContext context, int first, int last)
    {
        var tiles = byTile ? 1 : panels; // in units of 16 rows × one panel
        var perMatrix = rowBlocks * panels;
        for (int end; first < last; first = end)
        {
            var matrix = first * tiles / perMatrix;
            end = Math.Min(last, (matrix + 1) * perMatrix / tiles);
            int from = first * tiles - matrix * perMatrix, to = end * tiles - matrix * perMatrix;
            SumRows(context, first, end, isFirst: true);
            for (var inner = 0; inner < shape.K; inner += innerBlock)
            {
                var sums = context.Scratch + (ScratchRows + shape.K) * ProductShape.ScratchColumns;
                for (int unit = from, next; unit < to; unit = next)
                {
                    // As many whole rows of units as there are, panel by panel: a packed panel serves many tiles.
                    int block = unit / panels, panel = unit % panels;
                    var blocks = panel == 0 ? Math.Max(1, (to - unit) / panels) : 1;
                    next = Math.Min(to, (block + blocks) * panels);
                    for (var stop = panel + (next - unit) / blocks; panel < stop; panel++)
                        sums = Panel(context, matrix, panel, block, block + blocks, inner,
                            Math.Min(shape.K, inner + innerBlock), sums);
                }
            }
            SumRows(context, first, end, isFirst: false);
        }
    }

    // Clears the vectors of rows of units first … end − 1, or adds up what came together in them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void SumRows(in KernelContext context, int first, int end, bool isFirst)
    {
        for (var i = 0; i < program.Reductions.Length; i++)
        {
            var operand = operands[program.Reductions[i].Pointer];
            float* sums = Sums(context, i), to = operand.Address.In(context);
            for (nint row = first * UnitRows; row < Math.Min(end * UnitRows, shape.M); row++)
                if (isFirst) S.Store(S.Splat(0), sums + row * ProductShape.SumFloats);
                else to[row * operand.RowStride] = S.SumLanes(S.Load(sums + row * ProductShape.SumFloats));
        }
    }

    // Inner from … to − 1 of a panel. A part that is not the first goes on from the sums so far, and one that is not
    // the last leaves its tiles there. Returns the place behind the tiles.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    float* Panel(
        in KernelContext context, int matrix, int panel, int firstBlock, int lastBlock, int from, int to, float* sums)
    {
        var (isFirst, isLast, inner) = (from == 0, to == shape.K, to - from);
        int column = panel * panelWidth, columns = Math.Min(panelWidth, shape.N - column);
        var vectors = columns > S.Width || S.Width == 1 ? 2 : 1;
        var tileRows = TileKernels<S, V>.RowsOf(vectors);
        var tile = context.Scratch;
        var aStart = a.In(context) + Lead(matrix, shape.LeadStridesA) + (nint)from * shape.InnerStrideA;
        var bPanel = b.In(context) + Lead(matrix, shape.LeadStridesB)
            + (nint)column * shape.ColumnStrideB + (nint)from * shape.InnerStrideB;
        var bNext = bPanel + panelWidth;
        nint bk = shape.InnerStrideB;
        var packed = tile + ScratchRows * TileKernels<S, V>.Stride;
        var isTransposed = shape.ColumnStrideB != 1;
        var packs = !isTransposed && S.Width > 1 && !IsShort && lastBlock - firstBlock > FewBlocks;
        if (isTransposed)
        {
            Transpose(bPanel, columns, inner, packed);
            bPanel = packed;
            bk = panelWidth;
        }

        float** starts = stackalloc float*[operands.Length], pointers = stackalloc float*[operands.Length],
            ahead = stackalloc float*[operands.Length + MaxParts];
        nint* strides = stackalloc nint[operands.Length], aheadStrides = stackalloc nint[operands.Length + MaxParts];
        var same = stackalloc float[(invariants + 1) * S.Width];
        for (var k = 1; k < operands.Length; k++)
        {
            var s = operands[k].Strides;
            starts[k] = operands[k].Address.In(context) + Lead(matrix, s) + (nint)column * s[^1];
        }
        for (var i = 0; i < program.Reductions.Length; i++) starts[program.Reductions[i].Pointer] = Sums(context, i);
        for (var k = 0; k < operands.Length; k++) strides[k] = rowStrides[k];
        pointers[0] = tile;
        // What is replaced in place is read and written, and asked for once.
        var asks = stackalloc int[operands.Length];
        nint count = 0;
        foreach (var k in touched)
        {
            var isKnown = false;
            for (nint i = 0; i < count; i++) isKnown |= starts[asks[i]] == starts[k];
            if (!isKnown) asks[count++] = k;
        }

        int row = firstBlock * UnitRows, end = Math.Min(lastBlock * UnitRows, shape.M);
        // Each tile asks for as many rows of the next panel as it has, or several times as many.
        var calls = (end - row + tileRows - 1) / tileRows;
        var parts = !IsShort && !isTransposed && panel + 1 < panels
            ? Math.Min(MaxParts, (inner - 1) / (calls * tileRows) + 1) : 0;
        var task = new TileTask
        {
            B = bPanel,
            RowStrideA = shape.RowStrideA,
            InnerStrideA = shape.InnerStrideA,
            InnerStrideB = bk,
            K = inner,
            Ahead = ahead,
            AheadStrides = aheadStrides,
            Pointers = pointers,
            Strides = strides,
            Scalars = context.Scalars,
            Invariants = same,
            Packed = packed,
        };
        // Where the first tile's own rows would be asked from.
        for (var k = 1; k < operands.Length; k++) pointers[k] = starts[k] + (row - tileRows) * strides[k];
        var rowsPerCall = withEpilogue is not null && vectors == 2 ? tileRows : RowsPerCall(tileRows);
        for (var panelRow = 0; row < end; row += rowsPerCall)
        {
            var rows = Math.Min(rowsPerCall, end - row);
            var isWhole = withEpilogue is not null && rows == tileRows && vectors == 2 && isLast;
            nint asked = 0;
            for (nint i = 0; i < count && AsksForNextCall; i++)
                Ask(starts[asks[i]] + (row + rows) * strides[asks[i]], strides[asks[i]],
                    Math.Min(rows, end - row - rows), columns);
            for (; asked < count && isLast && !IsShort && (packs || !isWhole); asked++)
            {
                ahead[asked] = starts[asks[asked]] + row * strides[asks[asked]];
                aheadStrides[asked] = strides[asks[asked]];
            }
            if (!isWhole) Finish(ref task, columns);
            for (var done = 0; done < rows; done += tileRows)
            {
                for (var part = 0; part < parts && panelRow + tileRows <= inner; part++, panelRow += tileRows)
                {
                    ahead[asked] = bNext + (nint)panelRow * shape.InnerStrideB;
                    aheadStrides[asked++] = shape.InnerStrideB;
                }
                task.A = aStart + (nint)(row + done) * shape.RowStrideA;
                task.Tile = isLast ? tile + done * TileKernels<S, V>.Stride : sums;
                task.Start = isFirst ? null : sums;
                if (innerBlock < shape.K) sums += tileRows * TileKernels<S, V>.Stride;
                task.AheadCount = asked;
                var loop = packs ? TileKernels<S, V>.Packing(vectors)
                    : isWhole ? withEpilogue!
                    : TileKernels<S, V>.Of(Math.Min(tileRows, rows - done), vectors);
                if (byTile && isLast) // weights
                    foreach (var k in written)
                        CacheLines.Claim(
                            starts[k] + (row + done) * strides[k], strides[k],
                            Math.Min(tileRows, rows - done), columns);
                loop(&task);
                if (!packs) continue;
                task.B = packed;
                task.InnerStrideB = panelWidth;
                packs = false;
            }
            for (var k = 1; k < operands.Length; k++) pointers[k] = starts[k] + row * strides[k];
            task.Pending = isLast && !(isWhole && IsShort) ? rows : 0;
            if (!isWhole) Finish(ref task, columns);
        }
        Finish(ref task, columns);
        return sums;
    }

    static void Ask(float* row, nint stride, int rows, int columns)
    {
        for (; Sse.IsSupported && rows > 0; rows--, row += stride)
        {
            Sse.Prefetch1(row);
            if (columns > Line) Sse.Prefetch1(row + Line);
        }
    }

    // The epilogue of a tile that no other follows.
    void Finish(ref TileTask task, int columns)
    {
        if (task.Pending > 0) epilogue(task.Pointers, task.Strides, task.Scalars, task.Pending, columns);
        task.Pending = 0;
    }

    // Where matrix number so-and-so of the leading axes begins.
    nint Lead(int matrix, ImmutableArray<int> strides)
    {
        nint offset = 0;
        for (var axis = shape.Lead.Length - 1; axis >= 0; axis--)
        {
            offset += (nint)(matrix % shape.Lead[axis]) * strides[axis];
            matrix /= shape.Lead[axis];
        }
        return offset;
    }

    // packed[k, c] = source[k·InnerStrideB + c·ColumnStrideB]; columns past the last hold anything.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Transpose(float* source, int columns, int inner, float* packed)
    {
        var whole = Avx.IsSupported && shape.InnerStrideB == 1 ? (columns & ~7, inner & ~7) : (0, 0);
        for (var k = 0; k < whole.Item2; k += 8)
            for (var c = 0; c < whole.Item1; c += 8)
                Transpose8x8(source + (nint)c * shape.ColumnStrideB + k, shape.ColumnStrideB,
                    packed + k * panelWidth + c, panelWidth);
        for (var c = 0; c < columns; c++)
            for (var k = c < whole.Item1 ? whole.Item2 : 0; k < inner; k++)
                packed[k * panelWidth + c] = source[(nint)c * shape.ColumnStrideB + (nint)k * shape.InnerStrideB];
    }

    // Rows four apart side by side, then 4 × 4 transposes in both halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Transpose8x8(float* from, nint stride, float* to, nint toStride)
    {
        for (var half = 0; half < 2; half++, from += 4, to += 4 * toStride)
        {
            Vector256<float> a = Pair(from, stride), b = Pair(from + stride, stride),
                c = Pair(from + 2 * stride, stride), d = Pair(from + 3 * stride, stride);
            Vector256<float> ab = Avx.UnpackLow(a, b), cd = Avx.UnpackLow(c, d);
            Vector256<float> ab2 = Avx.UnpackHigh(a, b), cd2 = Avx.UnpackHigh(c, d);
            Avx.Shuffle(ab, cd, 0x44).Store(to);
            Avx.Shuffle(ab, cd, 0xEE).Store(to + toStride);
            Avx.Shuffle(ab2, cd2, 0x44).Store(to + 2 * toStride);
            Avx.Shuffle(ab2, cd2, 0xEE).Store(to + 3 * toStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Pair(float* from, nint stride) =>
        Vector256.Create(Vector128.Load(from), Vector128.Load(from + 4 * stride));
}
