using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Iql.Kernels;

/// <summary>
/// Fills rows × vectors·Width entries of a tile with Σₖ a[r·ar + k·ak] · b[k·bk + c], k in order, one fused multiply-add each, so
/// every entry has the same bits from a tile of any size. Meanwhile it asks for row r of each of the arrays ahead[i] (its first
/// row, and the floats from row to row), which the tile's epilogue is going to touch; the first <paramref name="claimed"/> it is
/// going to write.
/// </summary>
unsafe delegate void TileLoop(
    float* a, nint ar, nint ak, float* b, nint bk, nint k, float* tile, float** ahead, nint* aheadStrides, nint aheadCount, nint claimed);

/// <summary>Emits register tiles of a matrix product: every accumulator is a local that the JIT keeps in a register.</summary>
/// <remarks>8 × 2 vectors of 16 use 19 of 32 registers and reach the FMA limit on AVX-512; 6 × 2 of 8 use 15 of 16 on AVX2.</remarks>
static unsafe class TileKernels<S, V> where S : ISimd<V> where V : struct
{
    /// <summary>Rows of a whole tile.</summary>
    public static int Rows => S.Width == 16 ? 8 : S.Width == 8 ? 6 : 4;

    /// <summary>Floats from row to row in the scratch tile.</summary>
    public const int Stride = ProductShape.ScratchColumns;

    // Floats of a cache line.
    const int Line = 16;

    static readonly TileLoop?[] loops = new TileLoop?[2 * 8];

    /// <summary>The loop for a tile of 1 … <see cref="Rows"/> rows and one or two vectors.</summary>
    public static TileLoop Of(int rows, int vectors) => loops[2 * rows - vectors] ??= Emit(rows, vectors);

    static TileLoop Emit(int rows, int vectors)
    {
        var method = new DynamicMethod($"Tile{rows}x{vectors}", typeof(void),
            [typeof(float*), typeof(nint), typeof(nint), typeof(float*), typeof(nint), typeof(nint), typeof(float*), typeof(float**), typeof(nint*), typeof(nint), typeof(nint)],
            typeof(TileKernels<S, V>).Module, skipVisibility: true);
        var il = method.GetILGenerator();
        LocalBuilder[] Locals(int count, Type type) => [.. Enumerable.Range(0, count).Select(_ => il.DeclareLocal(type))];
        LocalBuilder[] sums = Locals(rows * vectors, typeof(V)), b = Locals(vectors, typeof(V)), a = Locals((rows + 3) / 4, typeof(float*)), down = Locals(4, typeof(nint));
        LocalBuilder x = il.DeclareLocal(typeof(V)), part = il.DeclareLocal(typeof(nint)), count = il.DeclareLocal(typeof(nint)), row = il.DeclareLocal(typeof(nint));
        void Call(string name) => il.Emit(OpCodes.Call, typeof(S).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!);
        void Argument(int index) => il.Emit(OpCodes.Ldarg_S, (byte)index);
        void Set(int index) => il.Emit(OpCodes.Starg_S, (byte)index);
        void Get(LocalBuilder local) => il.Emit(OpCodes.Ldloc, local);
        void Put(LocalBuilder local) => il.Emit(OpCodes.Stloc, local);
        void Scaled(int argument, int factor)
        {
            Argument(argument);
            il.Emit(OpCodes.Ldc_I4, factor);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Mul);
        }

        // a[g] points at row 4g; down[i] is i rows in bytes.
        for (var i = 1; i < 4; i++) { Scaled(1, 4 * i); Put(down[i]); }
        for (var g = 0; g < a.Length; g++) { Argument(0); Scaled(1, 16 * g); il.Emit(OpCodes.Add); Put(a[g]); }
        Scaled(2, 4); Set(2);
        Scaled(4, 4); Set(4);
        foreach (var sum in sums) { il.Emit(OpCodes.Ldc_R4, 0f); Call(nameof(ISimd<V>.Splat)); Put(sum); }

        // The inner dimension in as many parts as rows, so that what is asked for does not come all at once.
        Argument(5); il.Emit(OpCodes.Ldc_I4, rows); il.Emit(OpCodes.Conv_I); il.Emit(OpCodes.Div); Put(part);
        il.Emit(OpCodes.Ldc_I4_0); il.Emit(OpCodes.Conv_I); Put(row);
        Label outer = il.DefineLabel(), whole = il.DefineLabel(), go = il.DefineLabel(), inner = il.DefineLabel();
        il.MarkLabel(outer);
        Argument(5); Put(count);
        Argument(9); il.Emit(OpCodes.Brfalse, go);
        Argument(7); Argument(8); Argument(9); Argument(10); Get(row); il.Emit(OpCodes.Ldc_I4, vectors * S.Width);
        il.Emit(OpCodes.Call, typeof(TileKernels<S, V>).GetMethod(nameof(Ask), BindingFlags.NonPublic | BindingFlags.Static)!);
        Get(row); il.Emit(OpCodes.Ldc_I4, rows - 1); il.Emit(OpCodes.Conv_I); il.Emit(OpCodes.Bge, go);
        Get(part); il.Emit(OpCodes.Brfalse, go);
        Get(part); Put(count);
        il.MarkLabel(go);
        Argument(5); Get(count); il.Emit(OpCodes.Sub); Set(5);
        Get(row); il.Emit(OpCodes.Ldc_I4_1); il.Emit(OpCodes.Conv_I); il.Emit(OpCodes.Add); Put(row);

        il.MarkLabel(inner);
        for (var v = 0; v < vectors; v++)
        {
            Argument(3); il.Emit(OpCodes.Ldc_I4, 4 * v * S.Width); il.Emit(OpCodes.Add); Call(nameof(ISimd<V>.Load)); Put(b[v]);
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
        foreach (var pointer in a) { Get(pointer); Argument(2); il.Emit(OpCodes.Add); Put(pointer); }
        Argument(3); Argument(4); il.Emit(OpCodes.Add); Set(3);
        Get(count); il.Emit(OpCodes.Ldc_I4_1); il.Emit(OpCodes.Conv_I); il.Emit(OpCodes.Sub); Put(count);
        Get(count); il.Emit(OpCodes.Brtrue, inner);
        Argument(5); il.Emit(OpCodes.Brtrue, outer);

        for (var i = 0; i < sums.Length; i++)
        {
            Get(sums[i]); Argument(6); il.Emit(OpCodes.Ldc_I4, 4 * (i / vectors * Stride + i % vectors * S.Width)); il.Emit(OpCodes.Add); Call(nameof(ISimd<V>.Store));
        }
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TileLoop>();
    }

    // Row r is asked for, and what was asked for a row before is claimed: a store of what is there anyway has a core take a line
    // for its own long before the epilogue needs it, which .NET has no prefetch for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Ask(float** ahead, nint* strides, nint count, nint claimed, nint row, int floats)
    {
        if (!Sse.IsSupported) return;
        for (nint i = 0; i < count; i++)
        {
            Sse.Prefetch0(ahead[i] + row * strides[i]);
            if (floats > Line) Sse.Prefetch0(ahead[i] + row * strides[i] + Line);
        }
        if (row == 0) return;
        for (nint i = 0; i < claimed; i++)
        {
            Claim(ahead[i] + (row - 1) * strides[i]);
            if (floats > Line) Claim(ahead[i] + (row - 1) * strides[i] + Line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Claim(float* line) => Volatile.Write(ref *line, Volatile.Read(ref *line));
}
