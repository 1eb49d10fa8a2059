/// Graphs nobody thought of, to hold two ways of computing against each other.
module Iql.Core.Tests.Graph.RandomGraphs

open System
open Expecto
open Iql.Tests
open FsCheck
open FsCheck.FSharp
open Iql.Graph
open Iql.Core.Tests.Graph.Dense

/// Shapes of the inputs x0, x1, …
let shapes: int list list = [ []; [ 1 ]; [ 3 ]; [ 2; 3 ]; [ 1; 3 ]; [ 2; 1 ]; [ 3; 2 ]; [ 2; 2; 3 ] ]

/// Ops of one source; those that need an axis leave a scalar alone. None sees the sign of a zero.
let private unary: (Tensor -> Tensor) list = [
    (~-)
    Tensor.Exp
    Tensor.Log
    Tensor.Sqrt
    Tensor.Square
    Tensor.Abs
    Tensor.Sign
    Tensor.Floor
    Tensor.Relu
    Tensor.Tanh
    Tensor.Sigmoid
    Tensor.Softplus
    Tensor.Sin
    Tensor.Cos
    Tensor.Erf
    Tensor.StopGradient
    (fun x -> x + 0.0)
    (fun x -> x * 1.0)
    (fun x -> x * 0.0)
    (fun x -> 0.0 - x)
    (fun x -> 1.0 * x)
    (fun x -> Tensor.Sum x)
    (fun x -> Tensor.Max x)
    (fun x -> Tensor.Reshape(x, shape [ x.Shape.Count ]))
    (fun x -> Tensor.Reshape(x, shape (1 :: List.ofSeq x.Shape.Extents)))
    (fun x -> Tensor.Reshape(x, shape (List.ofSeq x.Shape.Extents @ [ 1 ])))
    (fun x -> if x.Shape.Count = 1 then Tensor.Reshape(x, shape []) else x)
    (fun x ->
        if x.Shape.Rank < 4 then
            Tensor.Broadcast(x, shape (2 :: List.ofSeq x.Shape.Extents))
        else
            x)
    (fun x -> Tensor.Transpose(x, ReadOnlySpan [| x.Shape.Rank - 1 .. -1 .. 0 |]))
    (fun x ->
        if x.Shape.Rank < 2 then
            x
        else
            Tensor.Transpose(
                x,
                ReadOnlySpan [| yield! [ 0 .. x.Shape.Rank - 3 ]; x.Shape.Rank - 1; x.Shape.Rank - 2 |]
            ))
    (fun x -> if x.Shape.Rank = 0 then x else Tensor.Sum(x, 0))
    (fun x -> if x.Shape.Rank = 0 then x else Tensor.Max(x, -1))
    (fun x -> if x.Shape.Rank = 0 then x else Tensor.Slice(x, 0, x.Shape[0] - 1, 1))
    (fun x -> if x.Shape.Rank = 0 then x else Tensor.Slice(x, -1, 0, max 1 (x.Shape[-1] - 1)))
    (fun x -> if x.Shape.Rank = 0 then x else Tensor.Pad(x, 0, 1, x.Shape[0] + 1))
    (fun x -> if x.Shape.Rank = 0 then x else Tensor.Concat(-1, ReadOnlySpan [| x; x |]))
]

/// Ops of two sources; where the shapes do not fit, the first source.
let private binary: (Tensor -> Tensor -> Tensor) list =
    [
        (fun (x, y) -> x + y)
        (fun (x, y) -> x - y)
        (fun (x, y) -> x * y)
        (fun (x, y) -> x / (1.0 + Tensor.Square y))
        Tensor.Minimum
        Tensor.Maximum
        Tensor.Less
        Tensor.LessOrEqual
        Tensor.Equal
        (fun (x, y) -> Tensor.Where(x, y, x))
        (fun (x, y) -> Tensor.Where(Tensor.Less(x, y), y, y))
        (fun (x, y) -> Tensor.Where(1.0, x, y))
        (fun (x, y) -> x + -y)
        (fun (x, y) -> -x - y)
        Tensor.MatMul
        (fun (x, y) -> Tensor.MatMul(x, y, true))
        (fun (x, y) -> Tensor.MatMul(x, y, false, true))
    ]
    |> List.map (fun op x y ->
        try
            op (x, y)
        with :? ArgumentException ->
            x)

/// A node: an op and how far back its sources lie.
type private Step =
    | Unary of op: int * x: int
    | Binary of op: int * x: int * y: int

let private build (steps: Step list) (results: int) (sources: Tensor list) : Tensor list =
    let leaves = sources @ [ for number in [ 0.0; 1.0; -1.0; 2.0; -0.0 ] -> Tensor.Constant number ]

    (leaves, steps)
    ||> List.fold (fun nodes step ->
        let back i = List.item (i % nodes.Length) nodes

        let node =
            match step with
            | Unary(op, x) -> unary[op](back x)
            | Binary(op, x, y) -> binary[op] (back x) (back y)

        if node.Shape.Count > 200 || node.Shape.Rank > 4 then nodes else node :: nodes)
    |> List.truncate results

let private graphs: Gen<Tensor list -> Tensor list> =
    let back = Gen.frequency [ 2, Gen.choose (0, 3); 1, Gen.choose (0, 40) ]

    let step =
        Gen.oneof [
            Gen.map2 (fun op x -> Unary(op, x)) (Gen.choose (0, unary.Length - 1)) back
            Gen.map3 (fun op x y -> Binary(op, x, y)) (Gen.choose (0, binary.Length - 1)) back back
        ]

    Gen.map2 build (Gen.choose (1, 25) |> Gen.bind (fun count -> Gen.listOfLength count step)) (Gen.choose (1, 4))

/// Numbers for the sources.
let numbers: float[] list =
    shapes
    |> List.mapi (fun i extents -> uniform (Iql.Seed.Named("graphs").Split(uint64 i)) -2.0 2.0 (count extents))

/// Holds something against so many graphs, always the same: functions from sources of these shapes to one result or
/// more.
let testGraphs (graphCount: int) (name: string) (holds: (Tensor list -> Tensor list) -> unit) : Test =
    testSeeded graphCount name (Prop.forAll (Arb.fromGen graphs) holds)
