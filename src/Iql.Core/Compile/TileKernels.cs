using System.Runtime.CompilerServices;

namespace Iql.Compile;

/// <summary>
/// Register tiles of a matrix product: rows × (one or two vectors) of Σₖ a[r·ar + k·ak] · b[k·bk + c], k in order, one fused
/// multiply-add each, so every entry has the same bits from any tile.
/// </summary>
/// <remarks>8 × 2 vectors of 16 use 16 of 32 registers and reach the FMA limit on AVX-512; 4 × 2 of 8 use 11 of 16 on AVX2.</remarks>
static unsafe class TileKernels<S, V> where S : ISimd<V> where V : struct
{
    /// <summary>Floats from row to row in the scratch tile.</summary>
    public const int TileStride = 32;

    /// <summary>Fills rows × vectors·Width entries of the tile.</summary>
    public static void Tile(float* a, nint ar, nint ak, float* b, nint bk, nint k, float* tile, int rows, int vectors)
    {
        if (vectors == 1)
        {
            if (rows == 8) { Tile8x1(a, ar, ak, b, bk, k, tile); return; }
            for (var r = 0; r < rows; r++) Tile1x1(a + r * ar, ak, b, bk, k, tile + r * TileStride);
            return;
        }
        if (rows == 8 && S.Width == 16) { Tile8x2(a, ar, ak, b, bk, k, tile); return; }
        var row = 0;
        for (; row + 4 <= rows; row += 4) Tile4x2(a + row * ar, ar, ak, b, bk, k, tile + row * TileStride);
        for (; row < rows; row++) Tile1x2(a + row * ar, ak, b, bk, k, tile + row * TileStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile8x2(float* a, nint ar, nint ak, float* b, nint bk, nint k, float* tile)
    {
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        V c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        nint ar3 = 3 * ar, ar5 = 5 * ar, ar7 = 7 * ar;
        for (; k > 0; k--)
        {
            V b0 = S.Load(b), b1 = S.Load(b + S.Width), x = S.Splat(a[0]);
            c00 = S.FusedMultiplyAdd(x, b0, c00); c01 = S.FusedMultiplyAdd(x, b1, c01); x = S.Splat(a[ar]);
            c10 = S.FusedMultiplyAdd(x, b0, c10); c11 = S.FusedMultiplyAdd(x, b1, c11); x = S.Splat(a[2 * ar]);
            c20 = S.FusedMultiplyAdd(x, b0, c20); c21 = S.FusedMultiplyAdd(x, b1, c21); x = S.Splat(a[ar3]);
            c30 = S.FusedMultiplyAdd(x, b0, c30); c31 = S.FusedMultiplyAdd(x, b1, c31); x = S.Splat(a[4 * ar]);
            c40 = S.FusedMultiplyAdd(x, b0, c40); c41 = S.FusedMultiplyAdd(x, b1, c41); x = S.Splat(a[ar5]);
            c50 = S.FusedMultiplyAdd(x, b0, c50); c51 = S.FusedMultiplyAdd(x, b1, c51); x = S.Splat(a[2 * ar3]);
            c60 = S.FusedMultiplyAdd(x, b0, c60); c61 = S.FusedMultiplyAdd(x, b1, c61); x = S.Splat(a[ar7]);
            c70 = S.FusedMultiplyAdd(x, b0, c70); c71 = S.FusedMultiplyAdd(x, b1, c71);
            a += ak;
            b += bk;
        }
        StoreRow(c00, c01, tile); StoreRow(c10, c11, tile + TileStride);
        StoreRow(c20, c21, tile + 2 * TileStride); StoreRow(c30, c31, tile + 3 * TileStride);
        StoreRow(c40, c41, tile + 4 * TileStride); StoreRow(c50, c51, tile + 5 * TileStride);
        StoreRow(c60, c61, tile + 6 * TileStride); StoreRow(c70, c71, tile + 7 * TileStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile4x2(float* a, nint ar, nint ak, float* b, nint bk, nint k, float* tile)
    {
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        var ar3 = 3 * ar;
        for (; k > 0; k--)
        {
            V b0 = S.Load(b), b1 = S.Load(b + S.Width), x = S.Splat(a[0]);
            c00 = S.FusedMultiplyAdd(x, b0, c00); c01 = S.FusedMultiplyAdd(x, b1, c01); x = S.Splat(a[ar]);
            c10 = S.FusedMultiplyAdd(x, b0, c10); c11 = S.FusedMultiplyAdd(x, b1, c11); x = S.Splat(a[2 * ar]);
            c20 = S.FusedMultiplyAdd(x, b0, c20); c21 = S.FusedMultiplyAdd(x, b1, c21); x = S.Splat(a[ar3]);
            c30 = S.FusedMultiplyAdd(x, b0, c30); c31 = S.FusedMultiplyAdd(x, b1, c31);
            a += ak;
            b += bk;
        }
        StoreRow(c00, c01, tile); StoreRow(c10, c11, tile + TileStride);
        StoreRow(c20, c21, tile + 2 * TileStride); StoreRow(c30, c31, tile + 3 * TileStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile8x1(float* a, nint ar, nint ak, float* b, nint bk, nint k, float* tile)
    {
        V c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        for (; k > 0; k--)
        {
            var b0 = S.Load(b);
            c0 = S.FusedMultiplyAdd(S.Splat(a[0]), b0, c0); c1 = S.FusedMultiplyAdd(S.Splat(a[ar]), b0, c1);
            c2 = S.FusedMultiplyAdd(S.Splat(a[2 * ar]), b0, c2); c3 = S.FusedMultiplyAdd(S.Splat(a[3 * ar]), b0, c3);
            c4 = S.FusedMultiplyAdd(S.Splat(a[4 * ar]), b0, c4); c5 = S.FusedMultiplyAdd(S.Splat(a[5 * ar]), b0, c5);
            c6 = S.FusedMultiplyAdd(S.Splat(a[6 * ar]), b0, c6); c7 = S.FusedMultiplyAdd(S.Splat(a[7 * ar]), b0, c7);
            a += ak;
            b += bk;
        }
        S.Store(c0, tile); S.Store(c1, tile + TileStride); S.Store(c2, tile + 2 * TileStride); S.Store(c3, tile + 3 * TileStride);
        S.Store(c4, tile + 4 * TileStride); S.Store(c5, tile + 5 * TileStride);
        S.Store(c6, tile + 6 * TileStride); S.Store(c7, tile + 7 * TileStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile1x2(float* a, nint ak, float* b, nint bk, nint k, float* tile)
    {
        V c0 = default, c1 = default;
        for (; k > 0; k--)
        {
            var x = S.Splat(*a);
            c0 = S.FusedMultiplyAdd(x, S.Load(b), c0);
            c1 = S.FusedMultiplyAdd(x, S.Load(b + S.Width), c1);
            a += ak;
            b += bk;
        }
        StoreRow(c0, c1, tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile1x1(float* a, nint ak, float* b, nint bk, nint k, float* tile)
    {
        V c = default;
        for (; k > 0; k--)
        {
            c = S.FusedMultiplyAdd(S.Splat(*a), S.Load(b), c);
            a += ak;
            b += bk;
        }
        S.Store(c, tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRow(V x, V y, float* destination)
    {
        S.Store(x, destination);
        S.Store(y, destination + S.Width);
    }
}
