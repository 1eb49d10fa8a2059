/// Graphs nobody thought of, to hold two ways of computing against each other.
module Iql.Core.Tests.Graph.RandomGraphs

open System
open FsCheck
open FsCheck.FSharp
open Iql.Graph
open Iql.Core.Tests.Graph.Dense

/// Shapes of the inputs x0, x1, …
let shapes: int list list = [ []; [ 1 ]; [ 3 ]; [ 2; 3 ]; [ 1; 3 ]; [ 2; 1 ]; [ 3; 2 ]; [ 2; 2; 3 ] ]

/// Random graphs over all ops but those that see the sign of a zero (division by anything that may be 0) or need indices.
let private graphs: Gen<Tensor list> =
    let leaves = [
        yield! inputs shapes
        for number in [ 0.0; 1.0; -1.0; 2.0; -0.0 ] do
            Tensor.Constant number
    ]

    let unary: (Tensor -> Tensor) list = [
        (~-)
        Tensor.Exp
        Tensor.Log
        Tensor.Sqrt
        Tensor.Square
        Tensor.Abs
        Tensor.Sign
        Tensor.Floor
        Tensor.Rectify
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
        (fun x ->
            if x.Shape.Rank = 0 then
                x
            else
                Tensor.Slice(x, 0, x.Shape[0] - 1, 1))
        (fun x ->
            if x.Shape.Rank = 0 then
                x
            else
                Tensor.Slice(x, -1, 0, max 1 (x.Shape[-1] - 1)))
        (fun x ->
            if x.Shape.Rank = 0 then
                x
            else
                Tensor.Pad(x, 0, 1, x.Shape[0] + 1))
        (fun x ->
            if x.Shape.Rank = 0 then
                x
            else
                Tensor.Concat(-1, ReadOnlySpan [| x; x |]))
    ]

    let attempt (op: Tensor * Tensor -> Tensor) (x: Tensor) (y: Tensor) =
        try
            op (x, y)
        with :? ArgumentException ->
            x

    let binary =
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
        |> List.map attempt

    let step (nodes: Tensor list) =
        let recent =
            Gen.frequency [ 2, Gen.elements (List.truncate 4 nodes); 1, Gen.elements nodes ]

        Gen.oneof [
            Gen.map2 (<|) (Gen.elements unary) recent
            Gen.map3 (fun f x y -> f x y) (Gen.elements binary) recent recent
        ]
        |> Gen.map (fun node ->
            if node.Shape.Count > 200 || node.Shape.Rank > 4 then
                nodes
            else
                node :: nodes)

    gen {
        let! count = Gen.choose (1, 25)

        let! nodes =
            (Gen.constant leaves, [ 1..count ])
            ||> List.fold (fun nodes _ -> Gen.bind step nodes)

        return! Gen.choose (1, 4) |> Gen.map (fun results -> List.truncate results nodes)
    }

/// Numbers for x0, x1, …
let numbers: float[] list =
    shapes
    |> List.mapi (fun i extents -> uniform (Iql.Seed.Named("graphs").Split(uint64 i)) -2.0 2.0 (count extents))

/// Holds something against 500 graphs, always the same.
let forAll (holds: Tensor list -> unit) : unit =
    let config =
        Config.QuickThrowOnFailure
            .WithMaxTest(500)
            .WithQuietOnSuccess(true)
            .WithReplay(Some { Rnd = Rnd(1UL, 3UL); Size = None })

    Check.One(config, Prop.forAll (Arb.fromGen graphs) holds)
