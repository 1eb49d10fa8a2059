using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Iql.Cpu.Emit;

/// <summary>A tile of a matrix product, Σₖ A[r·RowStrideA + k·InnerStrideA] · B[k·InnerStrideB + c], and work beside
/// it: asking for memory, and the epilogue of the tile before, which lies in <see cref="Tile"/> until then.</summary>
unsafe struct TileTask
{
    public float* A, B;
    public nint RowStrideA, InnerStrideA, InnerStrideB, K;
    /// <summary>The place of the tile, and the sums to go on from; null: zeros.</summary>
    public float* Tile, Start;
    /// <summary>Arrays to ask for: the first row of each, and the floats from row to row.</summary>
    public float** Ahead;
    public nint* AheadStrides;
    public nint AheadCount;
    /// <summary>Rows of the tile before whose epilogue is to come, none or all; the epilogue's arguments.</summary>
    public nint Pending;
    public float** Pointers;
    public nint* Strides;
    public double* Scalars;
    /// <summary>Room for a vector of each number that is the same in every row.</summary>
    public float* Invariants;
    /// <summary>Room for the rows of B that a tile packs.</summary>
    public float* Packed;
}

/// <summary>Computes a tile, k in order: every entry has the same bits from a tile of any size.</summary>
unsafe delegate void TileLoop(TileTask* task);

/// <summary>Emits register tiles of a product: every sum is a local that the JIT keeps in a register.</summary>
/// <remarks>8 × 2 vectors of 16 use 19 of 32 registers and reach AVX-512's limit; 6 × 2 of 4 or 8 15 of 16.</remarks>
static unsafe class TileKernels<S, V> where S : ISimd<V> where V : struct
{
    /// <summary>Rows of a whole tile of two vectors.</summary>
    public static int Rows => S.Width == 16 ? 8 : S.Width == 1 ? 4 : 6;

    /// <summary>Rows of a whole tile of one or two vectors: as many sums either way.</summary>
    public static int RowsOf(int vectors) => vectors == 1 ? 2 * Rows : Rows;

    /// <summary>Floats from row to row in the scratch tile.</summary>
    public const int Stride = ProductShape.ScratchColumns;

    const int Line = 16; // floats of a cache line
    static readonly TileLoop?[] loops = new TileLoop?[4 * 8], packing = new TileLoop?[2];

    /// <summary>The loop for a tile of 1 … <see cref="RowsOf"/> rows and one or two vectors.</summary>
    public static TileLoop Of(int rows, int vectors) => loops[2 * rows - vectors] ??= Emit(rows, vectors);

    /// <summary>The loop for a whole tile that packs the rows of B it reads. Columns a power of two apart fall into few
    /// sets of the first cache and leave it before the next tile; packed they stay. The stores cost nothing.</summary>
    public static TileLoop Packing(int vectors) =>
        packing[vectors - 1] ??= Emit(RowsOf(vectors), vectors, packs: true);

    /// <summary>The loop for a whole tile that runs an epilogue: on the tile before, or on its own sums in their
    /// registers.</summary>
    /// <param name="epilogue">What follows the product. Its arguments are those of the tile before either way.</param>
    /// <param name="rowStrides">Floats from row to row of each of its pointers.</param>
    /// <param name="isOwn">Whether it is the tile's own; the tile is then stored nowhere.</param>
    public static TileLoop With(LoopProgram epilogue, ImmutableArray<int> rowStrides, bool isOwn) =>
        Emit(Rows, 2, packs: false, epilogue, rowStrides, isOwn);

    static TileLoop Emit(int rows, int vectors, bool packs = false, LoopProgram? epilogue = null,
        ImmutableArray<int> rowStrides = default, bool isOwn = false) =>
        new Writer(new($"Tile{rows}x{vectors}", typeof(TileTask*)), rows, vectors, packs, epilogue, rowStrides, isOwn)
            .Emit();

