/// Register tiles against three plain loops.
module Iql.Core.Tests.Compile.TileTests

#nowarn "9" "51" // pointers: a tile is given memory

open System
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.Arm
open System.Runtime.Intrinsics.X86
open FSharp.NativeInterop
open Expecto
open Iql.Cpu.Emit
open Iql.Cpu.Kernels

/// Loops of every size, the one of whole tiles that packs, and the vector's width.
let private tiles (set: InstructionSet) (vectors: int) : TileLoop list * TileLoop * int =
    match set with
    | InstructionSet.Vector512 ->
        [
            for rows in 1 .. TileKernels<Simd512, Vector512<float32>>.RowsOf vectors ->
                TileKernels<Simd512, Vector512<float32>>.Of(rows, vectors)
        ],
        TileKernels<Simd512, Vector512<float32>>.Packing vectors,
        16
    | InstructionSet.Vector256 ->
        [
            for rows in 1 .. TileKernels<Simd256, Vector256<float32>>.RowsOf vectors ->
                TileKernels<Simd256, Vector256<float32>>.Of(rows, vectors)
        ],
        TileKernels<Simd256, Vector256<float32>>.Packing vectors,
        8
    | InstructionSet.Vector128 ->
        [
            for rows in 1 .. TileKernels<Simd128, Vector128<float32>>.RowsOf vectors ->
                TileKernels<Simd128, Vector128<float32>>.Of(rows, vectors)
        ],
        TileKernels<Simd128, Vector128<float32>>.Packing vectors,
        4
    | _ ->
        [
            for rows in 1 .. TileKernels<SimdScalar, float32>.RowsOf vectors ->
                TileKernels<SimdScalar, float32>.Of(rows, vectors)
        ],
        TileKernels<SimdScalar, float32>.Packing vectors,
        1

/// A multiply-add as vectors of a set make it: x86 before AVX2 has no fused one.
let private multiplyAdd (set: InstructionSet) (x: float32) (y: float32) (z: float32) : float32 =
    if set <> InstructionSet.Vector128 || Fma.IsSupported || AdvSimd.IsSupported then
        MathF.FusedMultiplyAdd(x, y, z)
    else
        x * y + z

/// One multiply-add after the other, in order: the bits a tile must give, whatever its size.
let private naive set (a: float32[]) ar ak (b: float32[]) bk k row column =
    let mutable sum = 0f

    for i in 0 .. k - 1 do
        sum <- multiplyAdd set a[row * ar + i * ak] b[i * bk + column] sum

    sum

[<Tests>]
let tests =
    testList "TileTests" [
        testCase
            "a tile of any size has the bits of the plain loops, packs what it read, and keeps what it asks for"
            (fun () ->
                let random = Random 1

                let numbers count = Array.init count (fun _ -> random.NextSingle() * 2f - 1f)

                for set in InstructionSets.Available do
                    for vectors in [ 1; 2 ] do
                        let sizes, packing, width = tiles set vectors

                        for loop, rows, packs in
                            (packing, sizes.Length, true)
                            :: [ for rows in 1 .. sizes.Length -> sizes[rows - 1], rows, false ] do
                            for k in [ 1; 3; 8; 9; 50 ] do
                                // Rows of a behind each other, or its columns, as a gradient of weights reads them.
                                for ar, ak in [ k, 1; 1, 16 ] do
                                    let a, b, touched = numbers (16 * k), numbers (32 * k), numbers (3 * 16 * 32)
                                    let before = Array.copy touched

                                    let filled, packed =
                                        Array.zeroCreate<float32>(16 * 32), Array.zeroCreate<float32>(32 * k)

                                    use pa = fixed a
                                    use pb = fixed b
                                    use pt = fixed filled
                                    use pp = fixed packed
                                    use asked = fixed touched

                                    let ahead = [|
                                        for i in 0..2 -> NativePtr.toNativeInt (NativePtr.add asked (i * 16 * 32))
                                    |]

                                    let strides = [| 32n; 32n; 32n |]
                                    use pahead = fixed ahead
                                    use pstrides = fixed strides

                                    let mutable task =
                                        TileTask(
                                            A = pa,
                                            RowStrideA = nativeint ar,
                                            InnerStrideA = nativeint ak,
                                            B = pb,
                                            InnerStrideB = 32n,
                                            K = nativeint k,
                                            Tile = pt,
                                            Packed = pp,
                                            Ahead = NativePtr.ofNativeInt (NativePtr.toNativeInt pahead),
                                            AheadStrides = pstrides,
                                            AheadCount = 3n
                                        )

                                    loop.Invoke(&&task)

                                    for column in 0 .. vectors * width - 1 do
                                        for row in 0 .. rows - 1 do
                                            Expect.equal
                                                filled[row * 32 + column]
                                                (naive set a ar ak b 32 k row column)
                                                "filled"

                                        for i in 0 .. k - 1 do
                                            if packs then
                                                Expect.equal packed[i * 2 * width + column] b[i * 32 + column] "packed"

                                    Expect.equal touched before "touched")

        testCase "to claim lines leaves what lies in them" (fun () ->
            let numbers = Array.init 1024 float32
            use first = fixed numbers

            for columns in [ 1; 16; 17; 32; 100 ] do
                for rows in [ 0; 1; 8 ] do
                    CacheLines.Claim(first, 100n, rows, columns)

            Expect.equal numbers (Array.init 1024 float32) "numbers")
    ]
