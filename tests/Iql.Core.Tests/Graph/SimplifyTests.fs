module Iql.Core.Tests.Graph.SimplifyTests

open System
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Graph.RandomGraphs
open Expecto
open Iql.Tests

let private input i extents = Tensor.Input($"x{i}", shape extents)

let private simplify (results: Tensor list) = Simplify.Apply(List.toArray results) |> List.ofSeq

/// A graph as text, the same for the same structure.
let rec private text (x: Tensor) : string =
    let sources = x.Sources |> Seq.map text |> if x.Op.IsCommutative() then Seq.sort else id

    match x.Op with
    | Op.Input -> x.Name
    | Op.Constant -> FormattableString.Invariant $"{x.Number}"
    | _ -> $"""{x.Op}{String.Join(",", x.Integers)}{x.Shape}({String.concat ", " sources})"""

let private s, t, u, x, v, w =
    input 0 [], input 1 [], input 2 [ 1 ], input 3 [ 2; 3 ], input 4 [ 3 ], input 5 [ 3; 2 ]

let private outer, cube = input 6 [ 1; 1; 3 ], input 7 [ 2; 2; 3 ]

let private turn (x: Tensor) = Tensor.Transpose(x, ReadOnlySpan [| 1; 0 |])

/// A graph and what it becomes.
let private rules: (string * Tensor * Tensor) list = [
    "numbers are folded", Tensor.Constant 2.0 * 3.0 + Tensor.Exp(Tensor.Constant 0.0), Tensor.Constant 7.0
    "x + 0", x + 0.0, x
    "0 + x", 0.0 + x, x
    "x - 0", x - 0.0, x
    "0 - x", 0.0 - x, -x
    "x * 1", x * 1.0, x
    "1 * x", 1.0 * x, x
    "x * -1", x * -1.0, -x
    "x / 1", x / 1.0, x
    "x * 0 may be NaN", x * 0.0, x * 0.0
    "zeros of a larger shape still stretch",
    v + Tensor.Broadcast(0.0, shape [ 2; 3 ]),
    Tensor.Broadcast(v, shape [ 2; 3 ])
    "-(-x)", -(-x), x
    "x + -y", x + -v, x - v
    "-x + y", -x + v, v - x
    "x - -y", x - -v, x + v
    "x * x", x * x, Tensor.Square x
    "minimum of one", Tensor.Minimum(x, x), x
    "a known condition", Tensor.Where(1.0, x, v), x
    "a known condition stretches", Tensor.Where(0.0, x, v), Tensor.Broadcast(v, shape [ 2; 3 ])
    "the same on both sides", Tensor.Where(x, v, v), Tensor.Broadcast(v, shape [ 2; 3 ])
    "stop gradient", Tensor.StopGradient x, x
    "a reshape of a reshape",
    Tensor.Reshape(Tensor.Reshape(x, shape [ 6 ]), shape [ 3; 2 ]),
    Tensor.Reshape(x, shape [ 3; 2 ])
    "a reshape and back", Tensor.Reshape(Tensor.Reshape(x, shape [ 6 ]), shape [ 2; 3 ]), x
    "[1] to [] stays", Tensor.Reshape(u, shape []), Tensor.Reshape(u, shape [])
    "[1] to [] stays as a factor", x * Tensor.Reshape(u, shape []), x * Tensor.Reshape(u, shape [])
    "a transpose and back", turn (turn x), x
    "a product of a transpose", Tensor.MatMul(turn x, turn w), Tensor.MatMul(x, w, true, true)
    "a product that turns a transpose", Tensor.MatMul(x, turn x, false, false), Tensor.MatMul(x, x, false, true)
    "a stretched source", x + Tensor.Broadcast(v, shape [ 2; 3 ]), x + v
    "a stretched scalar", x * Tensor.Broadcast(Tensor.Reshape(s, shape [ 1 ]), shape [ 2; 3 ]), x * s
    "a source with outer axes of 1", x + Tensor.Reshape(v, shape [ 1; 3 ]), x + v
    "but never to another shape", v + Tensor.Reshape(v, shape [ 1; 3 ]), v + Tensor.Reshape(v, shape [ 1; 3 ])
    "numbers that are all equal",
    -Tensor.Broadcast(s, shape [ 2; 3 ]) * Tensor.Broadcast(t, shape [ 3 ]),
    Tensor.Broadcast(-s * t, shape [ 2; 3 ])
    "a function of what is stretched",
    Tensor.Exp(Tensor.Broadcast(v, shape [ 2; 3 ])),
    Tensor.Broadcast(Tensor.Exp v, shape [ 2; 3 ])
    "moving numbers that are all equal",
    Tensor.Reshape(Tensor.Broadcast(s, shape [ 6 ]), shape [ 2; 3 ]),
    Tensor.Broadcast(s, shape [ 2; 3 ])
    "a stretch of a stretch",
    Tensor.Broadcast(Tensor.Broadcast(v, shape [ 1; 3 ]), shape [ 2; 3 ]),
    Tensor.Broadcast(v, shape [ 2; 3 ])
    "a stretch cannot drop an axis",
    Tensor.Broadcast(Tensor.Reshape(outer, shape [ 3 ]), shape [ 2; 3 ]),
    Tensor.Broadcast(Tensor.Reshape(outer, shape [ 3 ]), shape [ 2; 3 ])
    "a transpose of a transpose",
    Tensor.Transpose(Tensor.Transpose(cube, ReadOnlySpan [| 1; 2; 0 |]), ReadOnlySpan [| 0; 2; 1 |]),
    Tensor.Transpose(cube, ReadOnlySpan [| 1; 0; 2 |])
    "a slice of a slice", Tensor.Slice(Tensor.Slice(x, 1, 1, 2), 1, 1, 1), Tensor.Slice(x, 1, 2, 1)
    "one part", Tensor.Concat(0, ReadOnlySpan [| x |]), x
]

