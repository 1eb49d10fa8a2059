module Iql.Core.Tests.Graph.ShapeTests

open System
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Expecto
open Iql.Tests

let private input extents = Tensor.Input("x", shape extents)

/// Every way to hand an op shapes it cannot work on, and what its message has to say.
let private mistakes: (string * (unit -> Tensor) * string list) list =
    let binary (op: Tensor * Tensor -> Tensor) = fun () -> op (input [ 2; 3 ], input [ 4 ])

    [
        "Add", binary Tensor.op_Addition, [ "Add"; "[2, 3]"; "[4]" ]
        "Subtract", binary Tensor.op_Subtraction, [ "Subtract"; "[2, 3]"; "[4]" ]
        "Multiply", binary Tensor.op_Multiply, [ "Multiply"; "[2, 3]"; "[4]" ]
        "Divide", binary Tensor.op_Division, [ "Divide"; "[2, 3]"; "[4]" ]
        "Minimum", binary Tensor.Minimum, [ "Minimum"; "[2, 3]"; "[4]" ]
        "Maximum", binary Tensor.Maximum, [ "Maximum"; "[2, 3]"; "[4]" ]
        "Less", binary Tensor.Less, [ "Less"; "[2, 3]"; "[4]" ]
        "LessOrEqual", binary Tensor.LessOrEqual, [ "LessOrEqual"; "[2, 3]"; "[4]" ]
        "Equal", binary Tensor.Equal, [ "Equal"; "[2, 3]"; "[4]" ]
        "Where, condition",
        (fun () -> Tensor.Where(input [ 2; 3 ], input [ 4 ], input [])),
        [ "Where"; "[2, 3]"; "[4]" ]
        "Where, branches", (fun () -> Tensor.Where(input [], input [ 2; 3 ], input [ 4 ])), [ "Where"; "[2, 3]"; "[4]" ]
        "MatMul, inner", (fun () -> Tensor.MatMul(input [ 2; 3 ], input [ 4; 5 ])), [ "MatMul"; "[2, 3]"; "[4, 5]" ]
        "MatMul, turned",
        (fun () -> Tensor.MatMul(input [ 2; 3 ], input [ 3; 5 ], false, true)),
        [ "MatMul"; "[2, 3]"; "[3, 5] transposed" ]
        "MatMul, rank", (fun () -> Tensor.MatMul(input [ 2; 3 ], input [ 3 ])), [ "MatMul"; "[2, 3]"; "[3]" ]
        "MatMul, batches", (fun () -> Tensor.MatMul(input [ 2; 1; 3 ], input [ 4; 3; 1 ])), [ "MatMul"; "[2]"; "[4]" ]
        "Sum", (fun () -> Tensor.Sum(input [ 2; 3 ], 2)), [ "an axis of [2, 3]"; "2" ]
        "Max", (fun () -> Tensor.Max(input [ 2; 3 ], -3)), [ "an axis of [2, 3]"; "-3" ]
        "Reshape", (fun () -> Tensor.Reshape(input [ 2; 3 ], shape [ 5 ])), [ "Reshape"; "[2, 3]"; "[5]" ]
        "Transpose",
        (fun () -> Tensor.Transpose(input [ 2; 3 ], ReadOnlySpan [| 0; 0 |])),
        [ "Transpose"; "[2, 3]"; "[0, 0]" ]
        "Broadcast, other",
        (fun () -> Tensor.Broadcast(input [ 2; 3 ], shape [ 2; 4 ])),
        [ "Broadcast"; "[2, 3]"; "[2, 4]" ]
        "Broadcast, smaller",
        (fun () -> Tensor.Broadcast(input [ 2; 3 ], shape [ 3 ])),
        [ "Broadcast"; "[2, 3]"; "[3]" ]
        "Concat",
        (fun () -> Tensor.Concat(0, ReadOnlySpan [| input [ 2; 3 ]; input [ 2; 4 ] |])),
        [ "Concat"; "[2, 3]"; "[2, 4]" ]
        "Concat, rank",
        (fun () -> Tensor.Concat(0, ReadOnlySpan [| input [ 2; 3 ]; input [ 3 ] |])),
        [ "Concat"; "[2, 3]"; "[3]" ]
        "Concat, none", (fun () -> Tensor.Concat(0, ReadOnlySpan [||])), [ "Concat"; "at least one" ]
        "Slice", (fun () -> Tensor.Slice(input [ 2; 3 ], 1, 2, 2)), [ "Slice"; "[2, 3]"; "start 2, count 2" ]
        "Pad", (fun () -> Tensor.Pad(input [ 2; 3 ], 1, 2, 4)), [ "Pad"; "[2, 3]"; "extent 4"; "2 zeros" ]
        "Gather", (fun () -> Tensor.Gather(input [ 4; 2 ], input [ 2; 1 ])), [ "Gather"; "[4, 2]"; "[2, 1]" ]
        "ScatterAdd", (fun () -> Tensor.ScatterAdd(input [ 4; 2 ], input [ 3 ], 5)), [ "ScatterAdd"; "[4, 2]"; "[3]" ]
        "RandomUniform",
        (fun () -> Tensor.RandomUniform(input [ 1 ], input [], 0, shape [ 2 ])),
        [ "RandomUniform"; "[1]"; "[]" ]
        "RandomNormal",
        (fun () -> Tensor.RandomNormal(input [], input [ 3 ], 0, shape [ 2 ])),
        [ "RandomNormal"; "[]"; "[3]" ]
        "Shape", (fun () -> input [ 2; 0 ]), [ "shape"; "at least 1"; "[2, 0]" ]
    ]

[<Tests>]
let tests =
    testList "ShapeTests" [
        testCase "shapes that do not fit are refused with both shapes" (fun () ->
            for name, build, parts in mistakes do
                let error = Expect.raises<ArgumentException> (fun () -> build () |> ignore) "build"

                for part in parts do
                    Expect.stringContains error.Message part $"{name}: expected {part} in: {error.Message}")

        testCase "the last axis is axis -1" (fun () ->
            let x = shape [ 2; 3; 4 ]
            Expect.equal (x[-1], x.Axis -1) (4, 2) "x -1, axis of x of -1"
            Expect.equal (x.With(-1, 7)) (shape [ 2; 3; 7 ]) "with of x")

        testCase "shapes are equal by their extents" (fun () ->
            Expect.equal (shape [ 2; 3 ]) (shape [ 2; 3 ]) "shape"
            Expect.notEqual (shape [ 3; 2 ]) (shape [ 2; 3 ]) "shape"
            Expect.notEqual (shape [ 2; 1 ]) (shape [ 2 ]) "shape"
            Expect.equal (shape []) Shape.Scalar "shape"
            Expect.equal ((shape [ 2; 3 ]).GetHashCode()) ((shape [ 2; 3 ]).GetHashCode()) "get hash code of shape")

        testCase "an axis of extent 1 needs no reduction, a whole slice no copy" (fun () ->
            let x = input [ 2; 1 ]

            for same in
                [
                    Tensor.Sum(x, 1)
                    Tensor.Max(x, 1)
                    Tensor.Slice(x, 0, 0, 2)
                    Tensor.Pad(x, 0, 0, 2)
                    Tensor.Reshape(x, x.Shape)
                    Tensor.Broadcast(x, x.Shape)
                ] do
                Expect.isTrue (obj.ReferenceEquals(same, x)) "same is the same object")
    ]
