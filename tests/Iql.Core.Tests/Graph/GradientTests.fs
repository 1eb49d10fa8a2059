module Iql.Core.Tests.Graph.GradientTests

open System
open System.Collections.Immutable
open FsCheck
open FsCheck.FSharp
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Expecto
open Iql.Tests

let private input i extents = Tensor.Input($"x{i}", shape extents)

let private gradient (loss: Tensor) (parameters: Tensor list) = Gradient.Of(loss, List.toArray parameters) |> List.ofSeq

/// The gradient with respect to x0 at the given numbers.
let private slope (numbers: float[]) (f: Tensor -> Tensor) =
    let x = input 0 [ numbers.Length ]
    (evaluate [ numbers ] (gradient (Tensor.Sum(f x)) [ x ])).[0]

/// Functions of three sources of shapes [2, 3], [3] and [3, 2].
let private composites: (string * (Tensor -> Tensor -> Tensor -> Tensor)) list = [
    "layer norm", fun x gain _ -> Tensor.Sum(Tensor.Square(Tensor.LayerNorm(x, gain, gain)))
    "softmax", fun x bias _ -> Tensor.Sum(Tensor.Softmax(x + bias, 1) * x)
    "log of a sum of exponentials", fun x bias _ -> Tensor.Mean(Tensor.LogSumExp(x * bias, 0))
    "gelu", fun x _ _ -> Tensor.Mean(x * (1.0 + Tensor.Erf(x / sqrt 2.0)) * 0.5)
    "network",
    fun x b w -> Tensor.Mean(Tensor.Square(Tensor.MatMul(Tensor.Tanh(Tensor.MatMul(x, w)), w, false, true) + b))
    "attention",
    fun x _ w ->
        Tensor.Sum(
            Tensor.MatMul(
                Tensor.Softmax(Tensor.MatMul(x, x, false, true), 1),
                Tensor.Transpose(w, ReadOnlySpan [| 1; 0 |])
            )
        )
    "normal log-density",
    fun x logStd w ->
        let mean = Tensor.MatMul(w, Tensor.Slice(x, 0, 0, 1), true, true)

        Tensor.Mean(Tensor.Square((Tensor.Slice(x, 1, 0, 1) - mean) / Tensor.Exp logStd) * 0.5 + logStd)
]

let private values name =
    [ 6; 3; 6 ] |> List.mapi (fun i n -> uniform (Iql.Seed.Named(name).Split(uint64 i)) -1.0 1.0 n)

/// Smooth functions of a [2, 3] and a [3], built at random.
let private smooth: Gen<Tensor> =
    let x, b = input 0 [ 2; 3 ], input 1 [ 3 ]

    let unary =
        Gen.elements [
            Tensor.Tanh
            Tensor.Sigmoid
            Tensor.Softplus
            Tensor.Sin
            Tensor.Square
            Tensor.Exp << Tensor.Sin
            Tensor.Erf
            (fun y -> Tensor.Mean(y, 1))
            (fun y -> Tensor.Sum(y, 0))
        ]

    let binary: Gen<Tensor -> Tensor -> Tensor> =
        Gen.elements [
            (fun y z -> y + z)
            (fun y z -> y - z)
            (fun y z -> y * z)
            (fun y z -> y / (1.5 + Tensor.Sin z))
        ]

    let rec tree depth =
        if depth = 0 then
            Gen.elements [ x; b + x * 0.0; Tensor.Broadcast(b, shape [ 2; 3 ]) ]
        else
            Gen.oneof [
                Gen.map2 (<|) unary (tree (depth - 1))
                Gen.map3 (fun f y z -> f y z) binary (tree (depth - 1)) (tree (depth - 1))
            ]

    Gen.choose (1, 4) |> Gen.bind tree |> Gen.map Tensor.Mean

