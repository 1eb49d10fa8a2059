module Iql.Core.Tests.Graph.InterpreterTests

open System
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Expecto
open Iql.Tests

let private inf = infinity

/// Edge values of every elementwise op: sources, result.
let private edges = [
    Op.Negate, [ [ 0.0 ], -0.0; [ inf ], -inf; [ nan ], nan ]
    Op.Exp, [ [ 0.0 ], 1.0; [ -inf ], 0.0; [ 710.0 ], inf; [ -746.0 ], 0.0; [ nan ], nan ]
    Op.Log, [ [ 0.0 ], -inf; [ 1.0 ], 0.0; [ -1.0 ], nan; [ inf ], inf; [ nan ], nan ]
    Op.Sqrt, [ [ 0.0 ], 0.0; [ -1.0 ], nan; [ inf ], inf; [ nan ], nan ]
    Op.Square, [ [ -inf ], inf; [ 1e200 ], inf; [ nan ], nan ]
    Op.Reciprocal, [ [ 0.0 ], inf; [ -0.0 ], -inf; [ inf ], 0.0; [ nan ], nan ]
    Op.Abs, [ [ -0.0 ], 0.0; [ -inf ], inf; [ nan ], nan ]
    Op.Sign, [ [ -3.0 ], -1.0; [ 0.0 ], 0.0; [ 1e-300 ], 1.0; [ -inf ], -1.0; [ nan ], nan ]
    Op.Floor, [ [ -0.5 ], -1.0; [ 2.0 ], 2.0; [ -inf ], -inf; [ nan ], nan ]
    Op.Relu, [ [ -1.0 ], 0.0; [ 0.0 ], 0.0; [ inf ], inf; [ -inf ], 0.0; [ nan ], nan ]
    Op.Tanh, [ [ 0.0 ], 0.0; [ 1000.0 ], 1.0; [ -inf ], -1.0; [ nan ], nan ]
    Op.Sigmoid,
    [
        [ 0.0 ], 0.5
        [ 1000.0 ], 1.0
        [ -1000.0 ], 0.0
        [ -inf ], 0.0
        [ inf ], 1.0
        [ -700.0 ], exp -700.0
        [ nan ], nan
    ]
    Op.Softplus,
    [
        [ 0.0 ], log 2.0
        [ 1000.0 ], 1000.0
        [ -700.0 ], exp -700.0
        [ -inf ], 0.0
        [ inf ], inf
        [ nan ], nan
    ]
    Op.Sin, [ [ 0.0 ], 0.0; [ inf ], nan; [ nan ], nan ]
    Op.Cos, [ [ 0.0 ], 1.0; [ inf ], nan; [ nan ], nan ]
    Op.Erf, [ [ 0.0 ], 0.0; [ inf ], 1.0; [ -inf ], -1.0; [ 1e-300 ], 1.1283791670955126e-300; [ nan ], nan ]
    Op.StopGradient, [ [ -0.0 ], -0.0; [ inf ], inf; [ nan ], nan ]
    Op.Add, [ [ inf; -inf ], nan; [ nan; 1.0 ], nan; [ -0.0; 0.0 ], 0.0 ]
    Op.Subtract, [ [ inf; inf ], nan; [ 1.0; nan ], nan ]
    Op.Multiply, [ [ 0.0; inf ], nan; [ 0.0; nan ], nan; [ -2.0; inf ], -inf ]
    Op.Divide, [ [ 1.0; 0.0 ], inf; [ 0.0; 0.0 ], nan; [ inf; inf ], nan; [ 1.0; -inf ], -0.0 ]
    Op.Minimum, [ [ nan; 1.0 ], nan; [ 1.0; nan ], nan; [ -inf; inf ], -inf; [ 2.0; 1.0 ], 1.0 ]
    Op.Maximum, [ [ nan; 1.0 ], nan; [ 1.0; nan ], nan; [ -inf; inf ], inf; [ 2.0; 1.0 ], 2.0 ]
    Op.Less, [ [ nan; 1.0 ], 0.0; [ 1.0; nan ], 0.0; [ 1.0; 1.0 ], 0.0; [ -inf; inf ], 1.0 ]
    Op.LessOrEqual, [ [ nan; nan ], 0.0; [ 1.0; nan ], 0.0; [ 1.0; 1.0 ], 1.0; [ inf; -inf ], 0.0 ]
    Op.Equal, [ [ nan; nan ], 0.0; [ 0.0; -0.0 ], 1.0; [ inf; inf ], 1.0; [ inf; -inf ], 0.0 ]
    Op.Where,
    [
        [ 0.0; 1.0; 2.0 ], 2.0
        [ -0.0; 1.0; 2.0 ], 2.0
        [ nan; 1.0; 2.0 ], 1.0
        [ -5.0; 1.0; nan ], 1.0
        [ 0.0; nan; 2.0 ], 2.0
    ]
]

