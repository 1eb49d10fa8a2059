using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Iql.Cpu.Emit;

/// <summary>
/// A tile of a matrix product, Σₖ A[r·RowStrideA + k·InnerStrideA] · B[k·InnerStrideB + c], and what is done besides while it is
/// computed: asking for memory, and the epilogue of the tile before, which lies in <see cref="Tile"/> until this one is complete.
/// </summary>
unsafe struct TileTask
{
    public float* A, B;
    public nint RowStrideA, InnerStrideA, InnerStrideB, K;

    /// <summary>Where the tile goes, and the sums it goes on from; null: zeros.</summary>
    public float* Tile, Start;

    /// <summary>Row r of each of these arrays is asked for: its first row, and the floats from row to row.</summary>
    public float** Ahead;
    public nint* AheadStrides;
    public nint AheadCount;

    /// <summary>Rows of the tile before whose epilogue is still to come: none or all of them. The epilogue's arguments are there either way.</summary>
    public nint Pending;
    public float** Pointers;
    public nint* Strides;
    public double* Slots;

    /// <summary>Room for a vector of each number that is the same in every row.</summary>
    public float* Invariants;

    /// <summary>Where a tile that packs leaves what it reads of B, row after row.</summary>
    public float* Packed;
}

/// <summary>Computes a tile, k in order, one fused multiply-add each, so every entry has the same bits from a tile of any size.</summary>
unsafe delegate void TileLoop(TileTask* task);

/// <summary>Emits register tiles of a matrix product: every accumulator is a local that the JIT keeps in a register.</summary>
/// <remarks>8 × 2 vectors of 16 use 19 of 32 registers and reach the FMA limit on AVX-512; 6 × 2 of 8 use 15 of 16 on AVX2.</remarks>
static unsafe class TileKernels<S, V> where S : ISimd<V> where V : struct
{
    /// <summary>Rows of a whole tile of two vectors.</summary>
    public static int Rows => S.Width == 16 ? 8 : S.Width == 8 ? 6 : 4;

    /// <summary>Rows of a whole tile of one or two vectors: as many sums either way.</summary>
    public static int RowsOf(int vectors) => vectors == 1 ? 2 * Rows : Rows;

    /// <summary>Floats from row to row in the scratch tile.</summary>
    public const int Stride = ProductShape.ScratchColumns;

    // Floats of a cache line.
    const int Line = 16;

    static readonly TileLoop?[] loops = new TileLoop?[4 * 8], packing = new TileLoop?[2];

    /// <summary>The loop for a tile of 1 … <see cref="RowsOf"/> rows and one or two vectors.</summary>
    public static TileLoop Of(int rows, int vectors) => loops[2 * rows - vectors] ??= new Writer(rows, vectors).Emit();

    /// <summary>
    /// The loop for a whole tile that packs what it reads of B on the way. Columns a power of two apart fall into few sets of the first
    /// cache and leave it before the next tile comes; packed they stay. In passing it costs nothing: a store a vector, of which a tile has none.
    /// </summary>
    public static TileLoop Packing(int vectors) => packing[vectors - 1] ??= new Writer(RowsOf(vectors), vectors, packs: true).Emit();

    /// <summary>
    /// The loop for a whole tile that runs an epilogue: on the tile before, asking for what its own will touch, or
    /// on its own sums in their registers.
    /// </summary>
    /// <param name="epilogue">What follows the product. Its arguments are those of the tile before either way.</param>
    /// <param name="rowStrides">Floats from row to row of each of its pointers.</param>
    /// <param name="isOwn">Whether it is the tile's own, which is then stored nowhere.</param>
    public static TileLoop With(LoopProgram epilogue, ImmutableArray<int> rowStrides, bool isOwn) =>
        new Writer(Rows, 2, epilogue: epilogue, rowStrides: rowStrides, isOwn: isOwn).Emit();

    sealed class Writer
    {
        readonly int rows, vectors;
        readonly bool packs, isOwn;
        readonly LoopProgram? epilogue;
        readonly ImmutableArray<int> rowStrides;
        readonly DynamicMethod method;
        readonly ILGenerator il;
        readonly VectorEmitter<S, V>? vector;
        readonly LocalBuilder[] sums, b, a, down;
        readonly LocalBuilder x, panel, packed, stepA, stepB, left, part, count, row;

        public Writer(int rows, int vectors, bool packs = false, LoopProgram? epilogue = null, ImmutableArray<int> rowStrides = default, bool isOwn = false)
        {
            (this.rows, this.vectors, this.packs, this.epilogue, this.rowStrides, this.isOwn) = (rows, vectors, packs, epilogue, rowStrides, isOwn);
            method = new($"Tile{rows}x{vectors}", typeof(void), [typeof(TileTask*)], typeof(TileKernels<S, V>).Module, skipVisibility: true);
            il = method.GetILGenerator();
            (sums, b, a, down) = (Locals(rows * vectors, typeof(V)), Locals(vectors, typeof(V)), Locals((rows + 3) / 4, typeof(float*)), Locals(4, typeof(nint)));
            (x, panel, packed) = (il.DeclareLocal(typeof(V)), il.DeclareLocal(typeof(float*)), il.DeclareLocal(typeof(float*)));
            (stepA, stepB, left, part, count, row) = (Integer(), Integer(), Integer(), Integer(), Integer(), Integer());
            vector = epilogue is null ? null : new(il, epilogue);
        }