    sealed class Writer(LoopAssembler<S> il, int rows, int vectors, bool packs,
        LoopProgram? epilogue, ImmutableArray<int> rowStrides, bool isOwn)
    {
        readonly LocalBuilder[] sums = il.Locals(rows * vectors, typeof(V)), b = il.Locals(vectors, typeof(V)),
            a = il.Locals((rows + 3) / 4, typeof(float*)), down = il.Locals(4, typeof(nint));
        readonly LocalBuilder x = il.Local(typeof(V)),
            panel = il.Local(typeof(float*)), packed = il.Local(typeof(float*)),
            stepA = il.Integer(), stepB = il.Integer(), left = il.Integer(),
            part = il.Integer(), count = il.Integer(), row = il.Integer();
        readonly VectorEmitter<S, V>? vector = epilogue is null ? null : new(il, epilogue);

        void Field(string name) { il.Argument(0); il.Field(typeof(TileTask).GetField(name)!); }
        void Bytes(string name, int floats) { Field(name); il.Multiply(sizeof(float) * floats); }

        // The address of vector i of a tile.
        void Entry(string tile, int i) { Field(tile); il.Add(4 * (i / vectors * Stride + i % vectors * S.Width)); }

        public TileLoop Emit()
        {
            // a[g] points at row 4g; down[i] is i rows in bytes.
            for (var i = 1; i < 4; i++) { Bytes(nameof(TileTask.RowStrideA), i); il.Put(down[i]); }
            for (var g = 0; g < a.Length; g++)
            {
                Field(nameof(TileTask.A)); Bytes(nameof(TileTask.RowStrideA), 4 * g); il.Add(); il.Put(a[g]);
            }
            Bytes(nameof(TileTask.InnerStrideA), 1); il.Put(stepA);
            Bytes(nameof(TileTask.InnerStrideB), 1); il.Put(stepB);
            Field(nameof(TileTask.B)); il.Put(panel);
            if (packs) { Field(nameof(TileTask.Packed)); il.Put(packed); }
            Field(nameof(TileTask.K)); il.Put(left);
            if (vector is not null && !isOwn) KeepInvariants();
            Label zeros = il.Label(), begun = il.Label();
            Field(nameof(TileTask.Start)); il.JumpIfZero(zeros);
            for (var i = 0; i < sums.Length; i++)
            {
                Entry(nameof(TileTask.Start), i); il.Call(nameof(ISimd<V>.Load)); il.Put(sums[i]);
            }
            il.Jump(begun);
            il.Mark(zeros);
            foreach (var sum in sums) { il.Float(0); il.Call(nameof(ISimd<V>.Splat)); il.Put(sum); }
            il.Mark(begun);

            // The inner dimension in as many parts as rows: asking and epilogue run in the shadow of products.
            Field(nameof(TileTask.K)); il.Divide(rows); il.Put(part);
            il.Number(0); il.Put(row);
            Label outer = il.Label(), go = il.Label();
            il.Mark(outer);
            if (vector is not null && !isOwn) RowBefore();
            il.Get(left); il.Put(count);
            Ask(go);
            il.Get(row); il.Number(rows - 1); il.JumpUnlessLess(go);
            il.Get(part); il.JumpIfZero(go);
            il.Get(part); il.Put(count);
            il.Mark(go);
            il.Get(left); il.Get(count); il.Subtract(); il.Put(left);
            il.Get(row); il.Add(1); il.Put(row);
            Products();
            il.Get(left); il.JumpIfNotZero(outer);

            if (isOwn) Finish();
            else
                for (var i = 0; i < sums.Length; i++)
                {
                    il.Get(sums[i]); Entry(nameof(TileTask.Tile), i); il.Call(nameof(ISimd<V>.Store));
                }
            return il.Return<TileLoop>();
        }

        void Ask(Label go)
        {
            if (epilogue is null || isOwn) { Field(nameof(TileTask.AheadCount)); il.JumpIfZero(go); }
            il.Argument(0); il.Get(row); il.Number(vectors * S.Width); Own(nameof(AskAhead));
        }

        void Own(string name) =>
            il.Call(typeof(TileKernels<S, V>).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!);

        // count times: a row of b, and all rows of a.
        void Products()
        {
            var inner = il.Label();
            il.Mark(inner);
            for (var v = 0; v < vectors; v++)
            {
                il.Get(panel); il.Add(4 * v * S.Width); il.Call(nameof(ISimd<V>.Load)); il.Put(b[v]);
                if (!packs) continue;
                il.Get(b[v]); il.Get(packed); il.Add(4 * v * S.Width); il.Call(nameof(ISimd<V>.Store));
            }
            for (var r = 0; r < rows; r++)
            {
                il.Get(a[r / 4]);
                if (r % 4 > 0) { il.Get(down[r % 4]); il.Add(); }
                il.ReadFloat(); il.Call(nameof(ISimd<V>.Splat)); il.Put(x);
                for (var v = 0; v < vectors; v++)
                {
                    var sum = sums[r * vectors + v];
                    il.Get(x); il.Get(b[v]); il.Get(sum); il.Call(nameof(ISimd<V>.FusedMultiplyAdd)); il.Put(sum);
                }
            }
            foreach (var pointer in a) { il.Get(pointer); il.Get(stepA); il.Add(); il.Put(pointer); }
            il.Get(panel); il.Get(stepB); il.Add(); il.Put(panel);
            if (packs) { il.Get(packed); il.Add(4 * 2 * S.Width); il.Put(packed); }
            il.Get(count); il.Number(1); il.Subtract(); il.Put(count);
            il.Get(count); il.JumpIfNotZero(inner);
        }

        // What is the same in every row goes to memory, since the sums need the registers.
        void KeepInvariants()
        {
            var room = 0;
            foreach (var value in epilogue!.Invariants)
            {
                vector!.Invariant(value, () => Field(nameof(TileTask.Scalars)));
                Field(nameof(TileTask.Invariants)); il.Add(4 * S.Width * room++); il.Call(nameof(ISimd<V>.Store));
            }
        }

        // The epilogue of one row of the tile before. Its addresses also lead to the same row of this tile.
        void RowBefore()
        {
            var none = il.Label();
            for (var k = 0; k < vector!.Rows.Length; k++)
            {
                var bytes = RowBytes(k);
                Pointer(k);
                if (bytes != 0) { il.Get(row); il.Multiply(bytes); il.Add(); }
                il.Put(vector.Rows[k]);
                for (var line = 0; line < vectors * S.Width && k > 0 && bytes != 0; line += Line)
                {
                    il.Get(vector.Rows[k]); il.Add(rows * bytes + 4 * line); Own(nameof(AskFor));
                }
            }
            Field(nameof(TileTask.Pending)); il.JumpIfZero(none);
            var room = 0;
            foreach (var value in epilogue!.Invariants)
            {
                Field(nameof(TileTask.Invariants)); il.Add(4 * S.Width * room++); il.Call(nameof(ISimd<V>.Load));
                vector.Put(value);
            }
            vector.StartRow();
            for (var v = 0; v < vectors; v++) vector.Body(() => il.Number(4 * v * S.Width));
            vector.FinishRow();
            il.Mark(none);
        }

        // The tile's own epilogue.
        void Finish()
        {
            vector!.PutInvariants(() => Field(nameof(TileTask.Scalars)));
            for (var r = 0; r < rows; r++)
            {
                for (var k = 1; k < vector.Rows.Length; k++)
                {
                    if (r == 0) Pointer(k); else il.Get(vector.Rows[k]);
                    il.Add(r == 0 ? rows * RowBytes(k) : RowBytes(k)); il.Put(vector.Rows[k]);
                }
                vector.StartRow();
                for (var v = 0; v < vectors; v++) vector.Body(() => il.Number(4 * v * S.Width), sums[r * vectors + v]);
                vector.FinishRow();
            }
        }

        // The epilogue's argument k for the tile before, and how far one row is from the next.
        void Pointer(int k) { Field(nameof(TileTask.Pointers)); il.Add(8 * k); il.ReadPointer(); }
        int RowBytes(int k) => 4 * rowStrides[k];
    }

    // Into the second cache: until the epilogue comes, the panel passes through the first one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AskFor(float* line) { if (Sse.IsSupported) Sse.Prefetch1(line); }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AskAhead(TileTask* task, nint row, nint floats)
    {
        var ahead = task->Ahead;
        var strides = task->AheadStrides;
        for (nint i = 0; i < task->AheadCount; i++)
        {
            AskFor(ahead[i] + row * strides[i]);
            if (floats > Line) AskFor(ahead[i] + row * strides[i] + Line);
        }
    }
}