let private apply op (sources: float list) =
    match sources with
    | [ x ] -> Interpreter.Apply(op, x)
    | [ x; y ] -> Interpreter.Apply(op, x, y)
    | _ -> Interpreter.Apply(op, sources[0], sources[1], sources[2])

/// From CPython's math.erf (the C library's), 17 digits.
let private errorFunction = [
    1e-10, 1.1283791670955126e-10
    0.1, 0.1124629160182849
    0.5, 0.5204998778130465
    1.0, 0.8427007929497149
    1.5, 0.9661051464753108
    1.9999999, 0.9953222629522538
    2.0, 0.9953222650189527
    2.0000001, 0.9953222670856509
    2.5, 0.999593047982555
    3.0, 0.9999779095030014
    4.0, 0.9999999845827421
    5.5, 0.9999999999999927
    6.5, 1.0
]

let private message (body: unit -> unit) = (Expect.raises<ArgumentException> body "the refusal").Message

let private mentions (parts: string list) (message: string) =
    for part in parts do
        Expect.stringContains message part "message"

[<Tests>]
let tests =
    testList "InterpreterTests" [
        testCase "every elementwise op has its edge values" (fun () ->
            Expect.sequenceEqual
                (edges |> List.map fst)
                (Enum.GetValues<Op>() |> Array.filter Ops.IsElementwise)
                "edges"

            for op, cases in edges do
                for sources, expected in cases do
                    near 1e-15 $"{op} {sources}" [| expected |] [| apply op sources |]
                    let zeroSign x = x = 0.0 && Double.IsNegative x
                    Expect.equal (zeroSign (apply op sources)) (zeroSign expected) "zero sign")

        testCase "an op that is not elementwise has no number" (fun () ->
            let error =
                Expect.raises<NotSupportedException>
                    (fun () -> Interpreter.Apply(Op.MatMul, 1.0, 2.0) |> ignore)
                    "apply"

            Expect.stringContains error.Message "MatMul" "message of error")

        testCase "the error function is right to 1e-15 and odd" (fun () ->
            for x, expected in errorFunction do
                Expect.isTrue (abs (Interpreter.Apply(Op.Erf, x) / expected - 1.0) < 1e-15) $"erf {x}"
                Expect.equal (Interpreter.Apply(Op.Erf, -x)) (-Interpreter.Apply(Op.Erf, x)) "apply")

        testCase "softplus keeps its small numbers" (fun () ->
            for x in [ -40.0; -30.0; -20.0; -10.0 ] do
                // ln(1 + e) = e − e²/2 + e³/3 …
                let e = exp x

                near 1e-15 $"softplus {x}" [| 1.0 |] [|
                    Interpreter.Apply(Op.Softplus, x) / (e - e * e / 2.0 + e ** 3.0 / 3.0 - e ** 4.0 / 4.0)
                |])

        testCase "NaN wins a maximum over an axis" (fun () ->
            let x = Tensor.Input("x0", shape [ 2; 3 ])

            let values = evaluate [ [| 1.0; nan; 5.0; -inf; -7.0; -9.0 |] ] [ Tensor.Max(x, 1); Tensor.Min x ]

            near 0.0 "Max" [| nan; -7.0 |] values[0]
            near 0.0 "Min" [| nan |] values[1])

        testCase "Sum adds in the order of the axis" (fun () ->
            let x = Tensor.Input("x0", shape [ 4 ])
            near 0.0 "Sum" [| 1.0 |] (evaluate [ [| 1e100; 1.0; -1e100; 1.0 |] ] [ Tensor.Sum(x, 0) ]).[0])

        testCase "a node is evaluated once, however many need it" (fun () ->
            let doubled = (Tensor.Input("x0", shape [ 1 ]), [ 1..1000 ]) ||> List.fold (fun x _ -> (x + x) * 0.5)

            near 0.0 "x" [| 3.0 |] (evaluate [ [| 3.0 |] ] [ doubled ]).[0])

        testCase "a chain may be of any length" (fun () ->
            let long = (Tensor.Input("x0", shape []), [ 1..100_000 ]) ||> List.fold (fun x _ -> x + 1.0)

            near 0.0 "x" [| 100_000.0 |] (evaluate [ [| 0.0 |] ] [ long ]).[0])

        testCase "results are arrays of their own" (fun () ->
            let x = Tensor.Input("x0", shape [ 2 ])
            let numbers = [| 1.0; 2.0 |]
            let results = evaluate [ numbers ] [ x; x ]
            results[0][0] <- 9.0
            Expect.equal numbers [| 1.0; 2.0 |] "numbers"
            Expect.equal results[1] [| 1.0; 2.0 |] "result 1")

        testCase "a missing input is named with its shape" (fun () ->
            let y = Tensor.Input("policy/w0", shape [ 2; 3 ]) * 2.0

            message (fun () -> evaluate [ [| 1.0 |] ] [ y ] |> ignore)
            |> mentions [ "policy/w0"; "[2, 3]"; "x0" ]

            message (fun () -> evaluate [] [ y ] |> ignore) |> mentions [ "policy/w0"; "[2, 3]" ])

        testCase "an input of another length is named with its shape" (fun () ->
            let y = Tensor.Input("x0", shape [ 2; 3 ]) * 2.0

            message (fun () -> evaluate [ [| 1.0; 2.0 |] ] [ y ] |> ignore)
            |> mentions [ "x0"; "[2, 3]"; "6 numbers"; "got 2" ])

        testRows "an index that is no row is refused" [ 4.0; -1.0; 0.5; Double.NaN ] (fun (index: float) ->
            let table, indices = Tensor.Input("x0", shape [ 4; 2 ]), Tensor.Input("x1", shape [ 2 ])

            for y in [ Tensor.Gather(table, indices); Tensor.ScatterAdd(Tensor.Slice(table, 0, 0, 2), indices, 4) ] do
                message (fun () -> evaluate [ Array.zeroCreate 8; [| 0.0; index |] ] [ y ] |> ignore)
                |> mentions [ y.Op.ToString(); "from 0 to 3"; "index 1"; FormattableString.Invariant $"got {index}" ])

        testCase "random numbers depend on seed, counter and stream and on nothing else" (fun () ->
            let seed, counter = Tensor.Input("x0", shape []), Tensor.Input("x1", shape [])

            let uniform stream = Tensor.RandomUniform(seed, counter, stream, shape [ 2; 3 ])

            let draw seed counter = evaluate [ [| seed |]; [| counter |] ] [ uniform 0; uniform 1; uniform 0 ]

            let first = draw 5.0 7.0
            Expect.equal first[2] first[0] "first 2"
            Expect.equal ((draw 5.0 7.0)[0]) first[0] "draw 5.0 7.0"

            for other in [ first[1]; (draw 6.0 7.0)[0]; (draw 5.0 8.0)[0] ] do
                Expect.isEmpty (Set.intersect (set first[0]) (set other)) "other")

        testCase "huge inputs do not overflow a softmax" (fun () ->
            let x = Tensor.Input("x0", shape [ 2; 3 ])

            let values =
                evaluate [ [| 1e300; 1e300; -1e300; -1e4; -1e4 + 1.0; -2e4 |] ] [
                    Tensor.LogSumExp(x, 1)
                    Tensor.Softmax(x, 1)
                ]

            near 1e-15 "LogSumExp" [| 1e300 + log 2.0; -1e4 + log (1.0 + exp 1.0) |] values[0]
            near 1e-15 "Softmax" [| 0.5; 0.5; 0.0; 1.0 / (1.0 + exp 1.0); exp 1.0 / (1.0 + exp 1.0); 0.0 |] values[1])

        testCase "layer norm has mean 0 and variance 1, however large its input" (fun () ->
            let x, gain, bias =
                Tensor.Input("x0", shape [ 2; 4 ]), Tensor.Input("x1", shape [ 4 ]), Tensor.Input("x2", shape [ 4 ])

            let y = Tensor.LayerNorm(x, gain, bias)
            let ones, zeros = Array.create 4 1.0, Array.zeroCreate 4

            let values = (evaluate [ [| 1e8; 2e8; 3e8; 4e8; -3.0; -1.0; 1.0; 3.0 |]; ones; zeros ] [ y ]).[0]

            let unit = [| -3.0; -1.0; 1.0; 3.0 |] |> Array.map (fun u -> u / sqrt 5.0)
            near 1e-12 "first row" unit values[0..3]
            near 1e-5 "second row" unit values[4..7])
    ]
