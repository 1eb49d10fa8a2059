/// Products against the interpreter and plain loops: sizes around the tile, sums of their rows, long inner dimensions,
/// batches.
module Iql.Core.Tests.Compile.ProductTests

open System
open Expecto
open Iql.Cpu.Emit
open Iql.Graph
open Iql.Core.Tests.Graph
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Compile.CompiledTests

[<Tests>]
let tests =
    testList "ProductTests" [
        testCase
            "products are right at sizes around the tile, in all four orders, with and without an epilogue"
            (fun () ->
                for m in [ 1; 7; 16; 17; 40 ] do
                    for n in [ 1; 3; 8; 16; 17; 33; 64 ] do
                        for k in [ 1; 5; 33 ] do
                            for turnX in [ false; true ] do
                                for turnY in [ false; true ] do
                                    let pair turned a b = if turned then [ b; a ] else [ a; b ]

                                    check
                                        1e-5
                                        $"{m} {n} {k} {turnX} {turnY}"
                                        [ pair turnX m k; pair turnY k n; [ n ]; [ m; 1 ] ]
                                        (function
                                         | [ x; y; bias; column ] ->
                                             let product = Tensor.MatMul(x, y, turnX, turnY)
                                             [ product; Tensor.Relu(product + bias) * column ]
                                         | _ -> []))

        testCase "rows of a product are added up where it is made, whichever way its tiles are finished" (fun () ->
            // Short and long inner dimensions, tiles that are whole and not, columns that fill vectors and not; sums of
            // large numbers of both signs.
            for m in [ 17; 40; 80 ] do
                for n in [ 32; 40; 64 ] do
                    for k in [ 5; 33; 80 ] do
                        check 1e-4 $"{m} {n} {k}" [ [ m; k ]; [ k; n ]; [ n ]; [ m; 1 ] ] (function
                            | [ x; y; bias; column ] ->
                                let hidden = Tensor.Relu(Tensor.MatMul(x, y) + bias)
                                let costly = Tensor.Tanh(Tensor.MatMul(x, y) * 0.1)

                                [
                                    Tensor.Sum(hidden * bias, 1)
                                    Tensor.Sum(hidden, 1) * Tensor.Reshape(column, shape [ m ])
                                    hidden
                                    Tensor.Sum(costly, 1)
                                    Tensor.Max(costly, 1)
                                ]
                            | _ -> []))

        testCase "an entry of a product has the bits of the plain loop, however long the inner dimension is" (fun () ->
            let m, n = 40, 40

            for k in [ 65; 1100 ] do
                for turned in [ false; true ] do
                    let shapes = [ (if turned then [ k; m ] else [ m; k ]); [ k; n ]; [ n ] ]
                    let numbers = numbersOf "long" shapes
                    let x, y, bias = numbers[0], numbers[1], numbers[2]

                    // One fused multiply-add after the other, then the epilogue.
                    let plain row column =
                        let mutable sum = 0f

                        for i in 0 .. k - 1 do
                            let a = if turned then x[i * m + row] else x[row * k + i]
                            sum <- MathF.FusedMultiplyAdd(float32 a, float32 y[i * n + column], sum)

                        max 0f (sum + float32 bias[column])

                    for path in InstructionSets.Available do
                        for threads in [ 1; 3 ] do
                            let actual =
                                run path threads shapes numbers (fun t -> [
                                    Tensor.Relu(Tensor.MatMul(t[0], t[1], turned, false) + t[2])
                                ])

                            Expect.equal
                                (Array.map float32 actual[0])
                                [|
                                    for row in 0 .. m - 1 do
                                        for column in 0 .. n - 1 -> plain row column
                                |]
                                "actual 0")

        testCase "batched and stretched shapes of rank 3 and 4 are right" (fun () ->
            check 1e-5 "attention" [ [ 2; 3; 5; 4 ]; [ 2; 3; 5; 4 ]; [ 5; 5 ]; [ 3; 1; 4 ] ] (function
                | [ q; k; mask; scale ] ->
                    let scores = Tensor.MatMul(q * scale, k, false, true) + mask
                    let mixed = Tensor.MatMul(Tensor.Softmax(scores, -1), k)

                    let merged =
                        Tensor.Reshape(Tensor.Transpose(mixed, ReadOnlySpan [| 0; 2; 1; 3 |]), shape [ 2; 5; 12 ])

                    [
                        scores
                        merged
                        Tensor.Sum(mixed, 1)
                        Tensor.Sum(mixed, 2)
                        Tensor.Sum(mixed, 0)
                        Tensor.LayerNorm(merged, 2.0, Tensor.Constant 1.0)
                        Tensor.Mean(Tensor.Square merged)
                    ]
                | _ -> []))
    ]