[<Tests>]
let tests =
    testList "SimplifyTests" [
        testCase "each rule gives what it says" (fun () ->
            for name, graph, expected in rules do
                Expect.equal (name, simplify [ graph ] |> List.head |> text) (name, text expected) "name, text")

        testCase "equal expressions are one node" (fun () ->
            let twice () = Tensor.Tanh(Tensor.MatMul(input 3 [ 2; 3 ], input 5 [ 3; 2 ]) * 2.0)

            match simplify [ twice () + 1.0; 1.0 + twice (); twice () - 1.0 ] with
            | [ a; b; c ] ->
                Expect.isTrue (obj.ReferenceEquals(b, a)) "b is the same object"
                Expect.isTrue (obj.ReferenceEquals(c.Sources[0], a.Sources[0])) "source 0 of c is the same object"
            | _ -> failtest "three results")

        testCase "nodes that differ in one attribute stay two" (fun () ->
            let random stream = Tensor.RandomUniform(s, t, stream, shape [ 2 ])

            for a, b in
                [
                    Tensor.Sum(x, 0), Tensor.Sum(x, 1)
                    random 0, random 1
                    Tensor.Slice(v, 0, 0, 1), Tensor.Slice(v, 0, 1, 1)
                    s - t, t - s
                    Tensor.Constant 0.0, Tensor.Constant -0.0
                    input 0 [ 2 ], input 1 [ 2 ]
                ] do
                match simplify [ a; b ] with
                | [ a; b ] -> Expect.isFalse (obj.ReferenceEquals(b, a)) "b is another object"
                | _ -> failtest "two results")

        testCase "results keep their order and number" (fun () ->
            match simplify [ x; s; x; x + 0.0 ] with
            | [ a; b; c; d ] ->
                for result in [ a; c; d ] do
                    Expect.isTrue (obj.ReferenceEquals(result, x)) "result is the same object"

                Expect.isTrue (obj.ReferenceEquals(b, s)) "b is the same object"
            | other -> failtest $"4 results, got {other.Length}"

            Expect.isEmpty (simplify []) "simplify")

        testCase "a long chain is simplified" (fun () ->
            let long = (s, [ 1..100_000 ]) ||> List.fold (fun y _ -> Tensor.Tanh y + 0.0)
            Expect.equal (Order.Of(simplify [ long ])).Count 100_001 "count of simplify")

        testGraphs 500 "random graphs keep every bit of their results, but for the sign of a zero" (fun build ->
            let results = build (inputs shapes)
            let simple = simplify results
            Expect.equal (simple |> List.map _.Shape) (results |> List.map _.Shape) "simple"

            for name, special in
                [
                    "numbers", id
                    "zeros", (fun _ -> 0.0)
                    "infinities", (fun x -> if x > 0.0 then infinity else x)
                    "NaN", (fun x -> if x > 1.0 then nan else x)
                ] do
                let numbers = numbers |> List.map (Array.map special)

                for before, after in Seq.zip (evaluate numbers results) (evaluate numbers simple) do
                    near 0.0 name before after)

        testGraphs 500 "simplifying again changes nothing" (fun build ->
            let results = build (inputs shapes)
            Expect.equal (simplify (simplify results) |> List.map text) (simplify results |> List.map text) "simplify")

        testGraphs 500 "what a result becomes does not depend on the others" (fun build ->
            let results = build (inputs shapes)

            Expect.equal
                (simplify results |> List.map text)
                (results |> List.map (fun result -> simplify [ result ] |> List.head |> text))
                "simplify of results")

        testCase "a network's gradient needs no transpose, no reshape of a matrix and no stretched copy" (fun () ->
            let observations, weights, bias, last =
                input 0 [ 8; 3 ], input 1 [ 3; 4 ], input 2 [ 4 ], input 3 [ 4; 1 ]

            let hidden = Tensor.Relu(Tensor.MatMul(observations, weights) + bias)
            let values = Tensor.Reshape(Tensor.MatMul(hidden, last), shape [ 8 ])
            let loss = Tensor.Mean(Tensor.Square values)
            let gradients = Gradient.Of(loss, [| weights; bias; last |]) |> List.ofSeq
            let simple = Order.Of(simplify gradients)
            Expect.none simple (fun node -> node.Op = Op.Transpose || node.Op = Op.Broadcast) "simple"

            for node in simple |> Seq.filter (fun node -> node.Op = Op.Reshape) do
                Expect.isTrue (node.Shape.Rank = 1 || node.Shape[-1] = 1) (string node))
    ]