        LocalBuilder[] Locals(int count, Type type) => [.. Enumerable.Range(0, count).Select(_ => il.DeclareLocal(type))];

        LocalBuilder Integer() => il.DeclareLocal(typeof(nint));

        void Call(string name) => VectorEmitter<S, V>.Primitive(il, name);

        void Get(LocalBuilder local) => il.Emit(OpCodes.Ldloc, local);

        void Put(LocalBuilder local) => il.Emit(OpCodes.Stloc, local);

        void Number(int number)
        {
            il.Emit(OpCodes.Ldc_I4, number);
            il.Emit(OpCodes.Conv_I);
        }

        void Field(string name)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, typeof(TileTask).GetField(name)!);
        }

        void Bytes(string name, int floats)
        {
            Field(name);
            Number(4 * floats);
            il.Emit(OpCodes.Mul);
        }

        // The address of vector i of a tile.
        void Entry(string tile, int i)
        {
            Field(tile); Number(4 * (i / vectors * Stride + i % vectors * S.Width)); il.Emit(OpCodes.Add);
        }

        public TileLoop Emit()
        {
            // a[g] points at row 4g; down[i] is i rows in bytes.
            for (var i = 1; i < 4; i++) { Bytes(nameof(TileTask.RowStrideA), i); Put(down[i]); }
            for (var g = 0; g < a.Length; g++) { Field(nameof(TileTask.A)); Bytes(nameof(TileTask.RowStrideA), 4 * g); il.Emit(OpCodes.Add); Put(a[g]); }
            Bytes(nameof(TileTask.InnerStrideA), 1); Put(stepA);
            Bytes(nameof(TileTask.InnerStrideB), 1); Put(stepB);
            Field(nameof(TileTask.B)); Put(panel);
            if (packs) { Field(nameof(TileTask.Packed)); Put(packed); }
            Field(nameof(TileTask.K)); Put(left);
            if (vector is not null && !isOwn) KeepInvariants();
            Label zeros = il.DefineLabel(), begun = il.DefineLabel();
            Field(nameof(TileTask.Start)); il.Emit(OpCodes.Brfalse, zeros);
            for (var i = 0; i < sums.Length; i++) { Entry(nameof(TileTask.Start), i); Call(nameof(ISimd<V>.Load)); Put(sums[i]); }
            il.Emit(OpCodes.Br, begun);
            il.MarkLabel(zeros);
            foreach (var sum in sums) { il.Emit(OpCodes.Ldc_R4, 0f); Call(nameof(ISimd<V>.Splat)); Put(sum); }
            il.MarkLabel(begun);

            // The inner dimension in as many parts as rows: what is done besides does not come all at once, and runs in the shadow of products.
            Field(nameof(TileTask.K)); Number(rows); il.Emit(OpCodes.Div); Put(part);
            Number(0); Put(row);
            Label outer = il.DefineLabel(), go = il.DefineLabel();
            il.MarkLabel(outer);
            if (vector is not null && !isOwn) RowBefore();
            Get(left); Put(count);
            Ask(go);
            Get(row); Number(rows - 1); il.Emit(OpCodes.Bge, go);
            Get(part); il.Emit(OpCodes.Brfalse, go);
            Get(part); Put(count);
            il.MarkLabel(go);
            Get(left); Get(count); il.Emit(OpCodes.Sub); Put(left);
            Get(row); Number(1); il.Emit(OpCodes.Add); Put(row);
            Products();
            Get(left); il.Emit(OpCodes.Brtrue, outer);

            if (isOwn) Finish();
            else for (var i = 0; i < sums.Length; i++) { Get(sums[i]); Entry(nameof(TileTask.Tile), i); Call(nameof(ISimd<V>.Store)); }
            il.Emit(OpCodes.Ret);
            return method.CreateDelegate<TileLoop>();
        }

        void Ask(Label go)
        {
            if (epilogue is null || isOwn) { Field(nameof(TileTask.AheadCount)); il.Emit(OpCodes.Brfalse, go); }
            il.Emit(OpCodes.Ldarg_0); Get(row); il.Emit(OpCodes.Ldc_I4, vectors * S.Width);
            il.Emit(OpCodes.Call, typeof(TileKernels<S, V>).GetMethod(nameof(AskAhead), BindingFlags.NonPublic | BindingFlags.Static)!);
        }

        // count times: a row of b, and all rows of a.
        void Products()
        {
            var inner = il.DefineLabel();
            il.MarkLabel(inner);
            for (var v = 0; v < vectors; v++)
            {
                Get(panel); Number(4 * v * S.Width); il.Emit(OpCodes.Add); Call(nameof(ISimd<V>.Load)); Put(b[v]);
                if (packs) { Get(b[v]); Get(packed); Number(4 * v * S.Width); il.Emit(OpCodes.Add); Call(nameof(ISimd<V>.Store)); }
            }
            for (var r = 0; r < rows; r++)
            {
                Get(a[r / 4]);
                if (r % 4 > 0) { Get(down[r % 4]); il.Emit(OpCodes.Add); }
                il.Emit(OpCodes.Ldind_R4); Call(nameof(ISimd<V>.Splat)); Put(x);
                for (var v = 0; v < vectors; v++)
                {
                    Get(x); Get(b[v]); Get(sums[r * vectors + v]); Call(nameof(ISimd<V>.FusedMultiplyAdd)); Put(sums[r * vectors + v]);
                }
            }
            foreach (var pointer in a) { Get(pointer); Get(stepA); il.Emit(OpCodes.Add); Put(pointer); }
            Get(panel); Get(stepB); il.Emit(OpCodes.Add); Put(panel);
            if (packs) { Get(packed); Number(4 * 2 * S.Width); il.Emit(OpCodes.Add); Put(packed); }
            Get(count); Number(1); il.Emit(OpCodes.Sub); Put(count);
            Get(count); il.Emit(OpCodes.Brtrue, inner);
        }

        // What is the same in every row goes to memory, since the sums need the registers.
        void KeepInvariants()
        {
            var room = 0;
            foreach (var value in VectorEmitter<S, V>.Invariants(epilogue!))
            {
                vector!.Invariant(value, () => Field(nameof(TileTask.Slots)));
                Field(nameof(TileTask.Invariants)); Number(4 * S.Width * room++); il.Emit(OpCodes.Add); Call(nameof(ISimd<V>.Store));
            }
        }

        // The epilogue of one row of the tile before. Its addresses serve to ask for what the same row of this tile will touch, too.
        void RowBefore()
        {
            var none = il.DefineLabel();
            for (var k = 0; k < vector!.Rows.Length; k++)
            {
                var bytes = RowBytes(k);
                Pointer(k);
                if (bytes != 0) { Get(row); Number(bytes); il.Emit(OpCodes.Mul); il.Emit(OpCodes.Add); }
                Put(vector.Rows[k]);
                for (var line = 0; line < vectors * S.Width && k > 0 && bytes != 0; line += Line)
                {
                    Get(vector.Rows[k]); Number(rows * bytes + 4 * line); il.Emit(OpCodes.Add);
                    il.Emit(OpCodes.Call, typeof(TileKernels<S, V>).GetMethod(nameof(AskFor), BindingFlags.NonPublic | BindingFlags.Static)!);
                }
            }
            Field(nameof(TileTask.Pending)); il.Emit(OpCodes.Brfalse, none);
            var room = 0;
            foreach (var value in VectorEmitter<S, V>.Invariants(epilogue!))
            {
                Field(nameof(TileTask.Invariants)); Number(4 * S.Width * room++); il.Emit(OpCodes.Add); Call(nameof(ISimd<V>.Load));
                vector.Put(value);
            }
            vector.StartRow();
            for (var v = 0; v < vectors; v++) vector.Body(() => Number(4 * v * S.Width));
            vector.FinishRow();
            il.MarkLabel(none);
        }

        // The tile's own epilogue.
        void Finish()
        {
            foreach (var value in VectorEmitter<S, V>.Invariants(epilogue!))
            {
                vector!.Invariant(value, () => Field(nameof(TileTask.Slots)));
                vector.Put(value);
            }
            for (var r = 0; r < rows; r++)
            {
                for (var k = 1; k < vector!.Rows.Length; k++)
                {
                    if (r == 0) Pointer(k); else Get(vector.Rows[k]);
                    Number(r == 0 ? rows * RowBytes(k) : RowBytes(k)); il.Emit(OpCodes.Add); Put(vector.Rows[k]);
                }
                vector.StartRow();
                for (var v = 0; v < vectors; v++) vector.Body(() => Number(4 * v * S.Width), sums[r * vectors + v]);
                vector.FinishRow();
            }
        }

        // The epilogue's argument k for the tile before, and how far one row is from the next.
        void Pointer(int k)
        {
            Field(nameof(TileTask.Pointers)); Number(8 * k); il.Emit(OpCodes.Add); il.Emit(OpCodes.Ldind_I);
        }

        int RowBytes(int k) => 4 * rowStrides[k];
    }

    // Into the second cache: until the epilogue comes, the panel passes through the first one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AskFor(float* line)
    {
        if (Sse.IsSupported) Sse.Prefetch1(line);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AskAhead(TileTask* task, nint row, int floats)
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
