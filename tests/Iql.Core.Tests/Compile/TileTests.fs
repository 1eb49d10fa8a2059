/// Register tiles against three plain loops.
module Iql.Core.Tests.Compile.TileTests

#nowarn "9" "51" // pointers: a tile is given memory

open System
open System.Runtime.Intrinsics
open FSharp.NativeInterop
open Xunit
open Iql.Compile
open Iql.Kernels

let private tile (set: InstructionSet) (rows: int) (vectors: int) : TileLoop * int =
    match set with
    | InstructionSet.Vector512 -> TileKernels<Simd512, Vector512<float32>>.Of(rows, vectors), 16
    | InstructionSet.Vector256 -> TileKernels<Simd256, Vector256<float32>>.Of(rows, vectors), 8
    | _ -> TileKernels<SimdScalar, float32>.Of(rows, vectors), 1

let private rowsOf (set: InstructionSet) =
    match set with
    | InstructionSet.Vector512 -> 8
    | InstructionSet.Vector256 -> 6
    | _ -> 4

/// One fused multiply-add after the other, in order: the bits a tile must give, whatever its size.
let private naive (a: float32[]) ar ak (b: float32[]) bk k row column =
    let mutable sum = 0f

    for i in 0 .. k - 1 do
        sum <- MathF.FusedMultiplyAdd(a[row * ar + i * ak], b[i * bk + column], sum)

    sum

[<Fact>]
let ``a tile of any size has the bits of the plain loops, and what it asks for keeps its numbers`` () =
    let random = Random 1

    let numbers count =
        Array.init count (fun _ -> random.NextSingle() * 2f - 1f)

    for set in InstructionSets.Available do
        for rows in 1 .. rowsOf set do
            for vectors in [ 1; 2 ] do
                let loop, width = tile set rows vectors

                for k in [ 1; 3; 8; 9; 50 ] do
                    // Rows of a behind each other, or its columns, as a gradient of weights reads them.
                    for ar, ak in [ k, 1; 1, 8 ] do
                        let a, b, touched = numbers (8 * k), numbers (32 * k), numbers (3 * 8 * 32)
                        let before = Array.copy touched
                        let filled = Array.zeroCreate<float32>(8 * 32)
                        use pa = fixed a
                        use pb = fixed b
                        use pt = fixed filled
                        use asked = fixed touched
                        let ahead = [| for i in 0..2 -> NativePtr.toNativeInt (NativePtr.add asked (i * 8 * 32)) |]
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
                                Ahead = NativePtr.ofNativeInt (NativePtr.toNativeInt pahead),
                                AheadStrides = pstrides,
                                AheadCount = 3n
                            )

                        loop.Invoke(&&task)

                        for row in 0 .. rows - 1 do
                            for column in 0 .. vectors * width - 1 do
                                Assert.Equal(naive a ar ak b 32 k row column, filled[row * 32 + column])

                        Assert.Equal<float32[]>(before, touched)