[<Tests>]
let tests =
    testList "GradientTests" [
        testCase "a loss has to be a scalar" (fun () ->
            let x = input 0 [ 2; 3 ]

            let error = Expect.raises<ArgumentException> (fun () -> gradient (x * 2.0) [ x ] |> ignore) "gradient"

            Expect.stringContains error.Message "[2, 3]" "message of error"
            Expect.stringContains error.Message "Tensor.Mean" "message of error")

        testCase "a parameter the loss does not need has zeros of its shape" (fun () ->
            let x, y, z = input 0 [ 2 ], input 1 [ 2; 3 ], input 2 []
            let found = gradient (Tensor.Sum x) [ y; x; z ]
            Expect.equal found[0].Shape y.Shape "shape of found 0"
            let values = evaluate [] (found)
            Expect.equal (List.ofArray values) [ Array.zeroCreate 6; [| 1.0; 1.0 |]; [| 0.0 |] ] "values")

        testCase "the loss has gradient 1 with respect to itself" (fun () ->
            let loss = Tensor.Sum(input 0 [ 2 ])
            Expect.equal (evaluate [] (gradient loss [ loss ])).[0] [| 1.0 |] "evaluate 0")

        testCase "a parameter may be an intermediate node, together with what it came from" (fun () ->
            let x = input 0 [ 3 ]
            let h = Tensor.Tanh x
            let loss = Tensor.Sum(Tensor.Square h * x)
            let values = [ [| 0.3; -0.7; 1.2 |] ]

            match evaluate values (gradient loss [ h; x; h ]) with
            | [| dh; dx; again |] ->
                near 1e-14 "dh" (values[0] |> Array.map (fun x -> 2.0 * tanh x * x)) dh
                near 1e-8 "dx" (differences 1e-5 values loss 0) dx
                Expect.equal again dh "again"
            | _ -> failtest "three gradients")

        testCase "a node used several times gathers every use" (fun () ->
            near 1e-14 "x·x·x + x" [| 13.0 |] (slope [| 2.0 |] (fun x -> x * x * x + x)))

        testCase "an input is the same input by its name" (fun () ->
            let loss = Tensor.Sum(input 0 [ 2 ] * 3.0 + input 0 [ 2 ])
            Expect.equal (evaluate [] (gradient loss [ input 0 [ 2 ] ])).[0] [| 4.0; 4.0 |] "evaluate 0")

        testCase "only the way to a named parameter is differentiated" (fun () ->
            let x, z = input 0 [ 2 ], input 1 [ 2 ]
            let strange = Tensor(enum<Op> 999, ImmutableArray.Create z, shape [ 2 ])

            Expect.equal
                ((gradient (Tensor.Sum(x * strange)) [ x ])[0]
                 |> fun dx -> Order.Of [ dx ] |> Seq.find (fun node -> node.Op = enum 999))
                strange
                "gradient"

            let error =
                Expect.raises<NotSupportedException>
                    (fun () -> gradient (Tensor.Sum(x * strange)) [ z ] |> ignore)
                    "gradient"

            Expect.stringContains
                error.Message
                "has no gradient rule; add one line to Gradient.Rule"
                "message of error"
            // Behind a StopGradient nothing is differentiated either.
            gradient (Tensor.Sum(x * Tensor.StopGradient strange)) [ z ] |> ignore)

        testCase "nothing behind StopGradient learns" (fun () ->
            near 0.0 "x · stop(x)" [| 3.0 |] (slope [| 3.0 |] (fun x -> x * Tensor.StopGradient x)))

        testCase "clip passes its gradient inside and at its bounds, none outside" (fun () ->
            near
                0.0
                "Clip"
                [| 0.0; 1.0; 1.0; 1.0; 0.0 |]
                (slope [| -6.0; -5.0; 0.0; 2.0; 2.5 |] (fun x -> Tensor.Clip(x, -5.0, 2.0))))

        testCase "a tie of two gives its gradient to the first" (fun () ->
            let x, y = input 0 [ 3 ], input 1 [ 3 ]

            for op in [ Tensor.Minimum; Tensor.Maximum ] do
                match
                    evaluate [ [| 1.0; 2.0; 3.0 |]; [| 1.0; 2.0; 3.0 |] ] (gradient (Tensor.Sum(op (x, y))) [ x; y ])
                with
                | [| dx; dy |] -> Expect.equal (dx, dy) (Array.create 3 1.0, Array.zeroCreate 3) "dx, dy"
                | _ -> failtest "two gradients")

        testCase "ties of a maximum over an axis share its gradient" (fun () ->
            near 1e-15 "Max" [| 0.0; 0.5; 0.5; 0.0 |] (slope [| 1.0; 4.0; 4.0; 3.0 |] (fun x -> Tensor.Max(x, 0))))

        testCase "kinks at 0 have gradient 0" (fun () ->
            for name, f in [ "Relu", Tensor.Relu; "Abs", Tensor.Abs; "Sign", Tensor.Sign; "Floor", Tensor.Floor ] do
                near 0.0 name [| 0.0 |] (slope [| 0.0 |] f))

        testCase "a NaN in the branch not taken stays there" (fun () ->
            let mask = input 1 [ 2 ]

            let choose (f: Tensor -> Tensor) =
                let x = input 0 [ 2 ]
                (evaluate [ [| -1.0; 4.0 |]; [| 0.0; 1.0 |] ] (gradient (Tensor.Sum(f x)) [ x ])).[0]

            near
                1e-15
                "Where"
                [| 1.0; 1.0 |]
                (choose (fun x -> Tensor.Where(mask, Tensor.StopGradient(Tensor.Log x) + x, x)))

            near 1e-15 "Relu" [| 0.0; 0.25 |] (choose (fun x -> Tensor.Log(Tensor.Where(mask, Tensor.Relu x, 1.0)))))

        testCase "saturated functions have finite gradients" (fun () ->
            let far = [| -1e4; -800.0; 800.0; 1e4 |]
            near 1e-15 "Sigmoid" [| 0.0; 0.0; 0.0; 0.0 |] (slope far Tensor.Sigmoid)
            near 1e-15 "Tanh" [| 0.0; 0.0; 0.0; 0.0 |] (slope far Tensor.Tanh)
            near 1e-15 "Softplus" [| 0.0; 0.0; 1.0; 1.0 |] (slope far Tensor.Softplus)
            near 1e-15 "Erf" [| 0.0; 0.0; 0.0; 0.0 |] (slope far Tensor.Erf))

        testCase "a softmax of huge numbers has finite gradients" (fun () ->
            near
                1e-15
                "LogSumExp"
                [| 0.5; 0.5; 0.0 |]
                (slope [| 1e300; 1e300; -1e300 |] (fun x -> Tensor.LogSumExp(x, 0)))

            near
                1e-15
                "Softmax"
                [| 0.25; -0.25; 0.0 |]
                (slope [| 1e5; 1e5; -1e5 |] (fun x -> Tensor.Slice(Tensor.Softmax(x, 0), 0, 0, 1))))

        testCase "composites have the gradient of their differences" (fun () ->
            let x, b, w = input 0 [ 2; 3 ], input 1 [ 3 ], input 2 [ 3; 2 ]

            for name, f in composites do
                let loss = f x b w
                let actual = evaluate (values name) (gradient loss [ x; b; w ])

                for i in 0..2 do
                    near 1e-8 $"{name}, source {i}" (differences 1e-5 (values name) loss i) actual[i])

        testCase "a gradient can be differentiated again" (fun () ->
            let sources = [ input 0 [ 2; 3 ]; input 1 [ 3 ]; input 2 [ 3; 2 ] ]

            for name, f in composites do
                let slopes = gradient (f sources[0] sources[1] sources[2]) sources
                // Some direction of the gradient, and how it moves.
                let along = slopes |> List.map (fun dx -> Tensor.Sum(Tensor.Sin(dx * 3.0))) |> List.reduce (+)

                let actual = evaluate (values name) (gradient along sources)

                for i in 0..2 do
                    near 1e-7 $"{name}, source {i}" (differences 1e-5 (values name) along i) actual[i])

        testCase "a product's gradients are products whose transposes are flags" (fun () ->
            for transposedX in [ false; true ] do
                for transposedY in [ false; true ] do
                    let x = input 0 (if transposedX then [ 3; 2 ] else [ 2; 3 ])
                    let w = input 1 (if transposedY then [ 4; 3 ] else [ 3; 4 ])

                    let found =
                        gradient (Tensor.Sum(Tensor.Tanh(Tensor.MatMul(x, w, transposedX, transposedY)))) [ x; w ]

                    for dx in found do
                        Expect.equal dx.Op Op.MatMul "op of dx"

                    Expect.none (Order.Of found) (fun node -> node.Op = Op.Transpose) "found"

                    if not transposedX && not transposedY then
                        Expect.sequenceEqual found[0].Integers [ 0; 1 ] "integers of found 0"
                        Expect.sequenceEqual found[1].Integers [ 1; 0 ] "integers of found 1")

        testCase "one matrix for a whole batch gets its gradient from one product" (fun () ->
            for one in [ [ 4; 5 ]; [ 1; 4; 5 ] ] do
                let x, w = input 0 [ 2; 3; 4 ], input 1 one
                let dw = (gradient (Tensor.Sum(Tensor.Tanh(Tensor.MatMul(x, w)))) [ w ])[0]
                let product = Order.Of [ dw ] |> Seq.findBack (fun node -> node.Op = Op.MatMul)
                Expect.equal product.Sources[0].Shape (shape [ 6; 4 ]) "shape of source 0 of product")

        testCase "the gradient of a long chain is found" (fun () ->
            let x = input 0 []
            let long = (x, [ 1..20_000 ]) ||> List.fold (fun y _ -> y + 1.0)
            Expect.equal (evaluate [] (gradient long [ x ])).[0] [| 1.0 |] "evaluate 0")

        testSeeded
            100
            "random functions have the gradient of their differences"
            (let holds (loss: Tensor) =
                let sources = [ input 0 [ 2; 3 ]; input 1 [ 3 ] ]
                let numbers = values "random" |> List.take 2
                let actual = evaluate numbers (gradient loss sources)

                for i in 0..1 do
                    near 1e-6 $"source {i}" (differences 1e-5 numbers loss i) actual[i]

             Prop.forAll (Arb.fromGen smooth) holds)
    ]
